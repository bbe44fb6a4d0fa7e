"""Take a message apart on demand: the octets of any section, as stored or decoded.

Everything is a range of the stored octets, found through the structure that was made when the
message came; only header subsets and decoded bodies are made anew. Large messages are never read
whole: a range of a blob stays a slice until it is sent.

RFC 9051    6.4.5.1  sections: part numbers, HEADER, HEADER.FIELDS, MIME, TEXT
            6.4.5    partial: an offset beyond the end gives an empty string
RFC 3516    4.2      BINARY, UNKNOWN-CTE

Departures: BINARY of a multipart, and BINARY[], give the octets as stored: their parts have
encodings of their own.

Cost: one walk down the tree, and one decoding of the structure, per message and section.
"""

import asyncio
from collections.abc import Collection
from enum import Enum

from correo.base.blobs import Blob, BlobSlice, Chunk
from correo.base.errors import Refusal
from correo.message import headers
from correo.message.encoding.transfer import decode_body, is_known_encoding
from correo.message.structure import Part, Structure
from correo.store.model import Octets

__all__ = [
    "Of",
    "UnknownEncoding",
    "binary",
    "decoded",
    "header_fields",
    "locate",
    "read",
    "read_range",
]

Range = tuple[int, int]  # offset, length
THREAD_LIMIT = 256 * 1024  # octets decoded in the event loop; more, in a thread


class Of(Enum):
    """What of a part is meant."""

    BODY = "body"  # of the part; the whole message for part ()
    HEADER = "header"  # of the message that the part is
    TEXT = "text"  # of the message that the part is
    MIME = "mime"  # the header of the part itself


class UnknownEncoding(Refusal):
    """A part cannot be decoded (RFC 3516 4.3)."""

    def __init__(self) -> None:
        super().__init__("5.6.1", "the part is in an unknown transfer encoding")


def locate(structure: Structure, part: tuple[int, ...], of: Of) -> Range | None:
    """Where a section lies in the stored octets; None if the message has no such section."""
    if not part:
        return _of_message(structure.root, of)
    found = structure.find(part)
    if found is None:
        return None
    if of is Of.BODY:
        return found.body_offset, found.body_size
    if of is Of.MIME:
        return found.header_offset, found.header_size
    return None if found.message is None else _of_message(found.message, of)


def _of_message(root: Part, of: Of) -> Range:
    if of is Of.BODY:
        return root.header_offset, root.header_size + root.body_size
    if of is Of.TEXT:
        return root.body_offset, root.body_size
    return root.header_offset, root.header_size


def cut(whole: Range, partial: Range | None) -> Range:
    """The part of a range that a partial asks for."""
    if partial is None:
        return whole
    offset = min(partial[0], whole[1])
    return whole[0] + offset, min(partial[1], whole[1] - offset)


def read(octets: Octets, place: Range, partial: Range | None = None) -> Chunk:
    """The octets there, or the slice of the blob that holds them."""
    offset, length = cut(place, partial)
    if isinstance(octets, bytes):
        return octets[offset : offset + length] if length != len(octets) else octets
    return BlobSlice(octets, offset, length)


async def read_range(octets: Octets, place: Range) -> bytes:
    """The octets there, in memory."""
    offset, length = place
    if isinstance(octets, bytes):
        return octets[offset : offset + length]
    return await read_blob(octets, offset, length)


async def read_blob(blob: Blob, offset: int, length: int) -> bytes:
    """A range of a blob, whole, however it comes."""
    pieces = []
    end = min(offset + length, blob.size)
    while offset < end:
        piece = await blob.read(offset, end - offset)
        if not piece:
            break
        pieces.append(piece)
        offset += len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def header_fields(header: bytes, names: Collection[bytes], *, exclude: bool) -> bytes:
    """HEADER.FIELDS, or HEADER.FIELDS.NOT: these fields, or all others, and the empty line."""
    return headers.select(header, names, exclude=exclude)


async def binary(octets: Octets, structure: Structure, part: tuple[int, ...]) -> bytes | None:
    """A part with its transfer encoding undone; None if there is no such part.

    Raises:
        UnknownEncoding: the encoding is none we know.
    """
    place = locate(structure, part, Of.BODY)
    if place is None:
        return None
    found = structure.find(part) if part else None
    if found is None or found.is_multipart:
        return await read_range(octets, place)
    return await decoded(octets, found)


async def decoded(octets: Octets, part: Part) -> bytes:
    """The content of a part that is no multipart. Raises UnknownEncoding."""
    if not is_known_encoding(part.encoding):
        raise UnknownEncoding
    encoded = await read_range(octets, (part.body_offset, part.body_size))
    if len(encoded) <= THREAD_LIMIT:
        return decode_body(encoded, part.encoding)
    return await asyncio.to_thread(decode_body, encoded, part.encoding)
