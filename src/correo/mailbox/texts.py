"""Look for text in a message as a person would see it: decoded, and regardless of case.

Makes the tests that `search` applies, one per criterion.

RFC 9051    6.4.4    BODY, TEXT, HEADER and its kin; decoded by charset and transfer encoding;
                     FROM, TO, CC and BCC look at addresses as ENVELOPE has them, too
RFC 2047             encoded words in header fields
RFC 5255    4.2      texts that are equal by i;unicode-casemap (RFC 5051) are equal here

Departures: case folding instead of title case, so that "STRASSE" finds "Straße" too.

Cost: a header without encoded words is only folded to lower case, 3 microseconds for 1 KB.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from types import EllipsisType
from typing import NamedTuple
from unicodedata import normalize

from correo.mailbox.criteria import BodyHolds, HeaderHolds, SentWithin, TextHolds
from correo.mailbox.documents import texts_of_documents
from correo.mailbox.sections import read_range
from correo.message import headers
from correo.message.address import parse_addresses
from correo.message.dates import sent_day
from correo.message.structure import Part, Structure
from correo.message.text import text_of_header, text_of_part
from correo.message.words import Needle, runs_of
from correo.store.model import Octets, Where

__all__ = [
    "Place",
    "document_runs",
    "fold",
    "header_field",
    "header_test",
    "places_of_text",
    "sent_day_test",
    "text_at",
    "text_test",
]

THREAD_LIMIT = 64 * 1024  # octets of text decoded in the event loop; more, in a thread

NOWHERE = (0, 0)
ADDRESS_FIELDS = {"from", "to", "cc", "bcc"}
_ODDLY_WRITTEN = re.compile(
    rb"[(\\]|[ \t\r\n][@.]|[@.][ \t\r\n]|<[ \t\r\n]"
)  # perhaps not as in ENVELOPE


class Place(NamedTuple):
    """Where text stands.

    part: how the octets of the range are to be read; None for a header. With a range of nothing
        it is the part's file name that is meant.
    """

    where: Where
    range: tuple[int, int]
    part: Part | None = None


TextTest = Callable[[Octets, Structure], Awaitable[bool]]


def header_test(wanted: HeaderHolds) -> Callable[[bytes], bool]:
    """Whether a header has such a field."""
    name = wanted.field.lower().encode("utf-8")
    text = fold(wanted.text)
    if wanted.is_near:
        needle = Needle.near(text)
        return lambda header: any(
            needle.is_in(runs_of(fold(headers.text(value))))
            for value in headers.every(header, name)
        )

    value_text = reader_of(wanted.field)

    def holds(header: bytes) -> bool:
        return any(text in value_text(value) for value in headers.every(header, name))

    if not text or not text.isascii() or " " in text or value_text is address_text:
        return holds
    plain = text.encode("ascii")
    # Nothing is encoded in most headers; then the text stands there as it is, or nowhere.
    return lambda header: (
        (plain in header.lower() or b"=?" in header or not header.isascii()) and holds(header)
    )


def header_field(name: str, limit: int) -> Callable[[bytes], str | EllipsisType | None]:
    """What a header has in fields of this name, as `fold` makes it; None if it has none, and
    "..." if it has more than `limit` octets of it."""
    wanted, value_text = name.lower().encode("utf-8"), reader_of(name)

    def values(header: bytes) -> str | EllipsisType | None:
        found = headers.every(header, wanted)
        if sum(map(len, found)) > limit:
            return ...
        return "\n".join([value_text(value) for value in found]) if found else None

    return values


def reader_of(field: str) -> Callable[[bytes], str]:
    """What makes the text that is looked through of a field's value."""
    return address_text if field.lower() in ADDRESS_FIELDS else plain_text


def plain_text(value: bytes) -> str:
    return fold(headers.text(value))


def address_text(value: bytes) -> str:
    """The addresses as written, and as ENVELOPE has them where that may differ."""
    written = plain_text(value)
    if _ODDLY_WRITTEN.search(value) is None:
        return written
    shown = [
        f"{address.display_name} <{address.local}@{address.domain}>"
        for address in parse_addresses(value)
    ]
    return "\n".join([written, *map(fold, shown)])


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


def places_of_text(structure: Structure) -> Iterator[Place]:
    """Where a message has text that people look for: its own header first, then the rest.

    Its text parts, the headers of messages inside it, and the headers of named files.
    """
    root = structure.root
    yield Place(Where.HEADER, (root.header_offset, root.header_size))
    for part in structure.walk():
        if part.type == "text":
            yield Place(Where.BODY, (part.body_offset, part.body_size), part)
        if part.message is not None:
            inner = part.message
            yield Place(Where.BODY, (inner.header_offset, inner.header_size))
        if part.filename and part is not root:
            yield Place(Where.BODY, NOWHERE, part)


def text_at(place: Place, octets: bytes) -> str:
    """What stands there, as `fold` makes it; octets: those of its range."""
    if place.part is None:
        return fold(text_of_header(octets))
    if place.range == NOWHERE:
        return fold(place.part.filename)
    return fold(text_of_part(octets, place.part))


def text_test(wanted: BodyHolds | TextHolds) -> TextTest:
    """Whether the text is in a message's text parts, or in its headers (TEXT)."""
    text = fold(wanted.text)
    with_header = isinstance(wanted, TextHolds)
    if wanted.is_near:
        return near_test(Needle.near(text), with_header=with_header)

    async def holds(octets: Octets, structure: Structure) -> bool:
        for place in places_of_text(structure):
            if with_header or place.where is Where.BODY:
                if await _is_in(text, octets, place):
                    return True
        return not text

    return holds


def near_test(needle: Needle, *, with_header: bool) -> TextTest:
    """Whether the words of a text, or some much like them, are anywhere in a message, and be it in
    a document that is attached."""

    async def holds(octets: Octets, structure: Structure) -> bool:
        runs: set[str] = set()
        for place in places_of_text(structure):
            if with_header or place.where is Where.BODY:
                runs |= runs_of(text_at(place, await read_range(octets, place.range)))
        return needle.is_in(runs) or needle.is_in(runs | await document_runs(octets, structure))

    return holds


async def document_runs(octets: Octets, structure: Structure) -> frozenset[str]:
    """The runs of a message's attached documents."""
    runs: set[str] = set()
    async for text in texts_of_documents(octets, structure):
        runs |= await asyncio.to_thread(lambda text: runs_of(fold(text)), text)
    return frozenset(runs)


async def _is_in(text: str, octets: Octets, place: Place) -> bool:
    found = await read_range(octets, place.range)
    if len(found) <= THREAD_LIMIT:
        return text in text_at(place, found)
    return await asyncio.to_thread(lambda: text in text_at(place, found))


def fold(text: str) -> str:
    """The form in which texts are compared: letters with marks are the same however composed.

    Decomposed first: "ℝ" is an "R" before it has a case. The dotless ı counts as i, for both have
    the title case "I" (RFC 5051 2). What is changed here needs a new `store.sqlite.fulltext.FORM`.
    """
    if text.isascii():
        return text.lower()
    return normalize("NFKD", text).casefold().replace("ı", "i")
