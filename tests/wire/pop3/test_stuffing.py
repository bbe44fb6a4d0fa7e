"""A message comes out of a multi-line response as it went in, whatever the chunks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.wire.pop3.stuffing import Stuffer, TopCutter, Unstuffer, stuffed

WIRE = [
    # id                  content                        on the wire
    ("empty", b"", b".\r\n"),
    ("plain", b"a\r\n", b"a\r\n.\r\n"),
    ("no end", b"a", b"a\r\n.\r\n"),
    ("dot first", b".a\r\n", b"..a\r\n.\r\n"),
    ("dot alone", b".\r\n", b"..\r\n.\r\n"),
    ("terminator inside", b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
    ("dots in a row", b"..\r\n..\r\n", b"...\r\n...\r\n.\r\n"),
    ("dot after bare LF", b"a\n.\nb\r\n", b"a\n.\nb\r\n.\r\n"),
    ("empty lines", b"\r\n\r\n", b"\r\n\r\n.\r\n"),
    ("dot at the end", b"a\r\n.", b"a\r\n..\r\n.\r\n"),
]
CASES = [pytest.param(*case[1:], id=case[0]) for case in WIRE]


@pytest.mark.parametrize("step", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize(("content", "wire"), CASES)
def test_dots_are_doubled_however_the_octets_are_split(
    content: bytes, wire: bytes, step: int
) -> None:
    stuffer = Stuffer()
    pieces = [content[at : at + step] for at in range(0, len(content), step)]
    assert b"".join(map(stuffer.write, pieces)) + stuffer.finish() == wire
    assert b"".join(stuffed(content)) == wire


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 1000])
@pytest.mark.parametrize("behind", [b"", b"+OK\r\n", b".\r\n"])
@pytest.mark.parametrize(("content", "wire"), CASES)
def test_the_end_is_found_and_the_dots_undone_however_the_octets_are_split(
    content: bytes, wire: bytes, behind: bytes, step: int
) -> None:
    unstuffer = Unstuffer()
    octets, got, at = wire + behind, b"", 0
    while unstuffer.rest is None:
        got += unstuffer.write(octets[at : at + step])
        at += step
    assert got == (content if content.endswith(b"\r\n") or not content else content + b"\r\n")
    assert unstuffer.rest + octets[at:] == behind


def test_a_dot_that_was_not_doubled_is_dropped_all_the_same() -> None:
    assert Unstuffer().write(b".a\r\n.b\r\n.\r\n") == b"a\r\nb\r\n"


OCTETS = st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b"\r\n."])).map(b"".join)


@given(OCTETS, st.lists(st.integers(1, 6), min_size=1, max_size=20))
@settings(max_examples=200)
def test_any_octets_come_back(content: bytes, steps: list[int]) -> None:
    wire = b"".join(stuffed(content))
    unstuffer, got, at, turn = Unstuffer(), b"", 0, 0
    while unstuffer.rest is None:
        step = steps[turn % len(steps)]
        got += unstuffer.write(wire[at : at + step])
        at, turn = at + step, turn + 1
    assert got.removesuffix(b"\r\n") == content.removesuffix(b"\r\n")
    assert unstuffer.rest == b""


TOPS = [
    ("header only", b"a: b\r\n\r\none\r\ntwo\r\n", 0, b"a: b\r\n\r\n"),
    ("one line", b"a: b\r\n\r\none\r\ntwo\r\n", 1, b"a: b\r\n\r\none\r\n"),
    ("as many as there are", b"a: b\r\n\r\none\r\ntwo\r\n", 2, b"a: b\r\n\r\none\r\ntwo\r\n"),
    ("more than there are", b"a: b\r\n\r\none\r\ntwo", 9, b"a: b\r\n\r\none\r\ntwo"),
    ("last line without end", b"a: b\r\n\r\none\r\ntwo", 1, b"a: b\r\n\r\none\r\n"),
    ("no header", b"\r\none\r\ntwo\r\n", 1, b"\r\none\r\n"),
    ("no body", b"a: b\r\n", 5, b"a: b\r\n"),
    ("nothing", b"", 5, b""),
    ("empty lines", b"a: b\r\n\r\n\r\n\r\nx\r\n", 2, b"a: b\r\n\r\n\r\n\r\n"),
]


@pytest.mark.parametrize("step", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize(
    ("octets", "lines", "top"), [pytest.param(*case[1:], id=case[0]) for case in TOPS]
)
def test_the_top_is_the_header_and_so_many_lines(
    octets: bytes, lines: int, top: bytes, step: int
) -> None:
    cutter, got = TopCutter(lines), b""
    for at in range(0, len(octets), step):
        got += cutter.cut(octets[at : at + step])
        if cutter.is_complete:
            break
    assert got == top
