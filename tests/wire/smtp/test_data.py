"""Message data: the end, the dots, the line ends; whole and in every split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.testing.dialogue import pieces
from correo.wire.smtp.data import ChunkReceiver, DataReceiver, DataWriter, LineEnds

ACCEPTED = [
    # id, on the wire, content
    ("empty message", b".\r\n", b""),
    ("empty line", b"\r\n.\r\n", b"\r\n"),
    ("one line", b"x\r\n.\r\n", b"x\r\n"),
    ("stuffed dot", b"..x\r\n.\r\n", b".x\r\n"),
    ("stuffed dot alone", b"..\r\n.\r\n", b".\r\n"),
    ("three dots", b"...\r\n.\r\n", b"..\r\n"),
    ("a dot that need not be there", b".x\r\n.\r\n", b"x\r\n"),
    ("dots within lines", b"a.\r\nb..c\r\n.\r\n", b"a.\r\nb..c\r\n"),
    ("stuffed lines in a row", b"..\r\n..\r\n..\r\n.\r\n", b".\r\n.\r\n.\r\n"),
    ("octets beyond ASCII", b"\xff\x00\x80\r\n.\r\n", b"\xff\x00\x80\r\n"),
]

# Every sequence that some server took for an end of data (SMTP smuggling)
SMUGGLED = [
    ("LF . LF", b"\n.\n"),
    ("LF . CRLF", b"\n.\r\n"),
    ("CRLF . LF", b"\r\n.\n"),
    ("CR . CR", b"\r.\r"),
    ("CR . CRLF", b"\r.\r\n"),
    ("CRLF . CR", b"\r\n.\rx"),
    ("CR CRLF . CRLF", b"\r\r\n.x\r\n"),
    ("CRLF . CR CRLF", b"\r\n.\r\r\n"),
    ("a bare LF", b"a\nb"),
    ("a bare CR", b"a\rb"),
    ("LF CR", b"a\n\rb"),
]


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize(("wire", "content"), [pytest.param(w, c, id=i) for i, w, c in ACCEPTED])
def test_content_is_the_same_however_the_octets_are_split(
    wire: bytes, content: bytes, step: int
) -> None:
    receiver = DataReceiver()
    got = b"".join(receiver.receive(piece) for piece in pieces(wire, step))
    assert got == content
    assert receiver.is_complete
    assert not receiver.is_malformed


@pytest.mark.parametrize(("wire", "content"), [pytest.param(w, c, id=i) for i, w, c in ACCEPTED])
def test_what_follows_the_end_is_left_alone(wire: bytes, content: bytes) -> None:
    receiver = DataReceiver()
    assert receiver.receive(wire + b"QUIT\r\n.\r\n") == content
    assert receiver.rest == b"QUIT\r\n.\r\n"


@pytest.mark.parametrize("step", [1, 2, 3, 1000])
@pytest.mark.parametrize("octets", [pytest.param(octets, id=i) for i, octets in SMUGGLED])
def test_no_other_sequence_ends_the_data_and_all_of_them_are_refused(
    octets: bytes, step: int
) -> None:
    receiver = DataReceiver()
    for piece in pieces(b"text" + octets + b"MAIL FROM:<evil@x>\r\n", step):
        receiver.receive(piece)
    ends = [receiver.is_complete]
    receiver.receive(b".\r\n")
    ends.append(receiver.is_complete)
    assert ends == [False, True]
    assert receiver.is_malformed


@pytest.mark.parametrize("step", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    ("wire", "content"),
    [
        (b"a\nb\rc\r\nd\r\n.\r\n", b"a\r\nb\r\nc\r\nd\r\n"),
        (b"a\n.\nb\r\n.\r\n", b"a\r\n.\r\nb\r\n"),
        (b"a\n\rb\r\n.\r\n", b"a\r\n\r\nb\r\n"),
        (b"a\r\r\n.\r\n", b"a\r\n\r\n"),
        (b"\n..x\r\n..\r\n.\r\n", b"\r\n..x\r\n.\r\n"),
    ],
)
def test_bare_line_ends_are_mended_where_that_is_set(
    wire: bytes, content: bytes, step: int
) -> None:
    receiver = DataReceiver(LineEnds.NORMALISE)
    got = b"".join(receiver.receive(piece) for piece in pieces(wire, step))
    assert got == content
    assert receiver.is_complete


@pytest.mark.parametrize("step", [1, 2, 1000])
@pytest.mark.parametrize(
    ("line_ends", "octets", "content"),
    [
        (LineEnds.REFUSE, b"a\r\nb", b"a\r\nb"),
        (LineEnds.REFUSE, b"a\nb", None),
        (LineEnds.REFUSE, b"ab\r", None),
        (LineEnds.NORMALISE, b"a\nb\r", b"a\r\nb\r\n"),
        (LineEnds.KEEP, b"a\nb\r\x00\r\n.\r\n", b"a\nb\r\x00\r\n.\r\n"),
    ],
)
def test_chunks_are_checked_mended_or_kept(
    line_ends: LineEnds, octets: bytes, content: bytes | None, step: int
) -> None:
    receiver = ChunkReceiver(line_ends)
    got = b"".join(receiver.receive(piece) for piece in pieces(octets, step))
    got += receiver.receive(b"", is_last=True)
    assert receiver.is_malformed == (content is None)
    if content is not None:
        assert got == content


TEXT = st.lists(st.sampled_from([b"\r\n", b".", b"x", b"\r", b"\n", b"ab"]), max_size=20)


@given(TEXT, st.integers(1, 5), st.integers(1, 5))
def test_what_a_writer_writes_a_receiver_reads(parts: list[bytes], out: int, into: int) -> None:
    octets = b"".join(parts)
    writer = DataWriter()
    wire = b"".join(writer.write(piece) for piece in pieces(octets, out)) + writer.finish()
    receiver = DataReceiver()
    got = b"".join(receiver.receive(piece) for piece in pieces(wire, into))
    expected = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    if expected and not expected.endswith(b"\r\n"):
        expected += b"\r\n"
    assert got == expected
    assert receiver.is_complete
    assert not receiver.is_malformed


@given(st.binary(max_size=100), st.integers(1, 7))
def test_any_octets_are_read_alike_whole_and_split(octets: bytes, step: int) -> None:
    whole, split = DataReceiver(LineEnds.NORMALISE), DataReceiver(LineEnds.NORMALISE)
    first = whole.receive(octets)
    second = b""
    for piece in pieces(octets, step):
        if split.is_complete:
            break
        second += split.receive(piece)
    assert second == first
    assert split.is_complete == whole.is_complete
