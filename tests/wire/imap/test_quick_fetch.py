"""What is read in one step is what the general way makes of the same octets."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.base.errors import PeerError
from correo.wire.imap.client import SINK_THRESHOLD, ImapClientEngine
from correo.wire.imap.quick_fetch import whole_fetches
from correo.wire.imap.response_reader import read_untagged
from correo.wire.imap.response_types import FetchData, Response
from correo.wire.imap.values import Streamed

LITERAL = re.compile(rb"\{([0-9]+)\}\r\n")

COMMON = [
    pytest.param(b"* 1 FETCH (FLAGS ())\r\n", id="no flags"),
    pytest.param(b"* 1 FETCH (FLAGS (\\Seen $Junk) UID 7)\r\n", id="flags, then UID"),
    pytest.param(b"* 1 fetch (uid 7 flags (\\Seen nil NIL))\r\n", id="any case"),
    pytest.param(b"* 2 FETCH (BODY[HEADER] {4}\r\na)\r\n)\r\n", id="one section"),
    pytest.param(b"* 2 FETCH (UID 3 BODY[] {0}\r\n)\r\n", id="an empty section"),
    pytest.param(b"* 2 FETCH (body[1.mime] {2}\r\nab UID 3)\r\n", id="UID behind it"),
    pytest.param(b"* 2 FETCH (BODY[] {2}\r\nab UID 3 FLAGS (\\Seen))\r\n", id="flags behind it"),
    pytest.param(
        b"* 2 FETCH (UID 9 BODY[HEADER.FIELDS (Subject DATE)] {2}\r\n\r\n)\r\n", id="chosen fields"
    ),
]
OTHER = [
    pytest.param(b"* 1 FETCH ()\r\n", id="nothing"),
    pytest.param(b"* 1 FETCH (UID 1)\r\n", id="only a UID"),
    pytest.param(b"* 1 FETCH (UID 1 )\r\n", id="a space too many"),
    pytest.param(b"* 1 FETCH (UID 99999999999 FLAGS ())\r\n", id="a number too large"),
    pytest.param(b"* 1 FETCH (FLAGS (\\Seen) RFC822.SIZE 12)\r\n", id="more items"),
    pytest.param(b"* 1 FETCH (FLAGS () BODY[] {2}\r\nab BODY[1] {1}\r\nx)\r\n", id="two sections"),
    pytest.param(b"* 1 FETCH (BODY[] {3}\r\nab)\r\n)\r\n", id="a literal that counts short"),
    pytest.param(b"* 1 FETCH (BODY[] NIL)\r\n", id="no such section"),
    pytest.param(b"* 1 EXISTS\r\n", id="not FETCH"),
    pytest.param(b"", id="no octets"),
]


def in_general(octets: bytes) -> Response:
    """One response by the way that reads everything."""
    literals: list[bytes | Streamed] = []
    line, rest = b"", octets
    while mark := LITERAL.search(rest):
        line += rest[: mark.start()] + b"\x00"
        end = mark.end() + int(mark[1])
        literals.append(rest[mark.end() : end])
        rest = rest[end:]
    return read_untagged((line + rest).removesuffix(b"\r\n")[2:], literals, utf8=False)


@pytest.mark.parametrize("octets", COMMON)
def test_a_common_answer_is_read_in_one_step_and_means_the_same(octets: bytes) -> None:
    found = list(whole_fetches(bytearray(octets + b"C1 OK"), SINK_THRESHOLD))
    assert found == [(in_general(octets), len(octets))]


@pytest.mark.parametrize("octets", COMMON)
def test_an_answer_is_left_alone_until_it_is_whole(octets: bytes) -> None:
    for length in range(len(octets)):
        assert list(whole_fetches(bytearray(octets[:length]), SINK_THRESHOLD)) == []


@pytest.mark.parametrize("octets", OTHER)
def test_what_is_not_of_the_common_form_is_left_to_the_general_way(octets: bytes) -> None:
    assert list(whole_fetches(bytearray(octets), SINK_THRESHOLD)) == []


def test_a_section_larger_than_may_be_taken_is_left() -> None:
    octets = bytearray(b"* 1 FETCH (BODY[] {5}\r\nabcde)\r\n")
    assert len(list(whole_fetches(octets, 5))) == 1
    assert list(whole_fetches(octets, 4)) == []


ALL = [one.values[0] for one in COMMON + OTHER]
PIECES = st.sampled_from([one for one in ALL if isinstance(one, bytes) and b"{3}" not in one])


def responses(pieces: list[bytes]) -> list[Response]:
    engine = ImapClientEngine()
    engine.receive(b"* OK here\r\n")
    return [event for piece in pieces for event in engine.receive(piece)]


@given(st.lists(PIECES, max_size=20), st.integers(1, 200))
def test_any_split_of_the_octets_gives_the_same_responses(answers: list[bytes], step: int) -> None:
    octets = b"".join(answers)
    split = [octets[at : at + step] for at in range(0, len(octets), step)]
    expected = [in_general(answer) for answer in answers if answer]
    assert responses([octets]) == responses(split) == expected


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from([b"* 1 FETCH (", b"UID 1", b" ", b"FLAGS (", b")", b"\r\n", b"{2}"]),
        )
    )
)
def test_any_octets_give_fetches_that_the_general_way_agrees_with(pieces: list[bytes]) -> None:
    octets = b"".join(pieces)
    begin = 0
    for data, end in whole_fetches(bytearray(octets), SINK_THRESHOLD):
        try:
            assert data == in_general(octets[begin:end])
        except PeerError:
            pytest.fail("the general way refuses it")
        assert isinstance(data, FetchData)
        begin = end
