"""A window of results is counted from either end."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.wire.imap.partial import PartialRange

WINDOWS = [
    ((1, 2), "ab"), ((2, 1), "ab"), ((4, 9), "de"), ((6, 7), ""), ((1, 99), "abcde"),
    ((-1, -2), "de"), ((-2, -1), "de"), ((-4, -9), "ab"), ((-6, -7), ""), ((-5, -5), "a"),
]  # fmt: skip


@pytest.mark.parametrize(("places", "within"), WINDOWS)
def test_a_window_shows_what_is_within(places: tuple[int, int], within: str) -> None:
    assert PartialRange(*places).window("abcde") == within
    assert PartialRange(*places).window("") == ""


PLACES = st.integers(1, 12)


@given(PLACES, PLACES, st.lists(st.integers(), max_size=10))
def test_both_ends_mirror_each_other(first: int, last: int, results: Sequence[int]) -> None:
    mirrored = PartialRange(-first, -last).window(list(reversed(results)))
    assert list(reversed(mirrored)) == list(PartialRange(first, last).window(results))
