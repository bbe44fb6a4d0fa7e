"""The MIME tree: part specifiers, ranges, the encoded form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.message.scan import scan
from correo.message.structure import Structure

# The example of RFC 9051 6.4.5.1, made flesh: each body says its own part specifier.
EXAMPLE = b"""\
Content-Type: multipart/mixed; boundary=b0

--b0
Content-Type: text/plain

1
--b0
Content-Type: application/octet-stream

2
--b0
Content-Type: message/rfc822

Subject: 3
Content-Type: multipart/mixed; boundary=b3

--b3
Content-Type: text/plain

3.1
--b3
Content-Type: application/octet-stream

3.2
--b3--
--b0
Content-Type: multipart/mixed; boundary=b4

--b4
Content-Type: image/gif

4.1
--b4
Content-Type: message/rfc822

Subject: 4.2
Content-Type: multipart/mixed; boundary=b42

--b42
Content-Type: text/plain

4.2.1
--b42
Content-Type: multipart/alternative; boundary=b422

--b422
Content-Type: text/plain

4.2.2.1
--b422
Content-Type: text/richtext

4.2.2.2
--b422--
--b42--
--b4--
--b0
Content-Type: message/rfc822

Subject: 5
Content-Type: text/plain

5.1
--b0--
""".replace(b"\n", b"\r\n")

LEAVES = ["1", "2", "3.1", "3.2", "4.1", "4.2.1", "4.2.2.1", "4.2.2.2", "5.1"]


def parse(section: str) -> tuple[int, ...]:
    return tuple(int(number) for number in section.split(".")) if section else ()


@pytest.mark.parametrize("section", LEAVES)
def test_a_part_specifier_finds_its_part(section: str) -> None:
    part = Structure.decode(scan(EXAMPLE).structure).find(parse(section))
    assert part is not None
    assert part.body(EXAMPLE) == section.encode()
    assert part.section == parse(section)


@pytest.mark.parametrize(
    "section", ["0", "6", "1.1", "2.1", "3.3", "3.0", "4.1.1", "4.2.3", "5.2", "5.1.1"]
)
def test_a_part_specifier_of_nothing_finds_nothing(section: str) -> None:
    assert Structure.decode(scan(EXAMPLE).structure).find(parse(section)) is None


@pytest.mark.parametrize(("section", "subject"), [("3", b"3"), ("4.2", b"4.2"), ("5", b"5")])
def test_an_embedded_message_has_a_header_of_its_own(section: str, subject: bytes) -> None:
    part = Structure.decode(scan(EXAMPLE).structure).find(parse(section))
    assert part is not None
    assert part.header(EXAMPLE) == b"Content-Type: message/rfc822\r\n\r\n"
    assert part.message is not None
    assert part.message.header(EXAMPLE).startswith(b"Subject: " + subject + b"\r\n")
    assert part.body(EXAMPLE) == part.message.header(EXAMPLE) + part.message.body(EXAMPLE)


def test_leaves_come_in_order() -> None:
    leaves = Structure.decode(scan(EXAMPLE).structure).leaves()
    assert [".".join(map(str, leaf.section)) for leaf in leaves] == LEAVES


def test_a_message_that_is_no_multipart_is_its_own_part_1() -> None:
    octets = b"Subject: x\r\n\r\nbody"
    structure = Structure.decode(scan(octets).structure)
    assert structure.find((1,)) is structure.find(()) is structure.root
    assert structure.root.section == (1,)
    assert structure.find((1, 1)) is None
    assert structure.find((2,)) is None


def test_the_first_part_of_a_message_that_embeds_one_is_the_embedding() -> None:
    octets = b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nbody"
    structure = Structure.decode(scan(octets).structure)
    inner = structure.find((1, 1))
    assert structure.find((1,)) is structure.root
    assert inner is structure.root.message
    assert inner is not None
    assert (inner.section, inner.body(octets)) == ((1, 1), b"body")


def test_a_part_tells_what_it_is() -> None:
    octets = (
        b"Content-Type: Text/HTML; charset=\"ISO-8859-1\"; name*=utf-8''%C3%A4.html\r\n"
        b"Content-Transfer-Encoding: Quoted-Printable\r\nContent-ID: <a@b>\r\n"
        b"Content-Disposition: INLINE; filename*0=a; filename*1=b.html\r\n\r\nx\r\n"
    )
    part = Structure.decode(scan(octets).structure).root
    assert (part.content_type, part.charset, part.encoding) == (
        "text/html",
        "iso-8859-1",
        "quoted-printable",
    )
    assert (part.disposition, part.filename, part.content_id) == ("inline", "ab.html", "a@b")
    assert (part.parameters["name"], part.lines, part.is_multipart) == ("ä.html", 1, False)


def test_a_structure_is_the_same_after_encoding_and_decoding() -> None:
    encoded = scan(EXAMPLE).structure
    assert Structure.decode(encoded).encode() == encoded


@given(st.binary(max_size=30) | st.binary(max_size=30).map(lambda octets: b"\x01" + octets))
def test_other_octets_are_no_structure(octets: bytes) -> None:
    with pytest.raises(ValueError, match="structure"):
        Structure.decode(octets)
