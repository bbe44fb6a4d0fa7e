"""What comparing a mailbox with what was known of it tells."""

from hypothesis import given
from hypothesis import strategies as st

from correo.clients.imap.changes import Arrived, FlagsChanged, Gone, Known, Renumbered
from correo.clients.imap.content import Decoder
from correo.message.encoding import decode_body

SEEN = frozenset({"\\Seen"})
NONE: frozenset[str] = frozenset()


def test_each_thing_is_told_once() -> None:
    known = Known(1)
    assert known.told(5, ["\\Recent"]) == [Arrived(5, NONE)]
    assert known.told(5, []) == []
    assert known.told(5, ["\\Seen"]) == [FlagsChanged(5, SEEN)]
    assert known.told(5, ["\\Seen"]) == []


def test_what_vanished_is_told_if_it_was_known() -> None:
    known = Known(1)
    known.told(5, [])
    known.told(9, [])
    assert known.vanished([(1, 5), (6, 6)]) == [Gone(5)]
    assert known.vanished([(1, 5)]) == []
    assert known.only([12]) == [Gone(9)]


def test_other_uid_validity_forgets_everything() -> None:
    known = Known(1)
    known.told(5, [], 77)
    assert known.renumbered(2) == [Renumbered(2)]
    assert (known.uid_validity, known.modseq, len(known)) == (2, 0, 0)


ENCODINGS = st.sampled_from(["", "8bit", "base64", "quoted-printable", "x-uuencode"])
ENCODED = st.binary(max_size=120) | st.text("ABcd+/=\r\n \t1", max_size=120).map(str.encode)


@given(ENCODINGS, ENCODED, st.integers(1, 20))
def test_octets_that_arrive_in_pieces_decode_as_the_whole(
    encoding: str, octets: bytes, step: int
) -> None:
    decoder = Decoder(encoding)
    pieces = [decoder.feed(octets[at : at + step]) for at in range(0, len(octets), step)]
    assert b"".join([*pieces, decoder.end()]) == decode_body(octets, encoding)
