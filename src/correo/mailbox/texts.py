"""Look for text in a message as a person would see it: decoded, and regardless of case.

Makes the tests that `search` applies, one per criterion.

RFC 9051    6.4.4    BODY, TEXT, HEADER and its kin; decoded by charset and transfer encoding
RFC 2047             encoded words in header fields
RFC 5255    4.2      texts that are equal by i;unicode-casemap (RFC 5051) are equal here

Departures: case folding instead of title case, so that "STRASSE" finds "Straße" too.

Cost: a header without encoded words is only folded to lower case, 3 microseconds for 1 KB.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import EllipsisType
from unicodedata import normalize

from correo.mailbox.criteria import BodyHolds, HeaderHolds, SentWithin, TextHolds
from correo.mailbox.sections import read_range
from correo.message import headers
from correo.message.dates import sent_day
from correo.message.structure import Part, Structure
from correo.message.text import text_of_header, text_of_part
from correo.store.model import Octets

__all__ = ["fold", "header_field", "header_test", "sent_day_test", "text_test"]

THREAD_LIMIT = 64 * 1024  # octets of text decoded in the event loop; more, in a thread

TextTest = Callable[[Octets, Structure], Awaitable[bool]]


def header_test(wanted: HeaderHolds) -> Callable[[bytes], bool]:
    """Whether a header has such a field."""
    name = wanted.field.lower().encode("utf-8")
    text = fold(wanted.text)

    def holds(header: bytes) -> bool:
        return any(text in fold(headers.text(value)) for value in headers.every(header, name))

    if not text or not text.isascii() or " " in text:
        return holds
    plain = text.encode("ascii")
    # Nothing is encoded in most headers; then the text stands there as it is, or nowhere.
    return lambda header: (
        (plain in header.lower() or b"=?" in header or not header.isascii()) and holds(header)
    )


def header_field(name: str, limit: int) -> Callable[[bytes], str | EllipsisType | None]:
    """What a header has in fields of this name, as `fold` makes it; None if it has none, and
    "..." if it has more than `limit` octets of it."""
    wanted = name.lower().encode("utf-8")

    def values(header: bytes) -> str | EllipsisType | None:
        found = headers.every(header, wanted)
        if sum(map(len, found)) > limit:
            return ...
        return "\n".join([fold(headers.text(value)) for value in found]) if found else None

    return values


def sent_day_test(wanted: SentWithin) -> Callable[[bytes], bool]:
    """Whether the Date field of a header names such a day."""

    def holds(header: bytes) -> bool:
        value = headers.first(header, b"date")
        day = None if value is None else sent_day(value)
        return (
            day is not None
            and (wanted.first is None or wanted.first <= day)
            and (wanted.end is None or day < wanted.end)
        )

    return holds


def text_test(wanted: BodyHolds | TextHolds) -> TextTest:
    """Whether the text is in a message's text parts, or in its headers (TEXT)."""
    text = fold(wanted.text)
    with_headers = isinstance(wanted, TextHolds)

    async def holds(octets: Octets, structure: Structure) -> bool:
        if with_headers and await _in_headers(text, octets, structure.root):
            return True
        for part in structure.walk():
            if part.type == "text" and await _in_part(text, octets, part):
                return True
            if part.message is not None and await _in_headers(text, octets, part.message):
                return True
        return not text

    return holds


async def _in_headers(text: str, octets: Octets, part: Part) -> bool:
    header = await read_range(octets, (part.header_offset, part.header_size))
    return text in fold(text_of_header(header))


async def _in_part(text: str, octets: Octets, part: Part) -> bool:
    encoded = await read_range(octets, (part.body_offset, part.body_size))
    if len(encoded) <= THREAD_LIMIT:
        return text in fold(text_of_part(encoded, part))
    return await asyncio.to_thread(lambda: text in fold(text_of_part(encoded, part)))


def fold(text: str) -> str:
    """The form in which texts are compared: letters with marks are the same however composed."""
    return text.lower() if text.isascii() else normalize("NFKD", text.casefold())
