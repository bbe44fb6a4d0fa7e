"""Drive a client engine over a socket: send what it has ready, wait for what the peer says.

`clients/` and `delivery` call it. One task owns a `ClientConnection`: it tells the engine what it
wants, calls `send()`, and awaits `event()`. Octets are understood as they arrive, so that the
engine's events wait here, not the octets; when more than INPUT_LIMIT octets' worth of events
wait, the peer is made to wait too.

RFC 3207    6        nothing the peer sent in clear survives STARTTLS (also RFC 2595 2.4)
"""

import asyncio
import ssl
from collections import deque
from typing import Any, cast

from correo.base.errors import PeerError, Refusal, UsageError
from correo.net.link import socket_address
from correo.net.output import Output, Recorder
from correo.net.session import Engine

__all__ = ["ClientConnection", "open_connection"]

INPUT_LIMIT = 1024 * 1024  # octets understood and not yet fetched before the peer must wait
CLOSE_LIMIT_S = 2.0  # for the last octets and the peer's end of TLS
HANDSHAKE_LIMIT_S = 30.0


async def open_connection(
    host: str,
    port: int,
    *,
    engine: Engine,
    tls: ssl.SSLContext | None = None,
    server_name: str | None = None,
    timeout: float | None = 30.0,
    local_address: str | None = None,
    recorder: Recorder | None = None,
) -> "ClientConnection":
    """Connect, with TLS from the start if a context is given.

    Args:
        host: name or address; a path ("/run/lmtp") is a Unix socket, and port is ignored.
        server_name: what the certificate must name, where it is not the host.
        timeout: seconds for name, connection and handshake together; None waits for ever.
        local_address: the address to connect from.

    Raises:
        TimeoutError: not connected in time.
        OSError: refused, unreachable, no such name; ssl.SSLError if the handshake failed.
    """
    loop = asyncio.get_running_loop()
    connection = ClientConnection(engine, recorder)
    name = (server_name or host) if tls is not None else None
    async with asyncio.timeout(timeout):
        if host.startswith("/"):
            await loop.create_unix_connection(
                lambda: connection, host, ssl=tls, server_hostname=name
            )
        else:
            await loop.create_connection(
                lambda: connection,
                host,
                port,
                ssl=tls,
                server_hostname=name,
                local_addr=None if local_address is None else (local_address, 0),
            )
    return connection


class ClientConnection(asyncio.Protocol):
    """One connection to a server, made by `open_connection`; owned by one task."""

    def __init__(self, engine: Engine, recorder: Recorder | None = None) -> None:
        self.engine = engine
        self.recorder = recorder
        self.peer: tuple[str, int] = ("", 0)
        self.local: tuple[str, int] = ("", 0)
        self._output = Output()
        self._output.recorder = recorder
        self._events: deque[Any] = deque()
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._octets_received = 0
        self._waiting_octets = 0
        self._reading_paused = False

    # what the owner calls

    @property
    def activity(self) -> int:
        """Grows while something goes on: octets come in, or a blob goes out. A time-out without an
        event amid a large literal is no silence if this has grown."""
        return self._octets_received + self._output.octets_streamed

    @property
    def tls_object(self) -> ssl.SSLObject | None:
        """The TLS layer in force, None for a plain connection."""
        return self._output.tls_object

    @property
    def is_tls(self) -> bool:
        return self.tls_object is not None

    @property
    def is_lost(self) -> bool:
        """Whether the connection is gone; events that came before may still wait."""
        return self._output.is_lost

    def send(self) -> None:
        """Send what the engine has ready; blobs follow as they are read, without waiting here."""
        chunks = self.engine.take_output()
        if chunks:
            self._output.put(chunks)
        if self._output.is_waiting and self._sending is None:
            self._sending = asyncio.create_task(self._send_blobs())

    async def drain(self, timeout: float | None = None) -> None:
        """As send, blobs included, and wait while the peer reads too slowly.

        Raises:
            TimeoutError: the peer did not read in time.
            ConnectionResetError: the connection is gone.
        """
        self.send()
        async with asyncio.timeout(timeout):
            await self._output.drain()

    async def event(self, timeout: float | None = None) -> Any:
        """Send what is ready, then wait for the engine's next event.

        An answer that comes before all is sent (a refusal amid a large message) is returned
        at once; the sending goes on.

        Raises:
            TimeoutError: nothing came in time; the connection is as it was.
            PeerError: the peer broke the protocol; the connection is cut.
            ConnectionError: the connection ended, and no event is left.
            Refusal: a blob that was to be sent cannot be read (DamagedStore); cut as well.
        """
        self.send()
        if not self._events and self._error is None:
            async with asyncio.timeout(timeout):
                await self._until_event()
        if self._events:
            return self._next()
        assert self._error is not None
        raise self._error

    def ready(self) -> Any | None:
        """An event that has come already, without sending or waiting; None if there is none."""
        return self._next() if self._events else None

    async def start_tls(
        self, context: ssl.SSLContext, server_name: str, *, timeout: float = HANDSHAKE_LIMIT_S
    ) -> None:
        """Change to TLS after the peer's go-ahead.

        Raises:
            PeerError: the peer sent more in clear behind its go-ahead; the connection is cut.
            OSError: the handshake failed (ssl.SSLError and its certificate errors among them).
            TimeoutError: the handshake took too long.
        """
        transport = self._output.transport
        if transport is None or self.is_lost:
            raise ConnectionResetError("no connection to encrypt")
        if self._events or self.engine.buffered:
            self.abort()
            raise PeerError("the server sent more in clear after its go-ahead for TLS")
        await self.drain(timeout)
        try:
            async with asyncio.timeout(timeout):
                upgraded = await asyncio.get_running_loop().start_tls(
                    transport, self, context, server_hostname=server_name
                )
        except BaseException:
            transport.abort()
            self.connection_lost(None)  # asyncio does not tell while a handshake is under way
            raise
        if upgraded is None or self.is_lost:
            raise ConnectionResetError("the server left during the TLS handshake")
        self._output.use(upgraded)

    async def close(self) -> None:
        """Send what is ready, close, and wait briefly until the peer has it; never raises."""
        transport = self._output.transport
        if transport is None or self.is_lost:
            return
        try:
            await self.drain(CLOSE_LIMIT_S)
        except (TimeoutError, ConnectionError, Refusal):
            self.abort()
        transport.close()
        done, _ = await asyncio.wait([self._closed], timeout=CLOSE_LIMIT_S)
        if not done:
            self.abort()

    def abort(self) -> None:
        """Cut the connection at once; unsent octets, and events that wait, are dropped."""
        self._events.clear()
        self._cut()

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._output.use(cast("asyncio.Transport", transport))
        self.peer = socket_address(transport.get_extra_info("peername"))
        self.local = socket_address(transport.get_extra_info("sockname"))

    def data_received(self, data: bytes) -> None:
        self._octets_received += len(data)
        if self.recorder is not None:
            self.recorder.received(data)
        if self._error is not None:
            return
        try:
            self._events.extend(self.engine.receive(data))
        except PeerError as error:
            self._fail(error)
            self._cut()
            return
        self._waiting_octets += len(data)
        if self._waiting_octets > INPUT_LIMIT and self._events:
            self._pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        if self._error is None:
            try:
                self._events.extend(self.engine.receive_eof())
            except PeerError as error:
                self._fail(error)
            self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self.is_lost:
            return
        self._output.lost()
        if isinstance(exc, ConnectionError):
            self._fail(exc)
        else:
            self._fail(ConnectionResetError("the server closed the connection"))
        if not self._closed.done():
            self._closed.set_result(None)

    def pause_writing(self) -> None:
        self._output.pause()

    def resume_writing(self) -> None:
        self._output.resume()

    # inside

    def _cut(self) -> None:
        if self._output.transport is not None:
            self._output.transport.abort()

    async def _until_event(self) -> None:
        if self._waiter is not None:
            raise UsageError("two tasks wait for one connection's events")
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    async def _send_blobs(self) -> None:
        try:
            await self._output.drain()
        except (ConnectionError, Refusal) as error:
            self._fail(error)
            self._cut()
        finally:
            self._sending = None

    def _next(self) -> Any:
        event = self._events.popleft()
        if not self._events:
            self._resume_reading()
        return event

    def _fail(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done() and (self._events or self._error):
            self._waiter.set_result(None)

    def _pause_reading(self) -> None:
        if not self._reading_paused and self._output.transport is not None:
            self._reading_paused = True
            self._output.transport.pause_reading()

    def _resume_reading(self) -> None:
        self._waiting_octets = 0
        if self._reading_paused and self._output.transport is not None and not self.is_lost:
            self._reading_paused = False
            self._output.transport.resume_reading()
