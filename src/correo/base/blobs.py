"""Octets that stay on disk until somebody needs a range of them.

Engines put a `BlobSlice` in their output instead of the octets; the driver streams it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from correo.base.errors import DamagedStore

__all__ = ["Blob", "BlobSlice", "Chunk", "pieces"]

PIECE_OCTETS = 256 * 1024  # of a blob that are in memory at a time


class Blob(Protocol):
    """An immutable run of octets."""

    @property
    def size(self) -> int:
        """Length in octets."""

    async def read(self, offset: int, length: int) -> bytes:
        """The octets [offset, offset + length), cut at the end of the blob."""


@dataclass(frozen=True, slots=True)
class BlobSlice:
    """A range of a blob on its way to a peer."""

    blob: Blob
    offset: int
    length: int


Chunk = bytes | BlobSlice


async def pieces(chunk: Chunk) -> AsyncIterator[bytes]:
    """The octets, never many of them at once.

    Raises:
        DamagedStore: some of the blob's are missing.
    """
    if isinstance(chunk, bytes):
        yield chunk
        return
    offset, end = chunk.offset, chunk.offset + chunk.length
    while offset < end:
        piece = await chunk.blob.read(offset, min(PIECE_OCTETS, end - offset))
        if not piece:
            raise DamagedStore("a large message has lost some of its octets")
        yield piece
        offset += len(piece)
