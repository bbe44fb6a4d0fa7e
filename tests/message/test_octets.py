"""A mapped file is searched as bytes are, window by window."""

import mmap
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from correo.message import octets as module
from correo.message.octets import count_newlines, finder


@contextmanager
def mapped(octets: bytes) -> Iterator[mmap.mmap]:
    with tempfile.TemporaryFile() as file:
        file.write(octets)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            yield view


@given(st.text("ab\n", min_size=1, max_size=60).map(str.encode), st.data())
def test_a_mapped_file_is_searched_as_bytes_are(octets: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(octets)))
    end = data.draw(st.integers(start, len(octets)))
    needle = data.draw(st.text("ab\n", min_size=1, max_size=9)).encode()
    with patch.object(module, "WINDOW", 7), mapped(octets) as view:
        assert finder(view)(needle, start, end) == octets.find(needle, start, end)
        assert count_newlines(view, start, end) == octets.count(b"\n", start, end)
