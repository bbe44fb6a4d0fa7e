"""Drive a protocol engine from a socket: octets in, events out, answers back.

One `Connection` per accepted socket joins a transport to a `Session` (in `servers/`), which
owns the engine. `data_received -> engine.receive -> session.handle -> one write`: no stream
reader, no queue and no task per command unless the handler really has to wait.

A handler that returns a coroutine is run as the connection's only task; until it ends the
engine keeps what arrives in its buffer. An idle connection owns no task and one timer.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, cast

from correo.base.blobs import BlobSlice, Chunk
from correo.base.errors import PeerError

__all__ = ["Connection", "Engine", "Recorder", "Session"]

BUFFERED_INPUT_LIMIT = 256 * 1024  # octets kept while a handler works; then the peer waits
OUTPUT_HIGH_WATER = 256 * 1024  # octets unsent before drain() waits
STREAM_STEP = 256 * 1024  # octets of a blob read at a time


class Engine(Protocol):
    """What every protocol engine offers its driver; see the docstrings in `wire/`."""

    def receive(self, octets: bytes) -> list[Any]:
        """Take octets (b"" asks for what is already buffered); events up to the next open one."""

    def receive_eof(self) -> list[Any]:
        """The peer will send nothing more."""

    def take_output(self) -> list[Chunk]:
        """What has to be sent now, in order; empties the engine's output."""

    @property
    def buffered(self) -> int:
        """Octets received and not yet understood."""

    @property
    def is_closed(self) -> bool:
        """Whether the dialogue is over: send the output, then close."""


class Session(Protocol):
    """One connection's meaning: lives in `servers/`, answers the engine's events."""

    @property
    def engine(self) -> Engine: ...

    def connected(self, connection: "Connection") -> Coroutine[Any, Any, None] | None:
        """The socket is open (and TLS done, where implicit). Put the greeting in the engine."""

    def handle(self, event: Any) -> Coroutine[Any, Any, None] | None:
        """Answer one event through the engine; a coroutine if that takes waiting."""

    def broken(self, error: PeerError) -> None:
        """The peer broke the protocol: put a farewell in the engine if there is one."""

    def timed_out(self) -> None:
        """The peer was silent for too long: put a farewell in the engine; it is closed next."""

    def closed(self) -> None:
        """The connection is gone, for whatever reason. Free everything; called exactly once."""


class Recorder(Protocol):
    """Takes down a dialogue; `trace` has one. Secrets are masked by the session, not here."""

    def received(self, octets: bytes) -> None: ...
    def sent(self, octets: bytes) -> None: ...
    def ended(self) -> None: ...


class Connection(asyncio.Protocol):
    """One accepted socket; joins transport, engine and session, and knows no protocol.

    Args:
        make_session: called once with this connection when the socket opens.
        tls: the context for STARTTLS (implicit TLS is the listener's affair).
    """

    def __init__(
        self,
        make_session: Callable[["Connection"], Session],
        *,
        tls: ssl.SSLContext | None = None,
        on_closed: Callable[["Connection"], None] | None = None,
    ) -> None:
        self._make_session = make_session
        self._on_closed = on_closed
        self.tls_context = tls
        self.recorder: Recorder | None = None
        self.peer: tuple[str, int] = ("", 0)
        self.local: tuple[str, int] = ("", 0)
        self.loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._events: deque[Any] = deque()
        self._task: asyncio.Task[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._write_paused = False
        self._reading_paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._idle_limit_s = 0.0
        self._last_heard = 0.0
        self._deadline: float | None = None
        self._is_lost = False
        self._upgrading = False
        self._peer_has_ended = False

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._upgrading:  # STARTTLS is done: the same session goes on
            self._upgrading = False
            return
        self._transport.set_write_buffer_limits(high=OUTPUT_HIGH_WATER)
        self.peer = socket_address(transport.get_extra_info("peername"))
        self.local = socket_address(transport.get_extra_info("sockname"))
        self._last_heard = self.loop.time()
        self._session = self._make_session(self)
        self._run(self._session.connected(self))

    def data_received(self, data: bytes) -> None:
        self._last_heard = self.loop.time()
        if self.recorder is not None:
            self.recorder.received(data)
        self._feed(data)

    def eof_received(self) -> bool:
        self._peer_has_ended = True
        if self._session is not None and self._task is None:
            self._feed_eof()
        return self._task is not None  # keep the transport open until the answer is out

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_lost:
            return
        self._is_lost = True
        if self._timer is not None:
            self._timer.cancel()
        self.resume_writing()
        if self._task is not None:
            self._task.cancel()
        if self.recorder is not None:
            self.recorder.ended()
        if self._session is not None:
            self._session.closed()
        if self._on_closed is not None:
            self._on_closed(self)
        self._events.clear()

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    # what sessions call

    @property
    def is_tls(self) -> bool:
        return self.tls_object is not None

    @property
    def tls_object(self) -> ssl.SSLObject | None:
        """The TLS layer in force, None for a plain connection."""
        if self._transport is None:
            return None
        return cast("ssl.SSLObject | None", self._transport.get_extra_info("ssl_object"))

    @property
    def is_lost(self) -> bool:
        return self._is_lost

    @property
    def is_busy(self) -> bool:
        """Whether a handler is at work."""
        return self._task is not None

    def flush(self) -> None:
        """Send what the engine has ready; closes when the engine says the dialogue is over.

        A blob slice in the output cannot be sent from here: then drain() must be awaited.
        """
        if self._session is None or self._transport is None or self._is_lost:
            return
        engine = self._session.engine
        chunks = engine.take_output()
        if chunks:
            if any(type(chunk) is BlobSlice for chunk in chunks):
                self._run_more(self._stream(chunks))
                return
            self._write(cast("list[bytes]", chunks))
        if engine.is_closed and self._task is None:
            self._transport.close()

    async def drain(self) -> None:
        """Send the engine's output, blobs included, and wait while the peer reads too slowly.

        Raises:
            ConnectionResetError: the peer is gone.
        """
        if self._session is None:
            return
        await self._stream(self._session.engine.take_output())

    async def start_tls(self) -> None:
        """Answer STARTTLS: send what is pending in clear, then change to TLS.

        The caller has already put the go-ahead reply in the engine and told it to drop what
        came after the command (RFC 3207 4.2 and CVE-2011-0411: nothing sent in clear survives).

        Raises:
            ConnectionError, ssl.SSLError: the handshake failed; the connection is closed.
        """
        if self._transport is None or self.tls_context is None or self._is_lost:
            raise ConnectionResetError("no connection to encrypt")
        self.flush()
        self._upgrading = True
        try:
            upgraded = await self.loop.start_tls(
                self._transport, self, self.tls_context, server_side=True, ssl_handshake_timeout=30
            )
        except BaseException:
            self.abort()
            raise
        self._upgrading = False
        if upgraded is None:
            raise ConnectionResetError("the peer left during the TLS handshake")
        self._transport = upgraded
        self._transport.set_write_buffer_limits(high=OUTPUT_HIGH_WATER)

    def set_idle_limit(self, seconds: float) -> None:
        """Close after this much silence from the peer; 0 for never. Replaces the former limit."""
        self._idle_limit_s = seconds
        self._arm()

    def set_deadline(self, seconds: float | None) -> None:
        """The phase begun now must end within this time, however busy the peer looks."""
        self._deadline = None if seconds is None else self.loop.time() + seconds
        self._arm()

    def abort(self) -> None:
        """Cut the connection at once, unsent octets are dropped."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Send what is ready, then close."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    # inside

    def _feed(self, data: bytes) -> None:
        if self._session is None:
            return
        try:
            self._events.extend(self._session.engine.receive(data))
        except PeerError as error:
            self._break(error)
            return
        if self._task is None:
            self._pump()
        elif self._session.engine.buffered > BUFFERED_INPUT_LIMIT and not self._reading_paused:
            self._reading_paused = True
            cast("asyncio.Transport", self._transport).pause_reading()

    def _feed_eof(self) -> None:
        session = cast("Session", self._session)
        try:
            self._events.extend(session.engine.receive_eof())
        except PeerError as error:
            self._break(error)
            return
        self._pump()

    def _pump(self) -> None:
        """Hand events to the session until one must wait or none is left."""
        session = cast("Session", self._session)
        while not self._is_lost:
            while self._events:
                waiting = session.handle(self._events.popleft())
                if waiting is not None:
                    self._run(waiting)
                    return
            try:
                self._events.extend(session.engine.receive(b""))
            except PeerError as error:
                self._break(error)
                return
            if not self._events:
                break
        self.flush()

    def _run(self, waiting: Coroutine[Any, Any, None] | None) -> None:
        if waiting is None:
            self.flush()
            return
        self._task = self.loop.create_task(self._work(waiting))

    def _run_more(self, waiting: Coroutine[Any, Any, None]) -> None:
        if self._task is None:
            self._task = self.loop.create_task(self._work(waiting))
        else:  # a handler is at work and will drain; keep the order by running inside it
            self._events.appendleft(waiting)

    async def _work(self, waiting: Coroutine[Any, Any, None]) -> None:
        try:
            await waiting
            await self.drain()
        except (ConnectionError, ssl.SSLError, asyncio.CancelledError):
            self._task = None
            self.abort()
            return
        except PeerError as error:
            self._task = None
            self._break(error)
            return
        except BaseException as error:
            self._task = None
            self.abort()
            self.loop.call_exception_handler(
                {"message": "a session failed; its connection was cut", "exception": error}
            )
            return
        self._task = None
        self._last_heard = self.loop.time()
        if self._is_lost:
            return
        if self._reading_paused:
            self._reading_paused = False
            cast("asyncio.Transport", self._transport).resume_reading()
        self._pump()
        if self._peer_has_ended and not self.is_busy:
            self._feed_eof()
            if self._task is None:
                self.close()

    def _break(self, error: PeerError) -> None:
        session = cast("Session", self._session)
        self._events.clear()
        session.broken(error)
        if self._task is None:
            self.close()
        else:
            self._task.cancel()

    def _write(self, chunks: list[bytes]) -> None:
        transport = cast("asyncio.Transport", self._transport)
        if self.recorder is not None:
            for chunk in chunks:
                self.recorder.sent(chunk)
        if len(chunks) == 1:
            transport.write(chunks[0])
        else:
            transport.write(b"".join(chunks))

    async def _stream(self, chunks: list[Chunk]) -> None:
        ready: list[bytes] = []
        for chunk in chunks:
            if isinstance(chunk, bytes):
                ready.append(chunk)
                continue
            if ready:
                self._write(ready)
                ready = []
            await self._stream_blob(chunk)
        if ready and not self._is_lost:
            self._write(ready)
        await self._wait_until_drained()

    async def _stream_blob(self, part: BlobSlice) -> None:
        sent = 0
        while sent < part.length:
            await self._wait_until_drained()
            octets = await part.blob.read(part.offset + sent, min(STREAM_STEP, part.length - sent))
            if not octets:
                raise ConnectionResetError("a stored message is shorter than its index says")
            self._write([octets])
            sent += len(octets)

    async def _wait_until_drained(self) -> None:
        while self._write_paused and not self._is_lost:
            self._drained = self.loop.create_future()
            await self._drained
        if self._is_lost:
            raise ConnectionResetError("the peer is gone")

    def _arm(self) -> None:
        """Keep exactly one timer, set for the nearer of idle limit and deadline."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._due()
        if due is not None and not self._is_lost:
            self._timer = self.loop.call_at(due, self._check_time)

    def _due(self) -> float | None:
        idle = self._last_heard + self._idle_limit_s if self._idle_limit_s else None
        if idle is None or self._deadline is None:
            return idle if self._deadline is None else self._deadline
        return min(idle, self._deadline)

    def _check_time(self) -> None:
        self._timer = None
        due = self._due()
        if due is None or self._is_lost:
            return
        if self.loop.time() < due:
            self._arm()
            return
        if self._task is not None and (self._deadline is None or self.loop.time() < self._deadline):
            # We are the slow side, unless it is the peer who does not read.
            if not self._write_paused:
                self._last_heard = self.loop.time()
                self._arm()
                return
        cast("Session", self._session).timed_out()
        if self._task is not None:
            self._task.cancel()
            self.abort()
        else:
            self.close()
            self.abort_later()

    def abort_later(self, seconds: float = 5.0) -> None:
        """Give a closing peer this long to read the farewell, then cut the connection."""
        self.loop.call_later(seconds, self._abort_if_open)

    def _abort_if_open(self) -> None:
        if not self._is_lost:
            self.abort()


def socket_address(name: object) -> tuple[str, int]:
    """Host and port of a peername; a Unix socket gives its path (or "unix") and 0."""
    if isinstance(name, tuple) and len(name) >= 2:
        return str(name[0]), int(name[1])
    return (str(name) if name else "unix"), 0
