"""Write the FETCH items that need the message itself: sections, partials, BINARY.

RFC 9051    6.4.5, 6.4.5.1   BODY[...], BINARY[...], BINARY.SIZE[...]
RFC 3501    6.4.5            RFC822, RFC822.TEXT
RFC 3516    4.3      literal8 where there is a NUL; UNKNOWN-CTE

A section that a message has not is NIL, and has the size 0.

Cost: 2 microseconds and one reference to the octets for BODY[]; they are not copied here.
"""

from collections.abc import Sequence
from typing import cast

from correo.base.blobs import Chunk
from correo.mailbox import sections
from correo.mailbox.sections import Of
from correo.message.structure import Structure
from correo.store.model import Column, Octets
from correo.wire.imap.fetch_items import BinarySection, BinarySize, BodySection, SectionText
from correo.wire.imap.strings import literal

__all__ = ["COLUMNS", "BodyItem", "chunks"]

COLUMNS = (Column.STRUCTURE, Column.OCTETS)  # what a row must end with

BodyItem = BodySection | BinarySection | BinarySize

KINDS = {
    None: Of.BODY,
    SectionText.HEADER: Of.HEADER,
    SectionText.HEADER_FIELDS: Of.HEADER,
    SectionText.HEADER_FIELDS_NOT: Of.HEADER,
    SectionText.TEXT: Of.TEXT,
    SectionText.MIME: Of.MIME,
}


async def chunks(
    line: bytes, items: Sequence[BodyItem], structure: bytes, octets: Octets
) -> list[Chunk]:
    """The rest of a FETCH line: these items, and its end.

    Args:
        line: its beginning, without a space at the end.
        structure, octets: the columns.

    Raises:
        UnknownEncoding: BINARY of a part whose encoding we do not know.
    """
    tree: Structure | None = None
    written: list[Chunk] = []
    separator = b"" if line.endswith(b"(") else b" "
    for item in items:
        if type(item) is BodySection and not item.part and item.text is None:
            found: Chunk | None = sections.read(octets, (0, _size(octets)), item.partial)
        else:
            tree = tree or Structure.decode(structure)
            if not isinstance(item, BodySection):
                line = await _with_binary(line + separator, item, octets, tree)
                separator = b" "
                continue
            found = await _section(item, octets, tree)
        if found is None:
            line = b"%b%b%b NIL" % (line, separator, item.label)
        else:
            size = len(found) if isinstance(found, bytes) else found.length
            written.append(b"%b%b%b {%d}\r\n" % (line, separator, item.label, size))
            written.append(found)
            line = b""
        separator = b" "
    written.append(line + b")\r\n")
    return written


def _size(octets: Octets) -> int:
    return len(octets) if isinstance(octets, bytes) else octets.size


async def _section(item: BodySection, octets: Octets, tree: Structure) -> Chunk | None:
    place = sections.locate(tree, item.part, KINDS[item.text])
    if place is None:
        return None
    if item.text not in (SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT):
        return sections.read(octets, place, item.partial)
    header = await sections.read_range(octets, place)
    exclude = item.text is SectionText.HEADER_FIELDS_NOT
    chosen = sections.header_fields(header, item.fields, exclude=exclude)
    return cast("bytes", sections.read(chosen, (0, len(chosen)), item.partial))


async def _with_binary(
    line: bytes, item: BinarySection | BinarySize, octets: Octets, tree: Structure
) -> bytes:
    decoded = await sections.binary(octets, tree, item.part)
    if isinstance(item, BinarySize):
        return b"%b%b %d" % (line, item.label, len(decoded or b""))
    if decoded is None:
        return b"%b%b NIL" % (line, item.label)
    if item.partial is not None:
        decoded = decoded[item.partial[0] : item.partial[0] + item.partial[1]]
    return b"%b%b %b" % (line, item.label, literal(decoded))
