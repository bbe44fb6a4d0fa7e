"""Octets that stay on disk until somebody needs a range of them.

Engines put a `BlobSlice` in their output instead of the octets; the driver streams it.
"""

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Blob", "BlobSlice", "Chunk"]


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
