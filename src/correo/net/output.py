"""Keep what waits to be sent on one connection in order, and send it no faster than it is read.

`Connection` (servers) and `ClientConnection` (clients) hold one each. Octets go to the transport
at once; from the first blob slice on, everything waits for `drain`, which reads the blob in steps,
so that a large message never lies in memory whole. Whoever puts octets meanwhile puts them behind.

Cost: one write per `put`; on the hot path of every reply.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Protocol, cast

from correo.base.blobs import BlobSlice, Chunk

__all__ = ["HIGH_WATER", "STREAM_STEP", "Output", "Recorder"]

HIGH_WATER = 256 * 1024  # octets unsent before drain() waits
STREAM_STEP = 256 * 1024  # octets of a blob read at a time


class Recorder(Protocol):
    """Takes down a dialogue; `trace` has one. Secrets are masked by the session, not here."""

    def received(self, octets: bytes) -> None: ...
    def sent(self, octets: bytes) -> None: ...
    def ended(self) -> None: ...


class Output:
    """The way out of one connection."""

    __slots__ = (
        "_drained",
        "_lock",
        "_pending",
        "is_lost",
        "is_paused",
        "octets_streamed",
        "recorder",
        "transport",
    )

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.recorder: Recorder | None = None
        self.is_paused = False
        self.is_lost = False
        self.octets_streamed = 0  # of blobs
        self._pending: deque[Chunk] | None = None  # behind a blob; None while there is no blob
        self._drained: asyncio.Future[None] | None = None
        self._lock: asyncio.Lock | None = None

    @property
    def tls_object(self) -> ssl.SSLObject | None:
        """The TLS layer in force, None for a plain connection."""
        if self.transport is None:
            return None
        return cast("ssl.SSLObject | None", self.transport.get_extra_info("ssl_object"))

    def use(self, transport: asyncio.Transport) -> None:
        """Send through this transport from now on."""
        transport.set_write_buffer_limits(high=HIGH_WATER)
        self.transport = transport

    @property
    def is_waiting(self) -> bool:
        """Whether something can only be sent by drain()."""
        return self._pending is not None

    def put(self, chunks: Sequence[Chunk]) -> None:
        """Send octets at once; a blob slice, and what follows it, waits for drain()."""
        if self._pending is not None:
            self._pending.extend(chunks)
            return
        if BlobSlice not in map(type, chunks):
            self._write(chunks)  # type: ignore[arg-type]  # no slice among them, as just seen
            return
        first = next(at for at, chunk in enumerate(chunks) if isinstance(chunk, BlobSlice))
        self._write(chunks[:first])  # type: ignore[arg-type]  # the first slice comes after
        self._pending = deque(chunks[first:])

    async def drain(self) -> None:
        """Send everything put so far, and wait while the peer reads too slowly.

        Raises:
            ConnectionResetError: the connection is gone, or a blob is shorter than its index
                says: then the peer must not take what it got for the whole.
        """
        if self._pending is not None:
            if self._lock is None:
                self._lock = asyncio.Lock()
            async with self._lock:
                await self._send_pending()
        await self._wait_until_read()

    def pause(self) -> None:
        """The transport's buffer is full."""
        self.is_paused = True

    def resume(self) -> None:
        """The peer has read again."""
        self.is_paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def lost(self) -> None:
        """The connection is gone: forget what waits, wake who waits."""
        self.is_lost = True
        self._pending = None
        self.resume()
        if self.recorder is not None:
            self.recorder.ended()

    def _write(self, chunks: Sequence[bytes]) -> None:
        if not chunks or self.transport is None or self.is_lost:
            return
        octets = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        if self.recorder is not None:
            self.recorder.sent(octets)
        self.transport.write(octets)

    async def _send_pending(self) -> None:
        while self._pending:
            await self._wait_until_read()
            chunk = self._pending[0]
            if isinstance(chunk, BlobSlice):
                await self._send_step(chunk)
            else:
                self._pending.popleft()
                self._write([chunk])
        self._pending = None

    async def _send_step(self, part: BlobSlice) -> None:
        """Send the beginning of the first slice that waits, and leave the rest of it there."""
        octets = b""
        if part.length:
            octets = await part.blob.read(part.offset, min(STREAM_STEP, part.length))
            if not octets:
                raise ConnectionResetError("a stored message is shorter than its index says")
        if self._pending is None:
            return  # lost meanwhile
        self._write([octets])
        self.octets_streamed += len(octets)
        left = part.length - len(octets)
        if left:
            self._pending[0] = BlobSlice(part.blob, part.offset + len(octets), left)
        else:
            self._pending.popleft()

    async def _wait_until_read(self) -> None:
        while self.is_paused and not self.is_lost:
            if self._drained is None or self._drained.done():
                self._drained = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._drained)
        if self.is_lost:
            raise ConnectionResetError("the peer is gone")
