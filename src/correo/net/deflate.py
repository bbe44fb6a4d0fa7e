"""Compress what goes over one connection, both ways, below the protocol and above TLS.

`Connection` puts a Deflating between itself and its transport, and takes what has come out of an
Inflating, a piece at a time: what a peer has blown up small is never in memory whole.

RFC 4978    3        COMPRESS=DEFLATE: raw deflate, flushed after each reply
RFC 1951             the format

Cost: 96 KiB of memory for the way out, 40 KiB for the way in.
"""

import asyncio
import zlib
from typing import Any

from correo.base.errors import PeerError

__all__ = ["Deflating", "Inflating"]

LEVEL = 3  # ours: higher ones gain a tenth on mail, and cost twice the time
WINDOW_BITS, MEMORY_LEVEL = 13, 7  # 8 KiB of window are enough for replies
PEER_WINDOW_BITS = 15  # whatever the peer uses
STEP = 64 * 1024  # octets taken out at a time


class Deflating:
    """A transport over another one; everything but `write` is the other's."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._compressor = zlib.compressobj(
            LEVEL, zlib.DEFLATED, -WINDOW_BITS, MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY
        )

    def write(self, octets: bytes) -> None:
        """Send octets so that the peer can read all of them now."""
        compressor = self._compressor
        self._transport.write(compressor.compress(octets) + compressor.flush(zlib.Z_SYNC_FLUSH))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Inflating:
    """What has come compressed and has not been read yet."""

    __slots__ = ("_decompressor", "_may_hold_more", "_waiting")

    def __init__(self) -> None:
        self._decompressor = zlib.decompressobj(-PEER_WINDOW_BITS)
        self._waiting = b""
        self._may_hold_more = False

    def __len__(self) -> int:
        """Octets that wait, compressed."""
        return len(self._waiting)

    @property
    def has_more(self) -> bool:
        return bool(self._waiting) or self._may_hold_more

    def add(self, octets: bytes) -> None:
        self._waiting += octets

    def take(self) -> bytes:
        """The next octets, at most STEP.

        Raises:
            PeerError: they are not compressed, or the peer has ended the stream.
        """
        try:
            octets = self._decompressor.decompress(self._waiting, STEP)
        except zlib.error:
            raise PeerError("that is not deflated") from None
        self._waiting = self._decompressor.unconsumed_tail
        self._may_hold_more = len(octets) == STEP
        if self._decompressor.eof:
            raise PeerError("the compressed stream has ended")
        return octets
