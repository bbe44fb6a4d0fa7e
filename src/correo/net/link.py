"""The socket under a server's connection: TLS, compression, patience, and how much is read.

`driver.Connection` is this with a session on top. A peer that does not read is not read from.

RFC 3207    4.2      nothing sent in clear survives STARTTLS (CVE-2011-0411)
RFC 4978             COMPRESS
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from correo.net.deflate import Deflating
from correo.net.input import Input
from correo.net.output import Output, Recorder
from correo.net.patience import Patience

__all__ = ["Link", "socket_address"]

BUFFERED_INPUT_LIMIT = 256 * 1024  # octets kept while a handler works; then the peer waits
HANDSHAKE_LIMIT_S = 30.0
FAREWELL_LIMIT_S = 5.0  # for a peer to read our last words and close


class Link(asyncio.Protocol):
    """One accepted socket, whatever is spoken over it.

    Args:
        tls: the context for STARTTLS (implicit TLS is the listener's affair).
        peer: who is really there, where a proxy in front has said so.
        end_point: gives the hash of the certificate in use, for channel binding; b"" for none.
    """

    __slots__ = (
        "_end_point",
        "_input",
        "_is_busy",
        "_is_ending",
        "_is_lost",
        "_output",
        "_patience",
        "_peer_has_ended",
        "_reading_paused",
        "channel_binding",
        "local",
        "loop",
        "peer",
        "tls_context",
    )  # fmt: skip

    def __init__(
        self,
        tls: ssl.SSLContext | None,
        peer: tuple[str, int] | None,
        local: tuple[str, int] | None,
        end_point: Callable[[], bytes] | None,
    ) -> None:
        self._end_point = end_point
        self.tls_context = tls
        self.channel_binding: tuple[str, bytes] | None = None
        self.peer: tuple[str, int] = peer or ("", 0)
        self.local: tuple[str, int] = local or ("", 0)
        self.loop = asyncio.get_running_loop()
        self._output = Output()
        self._input = Input(self._output)
        self._patience = Patience(self.loop, self._out_of_time, self._is_our_turn)
        self._is_busy = False
        self._reading_paused = False
        self._is_ending = False  # our last words are said; what comes is thrown away
        self._is_lost = False
        self._peer_has_ended = False

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._output.use(cast("asyncio.Transport", transport))
        self.peer = self.peer if self.peer[0] else address_of(transport, "peername")
        self.local = self.local if self.local[0] else address_of(transport, "sockname")
        self._bind_channel()

    def pause_writing(self) -> None:
        self._output.pause()
        self._mind_reading()

    def resume_writing(self) -> None:
        self._output.resume()
        self._mind_reading()

    # what sessions call

    @property
    def is_tls(self) -> bool:
        return self.tls_object is not None

    @property
    def tls_object(self) -> ssl.SSLObject | None:
        """The TLS layer in force, None for a plain connection."""
        return self._output.tls_object

    @property
    def recorder(self) -> Recorder | None:
        """Takes down this dialogue, if somebody wants it."""
        return self._output.recorder

    @recorder.setter
    def recorder(self, recorder: Recorder | None) -> None:
        self._output.recorder = recorder

    @property
    def is_lost(self) -> bool:
        return self._is_lost

    @property
    def is_busy(self) -> bool:
        """Whether a handler is at work."""
        return self._is_busy

    @property
    def is_writing_paused(self) -> bool:
        """Whether the peer does not read what is sent; put off what is not urgent."""
        return self._output.is_paused

    async def drain(self) -> None:
        """Send the engine's output, blobs included, and wait while the peer reads too slowly.

        Raises:
            ConnectionResetError: the peer is gone.
        """
        if self._input.engine is None:
            return
        self._output.put(self._input.engine.take_output())
        await self._output.drain()

    async def start_tls(self) -> None:
        """Answer STARTTLS: send what is pending in clear, then change to TLS.

        The caller has already put the go-ahead reply in the engine and told it to drop what
        came after the command. Call it from a handler's coroutine.

        Raises:
            ConnectionError, ssl.SSLError: the handshake failed; the connection is closed.
        """
        transport = self._output.transport
        if transport is None or self.tls_context is None or self._is_lost:
            raise ConnectionResetError("no connection to encrypt")
        transport.pause_reading()  # what comes from here on is TLS
        await self.drain()
        try:
            upgraded = await self.loop.start_tls(
                transport,
                self,
                self.tls_context,
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_LIMIT_S,
            )
        except BaseException:
            transport.abort()
            self.connection_lost(None)  # asyncio does not tell while a handshake is under way
            raise
        if upgraded is None or self._is_lost:
            raise ConnectionResetError("the peer left during the TLS handshake")
        self._output.use(upgraded)
        self._reading_paused = False
        self._bind_channel()

    @property
    def is_deflated(self) -> bool:
        return self._input.is_deflated

    def start_deflate(self) -> None:
        """Compress both ways from here on; what was sent before is on its way as it was."""
        transport = self._output.transport
        if transport is not None and not self._input.is_deflated:
            self._input.start_deflate()
            self._output.transport = cast("asyncio.Transport", Deflating(transport))

    def set_idle_limit(self, seconds: float) -> None:
        """Close after this much silence from the peer; 0 for never. Replaces the former limit.

        Our own work does not count, but time in which the peer does not read does.
        """
        self._patience.set_idle_limit(seconds)

    def set_deadline(self, seconds: float | None) -> None:
        """The phase begun now must end within this time, however busy the peer looks.

        None takes the deadline away. Our own work is never cut by it.
        """
        self._patience.set_deadline(seconds)

    def abort(self) -> None:
        """Cut the connection at once, unsent octets are dropped."""
        self._is_ending = True
        if self._output.transport is not None:
            self._output.transport.abort()

    # inside

    def _end(self) -> None:
        """Close so that the peer can still read our last words.

        A socket closed with octets unread resets the connection, and the peer may lose what it
        had not read yet. So: end our side, throw away what comes, and wait a little.
        """
        transport = self._output.transport
        if self._is_ending or transport is None or self._is_lost:
            return
        self._is_ending = True
        self._patience.call_later(FAREWELL_LIMIT_S, self.abort)
        if self._peer_has_ended or self.is_tls or not transport.can_write_eof():
            transport.close()
        else:
            self._mind_reading()
            transport.write_eof()

    def _out_of_time(self) -> None:
        self.abort()

    def _mind_reading(self) -> None:
        """Read from the peer unless it does not read, or has sent enough for now."""
        transport = self._output.transport
        if transport is None or self._input.engine is None or self._is_lost:
            return
        is_full = self._is_at_work and self._has_enough
        pause = not self._is_ending and (
            self._output.is_paused or is_full or self._input.broken is not None
        )
        if pause == self._reading_paused:
            return
        self._reading_paused = pause
        if pause:
            transport.pause_reading()
        else:
            transport.resume_reading()

    @property
    def _has_enough(self) -> bool:
        """Whether as much has come as is kept while a handler works."""
        return self._input.waiting > BUFFERED_INPUT_LIMIT

    def _is_our_turn(self) -> bool:
        return self._is_at_work and not self._output.is_paused

    @property
    def _is_at_work(self) -> bool:
        """Whether the peer waits for something of ours."""
        return self._is_busy

    def _bind_channel(self) -> None:
        end_point = self._end_point() if self._end_point is not None and self.is_tls else b""
        if end_point:
            self.channel_binding = ("tls-server-end-point", end_point)


def address_of(transport: asyncio.BaseTransport, name: str) -> tuple[str, int]:
    return socket_address(transport.get_extra_info(name))


def socket_address(name: object) -> tuple[str, int]:
    """Host and port of a peername; a Unix socket gives its path (or "unix") and 0."""
    if isinstance(name, tuple) and len(name) >= 2:
        return str(name[0]), int(name[1])
    return (str(name) if name else "unix"), 0
