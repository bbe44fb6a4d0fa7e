"""Previews, searchable text, attachments: what a reader would see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.message.html import text_of_html
from correo.message.scan import scan
from correo.message.structure import Structure
from correo.message.text import text_of_header, text_of_part


def multipart(subtype: str, *parts: bytes) -> bytes:
    head = f"Content-Type: multipart/{subtype}; boundary=B{len(parts)}{subtype}\r\n\r\n".encode()
    line = f"\r\n--B{len(parts)}{subtype}".encode()
    return head + b"".join(line + b"\r\n" + part for part in parts) + line + b"--\r\n"


TEXT = b"\r\nHello text"
HTML = b"Content-Type: text/html\r\n\r\n<head><title>no</title></head><p>Hello <b>HT</b>ML&amp;"
PDF = b"Content-Type: application/pdf\r\n\r\nx"
ATTACHED = b"Content-Disposition: attachment; filename=a.txt\r\n\r\nattached"

PREVIEWS = [
    ("plain", b"\r\n Hello\r\n\tworld ", "Hello world"),
    ("nothing", b"", ""),
    ("quoted lines are left out", b"\r\n> quoted\r\nHello\r\n > more\r\nworld", "Hello world"),
    ("decoded", b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=\r\n=DFe", "Grüße"),
    ("at most 200 characters", b"\r\n" + b"abcd " * 100, "abcd " * 39 + "abcd"),
    ("behind much white space", b"\r\n" + b" \r\n" * 300 + b"Hello", "Hello"),
    ("HTML", HTML, "Hello HTML&"),
    ("plain before HTML", multipart("alternative", HTML, TEXT), "Hello text"),
    ("HTML alone", multipart("alternative", HTML), "Hello HTML&"),
    ("not an attachment", multipart("mixed", ATTACHED, TEXT), "Hello text"),
    ("nested", multipart("mixed", multipart("alternative", HTML, TEXT), PDF), "Hello text"),
    ("no text", PDF, ""),
    ("an embedded message", b"Content-Type: message/rfc822\r\n\r\n\r\nHello", "Hello"),
    ("invisible characters", "\r\na\u200bb\u00adc\ufeff".encode(), "abc"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "preview"), [pytest.param(m, p, id=i) for i, m, p in PREVIEWS])
def test_a_preview_shows_the_first_words(message: bytes, preview: str) -> None:
    assert scan(message).preview == preview


IMAGE = b"Content-Type: image/png\r\nContent-ID: <i>\r\n\r\nx"
SIGNATURE = b"Content-Type: application/pgp-signature\r\n\r\nx"
EMBEDDED = b"Content-Type: message/rfc822\r\n\r\n\r\nHello"

ATTACHMENTS = [
    ("plain", TEXT, False),
    ("a file", multipart("mixed", TEXT, PDF), True),
    ("an attached text", multipart("mixed", TEXT, ATTACHED), True),
    ("two texts", multipart("mixed", TEXT, TEXT), False),
    ("an image of the page", multipart("related", HTML, IMAGE), False),
    ("an image beside", multipart("mixed", TEXT, IMAGE), True),
    ("a signature", multipart("signed", TEXT, SIGNATURE), False),
    ("alternatives", multipart("alternative", TEXT, HTML), False),
    ("a message", multipart("mixed", TEXT, EMBEDDED), True),
    ("a file alone", PDF, True),
]


@pytest.mark.parametrize(("message", "has"), [pytest.param(m, h, id=i) for i, m, h in ATTACHMENTS])
def test_an_attachment_is_what_is_meant_to_be_saved(message: bytes, *, has: bool) -> None:
    assert scan(message).has_attachment is has


def test_the_text_of_a_part_is_what_a_reader_sees() -> None:
    encoded = b"Content-Transfer-Encoding: base64\r\n\r\nR3LDnMOfZQ=="
    message = multipart("mixed", encoded, HTML)
    first, second = Structure.decode(scan(message).structure).root.children
    texts = [
        text_of_part(message[part.body_offset : part.body_offset + part.body_size], part)
        for part in (first, second)
    ]
    assert texts == ["GrÜße", " \nHello HTML&"]


HEADERS = [
    ("plain", b"Subject: one\r\n two\r\nX: y\r\n", "Subject: one two\r\nX: y\r\n"),
    ("encoded", b"Subject: =?utf-8?q?=C3=84?=\r\nX: y\r\n", "Subject: Ä\nX: y"),
    ("raw", "Subject: Ä\r\n".encode(), "Subject: Ä"),
]


@pytest.mark.parametrize(("header", "text"), [pytest.param(h, t, id=i) for i, h, t in HEADERS])
def test_the_text_of_a_header_is_unfolded_and_decoded(header: bytes, text: str) -> None:
    assert text_of_header(header) == text


MARKUP = [
    ("blocks part words", "<p>a</p><p>b</p>", "\na\n\nb\n"),
    ("inline tags do not", "a<b>b</b>c", "abc"),
    ("references", "&lt;a&gt; &euro;", "<a> €"),
    ("style and script", "a<style>x</style>b<SCRIPT>y</script >c", "a b c"),
    ("comments", "a<!-- <p> -->b", "a b"),
    ("less than", "1 < 2", "1 < 2"),
    ("an open tag", "a<p ", "a\n"),
    ("an open comment", "a<!-- b", "a "),
]


@pytest.mark.parametrize(("markup", "text"), [pytest.param(m, t, id=i) for i, m, t in MARKUP])
def test_the_text_of_html_is_what_a_reader_sees(markup: str, text: str) -> None:
    assert text_of_html(markup) == text


@given(st.text("<>!-/abst \"'=&;", max_size=80))
def test_any_text_is_html(markup: str) -> None:
    assert isinstance(text_of_html(markup), str)
