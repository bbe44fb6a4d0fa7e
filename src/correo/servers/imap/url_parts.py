"""Tell what an URL names apart from its octets: decoded, and described as it is given out.

RFC 5524    3.1      BINARY, BODYPARTSTRUCTURE
            3.2      the structure is that of what is returned: decoded, cut, a header alone

A whole message is described as message/rfc822, a header as text/rfc822-headers.

Cost: the named octets are read into memory, as for FETCH BINARY; a large part in another thread.
"""

import asyncio

from correo.base.blobs import Chunk, pieces
from correo.mailbox import sections
from correo.message import headers
from correo.message.scan import scan
from correo.message.structure import Part, Structure
from correo.store.model import Octets
from correo.wire.imap.fetch_items import BodySection, SectionText

__all__ = ["binary_of", "in_memory", "structure_of"]

THREAD_LIMIT = 256 * 1024  # octets that are described in the event loop; more, in a thread
DESCRIBING = [
    b"Content-Type", b"Content-ID", b"Content-Description", b"Content-MD5", b"Content-Disposition",
    b"Content-Language", b"Content-Location",
]  # fmt: skip
ENCODING = b"Content-Transfer-Encoding"
MESSAGE = b"Content-Type: message/rfc822\r\n"
HEADER = b"Content-Type: text/rfc822-headers\r\n"


async def in_memory(chunk: Chunk) -> bytes:
    return b"".join([piece async for piece in pieces(chunk)])


async def binary_of(section: BodySection, message: tuple[Structure, Octets], chunk: Chunk) -> bytes:
    """What a section names without its transfer encoding, if one applies.

    Args:
        chunk: what it names as it is.

    Raises:
        UnknownEncoding
    """
    tree, octets = message
    part = encoded_part(section, tree)
    if part is None:
        return await in_memory(chunk)
    decoded = await sections.decoded(octets, part)
    offset, length = section.partial or (0, len(decoded))
    return decoded[offset : offset + length]


def encoded_part(section: BodySection, tree: Structure) -> Part | None:
    """The part whose body is named, and whose encoding counts; None for what has no encoding."""
    if section.text is SectionText.TEXT:
        found = tree.find(section.part)
        part = found.message if section.part and found is not None else tree.root
    else:
        part = tree.find(section.part) if section.part and section.text is None else None
    return None if part is None or part.is_multipart else part


async def structure_of(
    section: BodySection, message: tuple[Structure, Octets], returned: bytes, *, is_decoded: bool
) -> bytes:
    """The BODYSTRUCTURE of the octets that are given out for a section."""
    header = await header_of(section, message, returned, is_decoded=is_decoded)
    whole = header + b"\r\n" + returned
    if len(whole) <= THREAD_LIMIT:
        return scan(whole).bodystructure
    return (await asyncio.to_thread(scan, whole)).bodystructure


async def header_of(
    section: BodySection, message: tuple[Structure, Octets], returned: bytes, *, is_decoded: bool
) -> bytes:
    """A header that says what they are, without the empty line."""
    tree, octets = message
    if section.text not in (None, SectionText.TEXT):
        return HEADER
    if section.text is None and not section.part:
        return MESSAGE + identity(returned)
    found = tree.root if not section.part else tree.find(section.part)
    part = found.message if found and section.part and section.text is not None else found
    assert part is not None
    header = await sections.read_range(octets, (part.header_offset, part.header_size))
    is_identity = is_decoded and not part.is_multipart
    names = DESCRIBING if is_identity else [*DESCRIBING, ENCODING]
    fields = headers.select(header, names).strip(b"\r\n")
    if not headers.select(header, DESCRIBING[:1]).strip() and part.type == "message":
        fields = MESSAGE + fields  # of a multipart/digest (RFC 2046 5.1.5)
    if fields and not fields.endswith(b"\n"):
        fields += b"\r\n"
    return fields + identity(returned) if is_identity else fields


def identity(octets: bytes) -> bytes:
    """The field that says that nothing is encoded."""
    kind = b"binary" if b"\x00" in octets else b"7bit" if octets.isascii() else b"8bit"
    return ENCODING + b": " + kind + b"\r\n"
