"""Build messages: text, HTML, attachments and the header fields that belong to them.

`clients` and `cli` build what users send, `reports` the notifications. Everything that could
differ between two runs (date, message identifier) is handed in.

RFC 5322    3.6      fields and their order
RFC 2047, 2231       what is not US-ASCII in a header
RFC 2046    5.1.4    alternative: plain text before HTML
RFC 2387             related: HTML with its images
RFC 6854             From may be a group

Bcc is written only if asked for: who submits a message hands recipients over apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from correo.message.address import Address, format_addresses
from correo.message.dates import format_date
from correo.message.encoding.words import encode_unstructured
from correo.message.entities import (
    Entity,
    file_entity,
    fold_items,
    multipart_entity,
    text_entity,
)

__all__ = ["Attachment", "Draft", "build", "build_from", "fold_text"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send along.

    media_type: "type/subtype"; message/rfc822 is embedded, not encoded.
    content_id: without angle brackets; with one, the file is shown where the HTML names
        "cid:...", and is no attachment to the reader.
    """

    filename: str
    content: bytes
    media_type: str = "application/octet-stream"
    content_id: str = ""


@dataclass(slots=True)
class Draft:
    """What a message says. Empty fields are left out.

    text, html: bodies; with both, they are alternatives.
    extra: further fields, (name, text), unstructured, put last.
    """

    sender: Sequence[Address] = ()
    to: Sequence[Address] = ()
    cc: Sequence[Address] = ()
    bcc: Sequence[Address] = ()
    reply_to: Sequence[Address] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    attachments: Sequence[Attachment] = ()
    in_reply_to: Sequence[str] = ()
    references: Sequence[str] = ()
    extra: Sequence[tuple[str, str]] = field(default_factory=tuple)


def build(
    draft: Draft, *, date: int, message_id: str, offset_s: int = 0, with_bcc: bool = False
) -> bytes:
    """The message, in CRLF lines.

    date: seconds since 1970 UTC, shown in the zone offset_s seconds east of it.
    message_id: without angle brackets.

    The header is 7-bit unless an address is not; bodies are always 7-bit, attached messages
    excepted.
    """
    fields = [
        (b"Date", format_date(date, offset_s=offset_s)),
        *_address_fields(draft, with_bcc=with_bcc),
        (b"Message-ID", f"<{message_id}>".encode()),
        *_identifier_field(b"In-Reply-To", draft.in_reply_to),
        *_identifier_field(b"References", draft.references),
        (b"Subject", fold_text(draft.subject, first_column=len("Subject: "))),
        *(
            (name.encode("ascii"), fold_text(text, first_column=len(name) + 2))
            for name, text in draft.extra
        ),
    ]
    return build_from(fields, _body(draft))


def build_from(fields: Sequence[tuple[bytes, bytes]], content: Entity) -> bytes:
    """A message of header fields (values folded already) and its content; it ends in CRLF."""
    body = content.body
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    return Entity([*fields, (b"MIME-Version", b"1.0"), *content.fields], body).render()


def fold_text(text: str, *, first_column: int) -> bytes:
    """Unstructured text for a field: encoded words if needed, folded at spaces."""
    encoded = encode_unstructured(text, first_column=first_column)
    if b"\r\n" in encoded or first_column + len(encoded) <= 78:
        return encoded
    words = encoded.split(b" ")
    items = [words[0]]
    for before, word in pairwise(words):
        if before and word:
            items.append(word)
        else:  # a run of spaces stays on one line
            items[-1] += b" " + word
    return fold_items(items, first_column=first_column)


def _address_fields(draft: Draft, *, with_bcc: bool) -> list[tuple[bytes, bytes]]:
    lists = [
        (b"From", draft.sender), (b"Reply-To", draft.reply_to), (b"To", draft.to),
        (b"Cc", draft.cc), (b"Bcc", draft.bcc if with_bcc else ()),
    ]  # fmt: skip
    return [
        (name, format_addresses(addresses, first_column=len(name) + 2))
        for name, addresses in lists
        if addresses
    ]


def _identifier_field(name: bytes, identifiers: Sequence[str]) -> list[tuple[bytes, bytes]]:
    if not identifiers:
        return []
    items = [f"<{identifier}>".encode() for identifier in identifiers]
    return [(name, fold_items(items, first_column=len(name) + 2))]


def _body(draft: Draft) -> Entity:
    shown = [file for file in draft.attachments if file.content_id and draft.html]
    attached = [file for file in draft.attachments if not (file.content_id and draft.html)]
    body = _readable(draft, shown)
    if not attached:
        return body
    return multipart_entity("mixed", [body, *(_file(file, "attachment") for file in attached)])


def _readable(draft: Draft, shown: Sequence[Attachment]) -> Entity:
    if not draft.html:
        return text_entity(draft.text)
    page = text_entity(draft.html, subtype="html")
    if shown:
        images = [_file(file, "inline") for file in shown]
        page = multipart_entity("related", [page, *images], {"type": "text/html"})
    if not draft.text:
        return page
    return multipart_entity("alternative", [text_entity(draft.text), page])


def _file(file: Attachment, disposition: str) -> Entity:
    return file_entity(
        file.content, file.media_type, filename=file.filename, disposition=disposition,
        content_id=file.content_id,
    )  # fmt: skip
