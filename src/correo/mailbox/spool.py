"""Take a message while it arrives, without keeping a large one in memory.

A receiver for IMAP APPEND and for SMTP data: small messages stay in memory, larger ones go to
the blob store as they come. `finish` gives what `append.prepare` needs.

Cost: one list append per chunk; 64 KiB of memory per message under way.
"""

from correo.base.errors import Refusal, UsageError
from correo.store.api import BlobStore, BlobWriter
from correo.store.model import INLINE_LIMIT, StoredBlob

__all__ = ["Spool"]


class Spool:
    """One message on its way in (an intake MessageReceiver).

    `write` and `abort` come from the engine; whoever owns the spool calls `finish` once, or
    `abort`, which may be called at any time, also twice.
    """

    __slots__ = ("_blobs", "_chunks", "_failure", "_is_over", "_size", "_writer")

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._chunks: list[bytes] = []
        self._size = 0
        self._writer: BlobWriter | None = None
        self._failure: Refusal | None = None
        self._is_over = False

    def write(self, octets: bytes) -> None:
        """Take the next octets; what goes wrong is told by `finish`."""
        if self._is_over or self._failure is not None:
            return
        self._size += len(octets)
        if self._writer is None:
            self._chunks.append(octets)
            if self._size <= INLINE_LIMIT:
                return
            octets = b"".join(self._chunks)
            self._chunks.clear()
        self._spill(octets)

    def _spill(self, octets: bytes) -> None:
        try:
            if self._writer is None:
                self._writer = self._blobs.writer()
            self._writer.write(octets)
        except Refusal as refusal:  # the disk is full; the peer may finish speaking first
            self._failure = refusal
            self._drop()

    def _drop(self) -> None:
        self._chunks.clear()
        if self._writer is not None:
            self._writer.abort()

    @property
    def size(self) -> int:
        return self._size

    def abort(self) -> None:
        self._is_over = True
        self._drop()

    async def finish(self) -> bytes | StoredBlob:
        """The octets, or the name of the synced blob that holds them. Raises StorageFull."""
        if self._is_over:
            raise UsageError("a spool is finished once")
        self._is_over = True
        if self._failure is not None:
            raise self._failure
        if self._writer is not None:
            return await self._writer.commit()
        octets = b"".join(self._chunks)
        self._chunks.clear()
        return octets
