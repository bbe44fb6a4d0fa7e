"""Built messages scan back to what was put in, and Python's email package reads them alike."""

import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.message import headers
from correo.message.address import Address, parse_addresses
from correo.message.builder import Attachment, Draft, build
from correo.message.dates import parse_date
from correo.message.encoding import decode_body, decode_charset
from correo.message.entities import is_7bit, make_boundary
from correo.message.scan import scan
from correo.message.structure import Part, Structure

ANA = Address("Ana Ñandú", "ana", "sender.example")
BOB = Address("", "bob", "correo.test")

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=120)
LINES = st.lists(TEXT, max_size=4).map("\r\n".join)
FILENAME = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)
ATTACHMENT = st.builds(
    Attachment, FILENAME, st.binary(max_size=200), st.sampled_from(["application/pdf", "image/png"])
)


def content(part: Part, octets: bytes) -> bytes:
    return decode_body(part.body(octets), part.encoding)


def shown(part: Part, octets: bytes) -> str:
    return decode_charset(content(part, octets), part.charset)


def tree(octets: bytes) -> Structure:
    return Structure.decode(scan(octets).structure)


@settings(max_examples=100)
@given(TEXT, LINES, LINES, st.lists(ATTACHMENT, max_size=3))
def test_a_built_message_scans_back_to_what_was_put_in(
    subject: str, text: str, html: str, attachments: list[Attachment]
) -> None:
    draft = Draft(
        sender=[ANA], to=[BOB], subject=subject, text=text, html=html, attachments=attachments
    )
    octets = build(draft, date=0, message_id="1@sender.example")
    assert is_7bit(octets)
    assert all(len(line) <= 998 for line in octets.split(b"\r\n"))
    shown_subject = headers.text(headers.first(octets, b"subject") or b"")
    assert shown_subject.strip(" \t\r") == subject.strip(" \t\r")  # white space at the ends is free
    found = list(tree(octets).leaves())
    files = [part for part in found if part.disposition == "attachment"]
    assert [(f.filename, content(f, octets), f.content_type) for f in files] == [
        (a.filename, a.content, a.media_type) for a in attachments
    ]
    texts = {part.subtype: shown(part, octets) for part in found if part.disposition == ""}
    for kind, given_text in (("plain", text), ("html", html)):
        if given_text:
            assert texts[kind].removesuffix("\r\n") == given_text.removesuffix("\r\n")


@settings(max_examples=100)
@given(TEXT, LINES, st.lists(ATTACHMENT, min_size=1, max_size=3))
def test_python_reads_a_built_message_alike(
    subject: str, text: str, attachments: list[Attachment]
) -> None:
    draft = Draft(sender=[ANA], to=[BOB], subject=subject, text=text, attachments=attachments)
    octets = build(draft, date=0, message_id="1@sender.example")
    _, *parts = email.message_from_bytes(octets).walk()
    assert [part.get_payload(decode=True) for part in parts[1:]] == [a.content for a in attachments]
    body = parts[0].get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode(parts[0].get_content_charset("ascii")).removesuffix(
        "\r\n"
    ) == text.removesuffix("\r\n")


def test_every_field_of_a_draft_is_written() -> None:
    draft = Draft(
        sender=[ANA], to=[BOB], cc=[ANA], bcc=[BOB], reply_to=[BOB], subject="Grüße",
        text="x", in_reply_to=["a@b"], references=["c@d", "a@b"], extra=[("X-Mailer", "correo")],
    )  # fmt: skip
    octets = build(draft, date=1_795_438_800, message_id="1@x", with_bcc=True)
    found = {field.name: headers.unfold(field.value) for field in headers.fields(octets)}
    assert list(found) == [
        b"Date", b"From", b"Reply-To", b"To", b"Cc", b"Bcc", b"Message-ID", b"In-Reply-To",
        b"References", b"Subject", b"X-Mailer", b"MIME-Version", b"Content-Type",
    ]  # fmt: skip
    assert parse_date(found[b"Date"]) == 1_795_438_800
    assert parse_addresses(found[b"From"]) == [ANA]
    assert (found[b"Message-ID"], found[b"References"]) == (b"<1@x>", b"<c@d> <a@b>")


def test_bcc_is_left_out_unless_asked_for() -> None:
    octets = build(Draft(sender=[ANA], bcc=[BOB]), date=0, message_id="1@x")
    assert headers.first(octets, b"bcc") is None


def test_html_with_an_image_is_related_within_alternative() -> None:
    draft = Draft(
        text="t", html="<img src=cid:i>",
        attachments=[Attachment("i.png", b"\x89PNG", "image/png", "i"), Attachment("a.pdf", b"%PDF")],
    )  # fmt: skip
    octets = build(draft, date=0, message_id="1@x")
    types = [(part.section, part.content_type) for part in tree(octets).walk()]
    assert types == [
        ((), "multipart/mixed"), ((1,), "multipart/alternative"), ((1, 1), "text/plain"),
        ((1, 2), "multipart/related"), ((1, 2, 1), "text/html"), ((1, 2, 2), "image/png"),
        ((2,), "application/octet-stream"),
    ]  # fmt: skip


def test_an_attached_message_is_embedded_as_it_is() -> None:
    inner = b"Subject: \xc3\xa4\r\n\r\nH\xc3\xa4llo\r\n"
    octets = build(
        Draft(text="t", attachments=[Attachment("", inner, "message/rfc822")]),
        date=0,
        message_id="1@x",
    )
    part = tree(octets).find((2,))
    assert part is not None
    assert (part.content_type, part.encoding, part.body(octets)) == (
        "message/global",
        "8bit",
        inner,
    )
    assert headers.first(octets, b"content-transfer-encoding") == b"8bit"


LONG = [
    ("words", "word " * 50 + "end"),
    ("spaces", "a" + " " * 200 + "b"),
    ("one word", "x" * 300),
    ("one very long word", "x" * 2000),
]


@pytest.mark.parametrize("subject", [pytest.param(s, id=i) for i, s in LONG])
def test_a_long_subject_is_folded_and_comes_back(subject: str) -> None:
    octets = build(Draft(subject=subject), date=0, message_id="1@x")
    assert all(len(line) <= 998 for line in octets.split(b"\r\n"))
    assert headers.text(headers.first(octets, b"subject") or b"") == subject


def test_a_field_cannot_be_smuggled_in() -> None:
    draft = Draft(
        subject="x\r\nBcc: a@b", sender=[Address("n\r\nBcc: a@b", "l\r\nBcc: x", "d")], extra=[("X-A", "y\nBcc: z")],
        attachments=[Attachment("f\r\nBcc: q", b"")],
    )  # fmt: skip
    octets = build(draft, date=0, message_id="1@x")
    assert headers.first(octets, b"bcc") is None
    assert b"\nBcc" not in octets


def test_a_boundary_stands_in_no_part() -> None:
    boundary = make_boundary([b"x"])
    parts = [b"x", boundary]
    assert make_boundary(parts) not in boundary
    assert make_boundary([b"x"]) == boundary


def built_by_python(text: str, files: list[tuple[str, bytes]]) -> bytes:
    message = EmailMessage(email.policy.SMTP)
    message["Subject"] = "Grüße aus Köln"
    message["From"] = "Ana Ñandú <ana@sender.example>"
    message.set_content(text)
    for name, octets in files:
        message.add_attachment(octets, maintype="application", subtype="pdf", filename=name)
    return message.as_bytes()


@settings(max_examples=60, deadline=None)
@given(
    LINES.filter(str.strip),
    st.lists(
        st.tuples(st.sampled_from(["a.pdf", "ä ö.pdf", "x" * 90]), st.binary(max_size=60)),
        min_size=1,
        max_size=3,
    ),
)
def test_a_message_of_pythons_is_read_as_python_reads_it(
    text: str, files: list[tuple[str, bytes]]
) -> None:
    octets = built_by_python(text, files)
    parsed = email.message_from_bytes(octets, policy=email.policy.SMTP)
    leaves = list(tree(octets).leaves())
    theirs = [part for part in parsed.walk() if not part.is_multipart()]
    assert [leaf.content_type for leaf in leaves] == [part.get_content_type() for part in theirs]
    assert [content(leaf, octets) for leaf in leaves] == [
        part.get_payload(decode=True) for part in theirs
    ]
    assert [leaf.filename for leaf in leaves] == [part.get_filename() or "" for part in theirs]
    assert headers.text(headers.first(octets, b"subject") or b"") == "Grüße aus Köln"
