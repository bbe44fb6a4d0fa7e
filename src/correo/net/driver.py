"""Drive a protocol engine from a socket: octets in, events out, answers back.

One `Connection` per accepted socket joins a transport to a `Session` (in `servers/`), which
owns the engine. `data_received -> engine.receive -> session.handle -> one write`: no stream
reader, no queue and no task per command unless the handler really has to wait.

A handler that returns a coroutine makes the connection busy: one task awaits it and what follows
in the pipeline; until then the engine keeps what arrives in its buffer. An idle connection owns
no task and one timer. A peer that does not read is not read from either.

RFC 5321    4.5.3.2  time-outs (the numbers are the sessions' affair)
RFC 3207    4.2      nothing sent in clear survives STARTTLS (CVE-2011-0411)
"""

import asyncio
import ssl
import sys
from collections.abc import Callable, Coroutine
from typing import Any, cast

from correo.base.errors import PeerError
from correo.net.deflate import Deflating, Inflating
from correo.net.output import Output, Recorder
from correo.net.pace import Pace
from correo.net.patience import Patience
from correo.net.session import Session

__all__ = ["Connection", "Recorder", "socket_address"]

BUFFERED_INPUT_LIMIT = 256 * 1024  # octets kept while a handler works; then the peer waits
HANDSHAKE_LIMIT_S = 30.0
FAREWELL_LIMIT_S = 5.0  # for a peer to read our last words and close


class Connection(asyncio.Protocol):
    """One accepted socket; joins transport, engine and session, and knows no protocol.

    Args:
        make_session: called once with this connection when the socket opens.
        tls: the context for STARTTLS (implicit TLS is the listener's affair).
        admit: asked first; last words for a connection that is over a limit, else None.
        on_closed: called once, after the session's `closed`.
        peer: who is really there, where a proxy in front has said so.
        end_point: gives the hash of the certificate in use, for channel binding; b"" for none.
    """

    __slots__ = (
        "__weakref__",
        "_admit",
        "_broken",
        "_end_point",
        "_eof_is_told",
        "_events",
        "_inflating",
        "_is_busy",
        "_is_closing",
        "_is_ending",
        "_is_lost",
        "_is_stopping",
        "_make_session",
        "_on_closed",
        "_output",
        "_patience",
        "_peer_has_ended",
        "_reading_paused",
        "_session",
        "_task",
        "channel_binding",
        "local",
        "loop",
        "peer",
        "tls_context",
    )  # fmt: skip

    def __init__(
        self,
        make_session: Callable[["Connection"], Session],
        *,
        tls: ssl.SSLContext | None = None,
        admit: Callable[["Connection"], bytes | None] | None = None,
        on_closed: Callable[["Connection"], None] | None = None,
        peer: tuple[str, int] | None = None,
        local: tuple[str, int] | None = None,
        end_point: Callable[[], bytes] | None = None,
    ) -> None:
        self._make_session = make_session
        self._admit = admit
        self._on_closed = on_closed
        self._end_point = end_point
        self.tls_context = tls
        self.channel_binding: tuple[str, bytes] | None = None
        self.peer: tuple[str, int] = peer or ("", 0)
        self.local: tuple[str, int] = local or ("", 0)
        self.loop = asyncio.get_running_loop()
        self._output = Output()
        self._patience = Patience(self.loop, self._out_of_time, self._is_our_turn)
        self._session: Session | None = None
        self._events: list[Any] = []  # rarely more than one: engines hold the pipeline
        self._task: asyncio.Task[None] | None = None
        self._is_busy = False
        self._reading_paused = False
        self._broken: PeerError | None = None
        self._peer_has_ended = False
        self._eof_is_told = False
        self._is_closing = False  # close() was called while a handler was at work
        self._is_stopping = False
        self._is_ending = False  # our last words are said; what comes is thrown away
        self._is_lost = False
        self._inflating: Inflating | None = None  # what comes is compressed

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._output.use(cast("asyncio.Transport", transport))
        self.peer = self.peer if self.peer[0] else address_of(transport, "peername")
        self.local = self.local if self.local[0] else address_of(transport, "sockname")
        self._bind_channel()
        self._guarded(self._open)

    def data_received(self, data: bytes) -> None:
        if self._is_ending:
            return
        self._patience.heard()
        if self._inflating is not None:
            self._inflating.add(data)  # and taken out piece by piece
            data = b""
        elif self._output.recorder is not None:
            self._output.recorder.received(data)
        self._guarded(self._feed, data)

    def eof_received(self) -> bool:
        self._peer_has_ended = True
        if not self._is_busy and not self._is_ending:
            self._guarded(self._tell_eof)
        # A plain connection stays half open until the answer is out; TLS knows no half.
        return self._is_busy and not self.is_tls

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_lost:
            return
        self._is_lost = True
        self._patience.stop()
        self._output.lost()
        self._events.clear()
        if not self._is_busy:
            self._guarded(self._finish)
        elif self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

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

    def flush(self) -> None:
        """Send what the engine has ready; closes when the engine says the dialogue is over.

        May be called at any time, also by who wakes a session from outside (IDLE). Blobs are
        sent in order by a task; what is flushed meanwhile goes out behind them.
        """
        if self._session is None or self._is_ending or self._is_lost:
            return
        engine = self._session.engine
        chunks = engine.take_output()
        if chunks:
            self._output.put(chunks)
        if self._is_busy:
            return  # the task at work drains and closes
        if self._output.is_waiting:
            self._start(self._output.drain())
        elif engine.is_closed:
            self._end()

    async def drain(self) -> None:
        """Send the engine's output, blobs included, and wait while the peer reads too slowly.

        Raises:
            ConnectionResetError: the peer is gone.
        """
        if self._session is None:
            return
        self._output.put(self._session.engine.take_output())
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
        return self._inflating is not None

    def start_deflate(self) -> None:
        """Compress both ways from here on; what was sent before is on its way as it was."""
        transport = self._output.transport
        if transport is not None and self._inflating is None:
            self._inflating = Inflating()
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

    def close(self) -> None:
        """Send what is ready, then close; a handler at work sends its answer first."""
        self._is_closing = True
        if not self._is_busy:
            self._guarded(self._come_to_rest)

    def stop(self) -> None:
        """The server ends: say farewell as soon as no handler is at work, and close."""
        self._is_stopping = True
        if not self._is_busy and not self._is_ending:
            self._guarded(self._say_stopping)

    # inside: the pipeline

    def _open(self) -> None:
        last_words = self._admit(self) if self._admit is not None else None
        if last_words is not None:
            self._output.put([last_words])
            self._end()
            return
        self._session = self._make_session(self)
        self._start(self._session.connected(self) or self._pump())

    def _feed(self, data: bytes) -> None:
        if self._session is None or self._broken is not None:
            return
        try:
            self._events.extend(self._session.engine.receive(data))
        except PeerError as error:
            self._broken = error  # after the answers to what came before
        if not self._is_busy:
            self._start(self._pump())
        elif self._has_enough or self._broken:
            self._mind_reading()

    def _pump(self) -> Coroutine[Any, Any, None] | None:
        """Hand events to the session; a handler's coroutine, or None when none is left."""
        session = cast("Session", self._session)
        pace = Pace()
        while not self._is_lost:
            while self._events:
                waiting = session.handle(self._events.pop(0))
                if waiting is not None:
                    return waiting
                if pace.is_over:
                    return asyncio.sleep(0)  # a peer that pipelines much is not alone
            if self._broken is None:
                self._ask_again(session)
            if not self._events:
                is_over = self._broken is not None or not self._is_more_to_inflate
                return None if is_over else asyncio.sleep(0)  # a little may inflate to very much
        return None

    @property
    def _is_more_to_inflate(self) -> bool:
        return self._inflating is not None and self._inflating.has_more

    def _ask_again(self, session: Session) -> None:
        try:
            self._events.extend(session.engine.receive(self._inflated()))
        except PeerError as error:
            self._broken = error

    def _inflated(self) -> bytes:
        if self._inflating is None or not self._inflating.has_more:
            return b""
        octets = self._inflating.take()
        if self._output.recorder is not None:
            self._output.recorder.received(octets)
        return octets

    def _start(self, waiting: Coroutine[Any, Any, None] | None) -> None:
        """Await a handler and what follows it in a task; without one, send what is ready."""
        if waiting is None:
            self._come_to_rest()
            return
        self._is_busy = True
        task = new_task(self.loop, self._work(waiting))
        self._task = None if task.done() else task

    async def _work(self, waiting: Coroutine[Any, Any, None] | None) -> None:
        pace = Pace()
        try:
            while waiting is not None:
                await waiting
                await self.drain()
                await pace.breathe()
                self._mind_reading()
                waiting = self._pump()
        except PeerError as error:
            self._broken = error
        except (ConnectionError, ssl.SSLError, asyncio.CancelledError):
            self.abort()
        except Exception as error:
            self._report(error)
        self._is_busy = False
        self._task = None
        self._patience.heard()
        self._guarded(self._finish if self._is_lost else self._come_to_rest)

    def _come_to_rest(self) -> None:
        """No event is left: send what is ready, and end if there is a reason to."""
        if self._is_ending:
            return
        self._mind_reading()
        if self._broken is not None:
            self._break()
            return
        self.flush()
        if self._is_busy or self._is_ending:
            return
        if self._is_closing:
            self._end()
        elif self._is_stopping:
            self._say_stopping()
        elif self._peer_has_ended:
            self._tell_eof()

    def _tell_eof(self) -> None:
        session = self._session
        if session is None or self._eof_is_told:
            self._end()
            return
        self._eof_is_told = True
        try:
            self._events.extend(session.engine.receive_eof())
        except PeerError as error:
            self._broken = error
        self._start(self._pump())
        if not self._is_busy:
            self._end()

    def _guarded(self, step: Callable[..., None], *arguments: Any) -> None:
        """The top of every connection: what fails here ends it, and no other."""
        try:
            step(*arguments)
        except PeerError as error:
            self._broken = error
            if not self._is_busy:
                self._break()
        except Exception as error:
            self._report(error)

    def _report(self, error: Exception) -> None:
        self.abort()
        self.loop.call_exception_handler(
            {"message": "a session failed; its connection was cut", "exception": error}
        )

    # inside: the end

    def _break(self) -> None:
        session, error = self._session, self._broken
        self._events.clear()
        if session is not None and error is not None and not self._is_ending:
            session.broken(error)
        self._say_farewell()

    def _out_of_time(self) -> None:
        if self._is_busy or self._session is None:  # it does not read, or never let us begin
            self.abort()
            return
        self._session.timed_out()
        self._say_farewell()

    def _say_stopping(self) -> None:
        if self._session is not None and not self._session.engine.is_closed:
            self._session.stopping()
        self._say_farewell()

    def _say_farewell(self) -> None:
        if self._session is not None:
            self._output.put(self._session.engine.take_output())
        self._end()

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

    def _finish(self) -> None:
        session, self._session = self._session, None
        try:
            if session is not None:
                session.closed()
        finally:
            if self._on_closed is not None:
                self._on_closed(self)

    # inside: small things

    def _mind_reading(self) -> None:
        """Read from the peer unless it does not read, or has sent enough for now."""
        transport, session = self._output.transport, self._session
        if transport is None or session is None or self._is_lost:
            return
        is_full = self._is_busy and self._has_enough
        pause = not self._is_ending and (
            self._output.is_paused or is_full or self._broken is not None
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
        waiting = len(self._inflating) if self._inflating is not None else 0
        buffered = self._session.engine.buffered if self._session is not None else 0
        return buffered + waiting > BUFFERED_INPUT_LIMIT

    def _is_our_turn(self) -> bool:
        return self._is_busy and not self._output.is_paused

    def _bind_channel(self) -> None:
        end_point = self._end_point() if self._end_point is not None and self.is_tls else b""
        if end_point:
            self.channel_binding = ("tls-server-end-point", end_point)


def new_task(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]
) -> "asyncio.Task[None]":
    """A task that runs at once up to its first wait, where Python can do that."""
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=loop, eager_start=True)
    return loop.create_task(work)


def address_of(transport: asyncio.BaseTransport, name: str) -> tuple[str, int]:
    return socket_address(transport.get_extra_info(name))


def socket_address(name: object) -> tuple[str, int]:
    """Host and port of a peername; a Unix socket gives its path (or "unix") and 0."""
    if isinstance(name, tuple) and len(name) >= 2:
        return str(name[0]), int(name[1])
    return (str(name) if name else "unix"), 0
