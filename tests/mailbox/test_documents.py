"""The text of attached PDF files is found, and a file made to do harm does none."""

import asyncio
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.mailbox import pdf_process
from correo.mailbox.documents import is_pdf, text_of_pdf, texts_of_documents
from correo.message.scan import scan
from correo.message.structure import Structure


def pdf(*pages: bytes, is_packed: bool = False) -> bytes:
    """A PDF whose pages have these content streams."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%b] >>"
        % (len(pages), b" ".join(b"%d 0 R" % (4 + 2 * at) for at in range(len(pages)))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for at, page in enumerate(pages):
        stream = zlib.compress(page, 9) if is_packed else page
        packing = b" /Filter /FlateDecode" if is_packed else b""
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800]"
            b" /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % (5 + 2 * at)
        )
        objects.append(
            b"<< /Length %d%b >>\nstream\n%b\nendstream" % (len(stream), packing, stream)
        )
    octets, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(octets))
        octets += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return octets + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table, len(objects) + 1, len(octets))
    )


def saying(text: bytes) -> bytes:
    return b"BT /F1 12 Tf 72 720 Td (%b) Tj ET" % text


def message_with(octets: bytes, kind: bytes = b"application/pdf") -> bytes:
    return (
        b"Subject: figures\r\nMIME-Version: 1.0\r\nContent-Type: %b\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n%b" % (kind, octets)
    )


def test_the_text_of_all_pages_is_found() -> None:
    text = text_of_pdf(pdf(saying(b"Quarterly figures"), saying(b"second page")))
    assert text.split("\n")[:2] == ["Quarterly figures", "second page"]


def test_a_message_gives_the_texts_of_its_pdf_files() -> None:
    octets = message_with(pdf(saying(b"hello there")))
    structure = Structure.decode(scan(octets).structure)

    async def main() -> list[str]:
        return [text async for text in texts_of_documents(octets, structure)]

    assert [text.strip() for text in asyncio.run(main())] == ["hello there"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (b"application/pdf", True),
        (b"application/octet-stream; name=a.PDF", True),
        (b"application/octet-stream; name=a.txt", False),
        (b"text/plain; name=a.pdf", False),
    ],
)
def test_a_pdf_is_known_by_its_type_or_its_name(kind: bytes, expected: bool) -> None:
    part = Structure.decode(scan(message_with(b"x", kind)).structure).root
    assert is_pdf(part) is expected


@pytest.mark.slow
def test_what_unpacks_to_very_much_ends_by_its_limits() -> None:
    begun = time.monotonic()
    bomb = saying(b"seen") + b" " * 400_000_000
    text = text_of_pdf(pdf(saying(b"before"), bomb, is_packed=True))
    assert "before" in text
    assert time.monotonic() - begun < 2 * pdf_process.TIME_LIMIT_S + 10


@pytest.mark.slow
def test_a_page_that_repeats_itself_without_end_gives_what_came_before() -> None:
    endless = pdf(saying(b"first"), saying(b"x" * 100) * 400_000)
    text = text_of_pdf(endless)
    assert text.startswith("first\n")
    assert len(text) <= pdf_process.TEXT_LIMIT + 2


@settings(max_examples=5, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda x: b"%PDF-1.7\n" + x)))
def test_any_octets_give_a_text(octets: bytes) -> None:
    assert isinstance(text_of_pdf(octets), str)
