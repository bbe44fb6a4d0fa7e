"""Write the FETCH items that need the message itself: sections, partials, BINARY.

RFC 9051    6.4.5, 6.4.5.1   BODY[...], BINARY[...], BINARY.SIZE[...]
RFC 3501    6.4.5            RFC822, RFC822.TEXT
RFC 3516    4.3      literal8 where there is a NUL; UNKNOWN-CTE

A section that a message has not is NIL, and has the size 0.

Cost: 2 microseconds and one reference to the octets for BODY[]; they are not copied here.
"""

from collections.abc import Sequence
from typing import Any, cast

from correo.base.blobs import BlobSlice, Chunk
from correo.mailbox import sections
from correo.mailbox.sections import Of
from correo.message.structure import Structure
from correo.store.model import Column, Octets
from correo.wire.imap.fetch_items import BinarySection, BinarySize, BodySection, SectionText
from correo.wire.imap.strings import literal

__all__ = [
    "BodyItem",
    "columns_for",
    "is_whole_message",
    "length_of",
    "section_of",
    "sections_of",
    "whole_messages",
]

BodyItem = BodySection | BinarySection | BinarySize

KINDS = {
    None: Of.BODY,
    SectionText.HEADER: Of.HEADER,
    SectionText.HEADER_FIELDS: Of.HEADER,
    SectionText.HEADER_FIELDS_NOT: Of.HEADER,
    SectionText.TEXT: Of.TEXT,
    SectionText.MIME: Of.MIME,
}


def columns_for(items: Sequence[BodyItem]) -> tuple[Column, ...]:
    """The columns these items need; a row ends with them."""
    if all(is_whole_message(item) for item in items):
        return (Column.OCTETS,)
    return (Column.STRUCTURE, Column.OCTETS)


def is_whole_message(item: BodyItem) -> bool:
    return isinstance(item, BodySection) and not item.part and item.text is None


def whole_messages(
    beginnings: Sequence[bytes], label: bytes, messages: Sequence[Octets]
) -> list[Chunk]:
    """The lines of a FETCH that asks for one thing, BODY[]."""
    written: list[Chunk] = []
    for line, octets in zip(beginnings, messages, strict=True):
        size = _size(octets)
        written.append(b"%b%b {%d}\r\n" % (line, label, size))
        written.append(octets if isinstance(octets, bytes) else BlobSlice(octets, 0, size))
        written.append(b")\r\n")
    return written


async def sections_of(line: bytes, items: Sequence[BodyItem], row: Sequence[Any]) -> list[Chunk]:
    """The rest of one line: these items, and its end.

    Args:
        line: its beginning, up to where the first item stands.
        row: ends with the values of `columns_for`.

    Raises:
        UnknownEncoding: BINARY of a part whose encoding we do not know.
    """
    octets: Octets = row[-1]
    tree = Structure.decode(row[-2]) if len(columns_for(items)) > 1 else None
    written: list[Chunk] = []
    decoded: bytes | None = None
    decoded_part: tuple[int, ...] | None = None  # the last one: partials of it may come in a row
    for number, item in enumerate(items):
        line += b" " if number else b""
        if not isinstance(item, BodySection):
            assert tree is not None
            if item.part != decoded_part:
                decoded, decoded_part = await sections.binary(octets, tree, item.part), item.part
            line = _with_binary(line, item, decoded)
            continue
        if tree is None or is_whole_message(item):
            found: Chunk | None = sections.read(octets, (0, _size(octets)), item.partial)
        else:
            found = await section_of(item, octets, tree)
        if found is None:
            line = b"%b%b NIL" % (line, item.label)
        else:
            written.append(b"%b%b {%d}\r\n" % (line, item.label, length_of(found)))
            written.append(found)
            line = b""
    written.append(line + b")\r\n")
    return written


def length_of(chunk: Chunk) -> int:
    return len(chunk) if isinstance(chunk, bytes) else chunk.length


def _size(octets: Octets) -> int:
    return len(octets) if isinstance(octets, bytes) else octets.size


async def section_of(item: BodySection, octets: Octets, tree: Structure) -> Chunk | None:
    """The octets of one section, or the slice of the blob that holds them; None if there is none."""
    place = sections.locate(tree, item.part, KINDS[item.text])
    if place is None:
        return None
    if item.text not in (SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT):
        return sections.read(octets, place, item.partial)
    header = await sections.read_range(octets, place)
    exclude = item.text is SectionText.HEADER_FIELDS_NOT
    chosen = sections.header_fields(header, item.fields, exclude=exclude)
    return cast("bytes", sections.read(chosen, (0, len(chosen)), item.partial))


def _with_binary(line: bytes, item: BinarySection | BinarySize, decoded: bytes | None) -> bytes:
    if isinstance(item, BinarySize):
        return b"%b%b %d" % (line, item.label, len(decoded or b""))
    if decoded is None:
        return b"%b%b NIL" % (line, item.label)
    if item.partial is not None:
        decoded = decoded[item.partial[0] : item.partial[0] + item.partial[1]]
    return b"%b%b %b" % (line, item.label, literal(decoded))
