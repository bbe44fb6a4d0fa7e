"""Sections are ranges of the stored octets."""

import asyncio

import pytest

from correo.mailbox import sections
from correo.mailbox.sections import Of, UnknownEncoding
from correo.message.scan import scan
from correo.message.structure import Structure

NESTED = (
    b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\n\r\nfirst\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: inner\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n"
    b"--y\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n--y--\r\n"
    b"--x\r\nContent-Transfer-Encoding: odd\r\n\r\n?\r\n--x--\r\n"
)
PLAIN = b"Subject: plain\r\n\r\nbody\r\n"

SECTIONS = [
    # id                    octets  part       what        found
    ("whole", NESTED, (), Of.BODY, NESTED),
    ("header", PLAIN, (), Of.HEADER, b"Subject: plain\r\n\r\n"),
    ("text", PLAIN, (), Of.TEXT, b"body\r\n"),
    ("the only part", PLAIN, (1,), Of.BODY, b"body\r\n"),
    ("its header", PLAIN, (1,), Of.MIME, b"Subject: plain\r\n\r\n"),
    ("no second part", PLAIN, (2,), Of.BODY, None),
    ("a part is no message", PLAIN, (1,), Of.HEADER, None),
    ("first part", NESTED, (1,), Of.BODY, b"first"),
    ("embedded header", NESTED, (2,), Of.HEADER,
     b"Subject: inner\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n"),
    ("part of embedded", NESTED, (2, 1), Of.BODY, b"aGk="),
    ("its mime header", NESTED, (2, 1), Of.MIME, b"Content-Transfer-Encoding: base64\r\n\r\n"),
    ("too deep", NESTED, (2, 1, 1), Of.BODY, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("octets", "part", "of", "found"), [pytest.param(*rest, id=name) for name, *rest in SECTIONS]
)
def test_a_section_is_found_where_it_lies(
    octets: bytes, part: tuple[int, ...], of: Of, found: bytes | None
) -> None:
    structure = Structure.decode(scan(octets).structure)
    place = sections.locate(structure, part, of)
    assert found == (None if place is None else octets[place[0] : sum(place)])


@pytest.mark.parametrize(
    ("partial", "found"),
    [((0, 4), b"body"), ((2, 100), b"dy\r\n"), ((6, 1), b""), ((99, 1), b""), (None, b"body\r\n")],
)
def test_a_partial_is_cut_at_the_end(partial: tuple[int, int] | None, found: bytes) -> None:
    assert sections.read(PLAIN, (18, 6), partial) == found


def test_binary_undoes_the_encoding_or_says_that_it_cannot() -> None:
    structure = Structure.decode(scan(NESTED).structure)
    assert asyncio.run(sections.binary(NESTED, structure, (2, 1))) == b"hi"
    assert asyncio.run(sections.binary(NESTED, structure, ())) == NESTED
    assert asyncio.run(sections.binary(NESTED, structure, (9,))) is None
    with pytest.raises(UnknownEncoding):
        asyncio.run(sections.binary(NESTED, structure, (3,)))
