"""Drive a protocol engine from a socket: octets in, events out, answers back.

One `Connection` per accepted socket joins a transport to a `Session` (in `servers/`), which
owns the engine. `data_received -> engine.receive -> session.handle -> one write`: no stream
reader, no queue and no task per command unless the handler really has to wait.

A handler that returns a coroutine makes the connection busy: one task awaits it and what follows
in the pipeline; until then the engine keeps what arrives in its buffer. An idle connection owns
no task and one timer. The socket itself, TLS and pauses in reading are `net/link.py`.

RFC 5321    4.5.3.2  time-outs (the numbers are the sessions' affair)
"""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

from correo.base.errors import PeerError
from correo.base.pause import Pause
from correo.net.beside import Beside
from correo.net.eager import begin
from correo.net.link import Link
from correo.net.pace import Pace
from correo.net.session import Session

__all__ = ["Connection"]


class Connection(Link):
    """One accepted socket; joins transport, engine and session, and knows no protocol.

    Args:
        make_session: called once with this connection when the socket opens.
        admit: asked first; last words for a connection that is over a limit, else None.
        on_closed: called once, after the session's `closed`.
        tls, peer, local, end_point: see `Link`.
    """

    __slots__ = (
        "__weakref__",
        "_admit",
        "_beside",
        "_eof_is_told",
        "_errand",
        "_is_closing",
        "_is_stopping",
        "_make_session",
        "_on_closed",
        "_session",
        "_task",
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
        super().__init__(tls, peer, local, end_point)
        self._make_session = make_session
        self._admit = admit
        self._on_closed = on_closed
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._beside: Beside | None = None
        self._errand: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._eof_is_told = False
        self._is_closing = False  # close() was called while a handler was at work
        self._is_stopping = False

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._guarded(self._open)

    def data_received(self, data: bytes) -> None:
        if self._is_ending:
            return
        self._patience.heard()
        self._guarded(self._feed, data)

    def eof_received(self) -> bool:
        self._peer_has_ended = True
        if not self._is_at_work and not self._is_ending:
            self._guarded(self._tell_eof)
        # A plain connection stays half open until the answer is out; TLS knows no half.
        return self._is_at_work and not self.is_tls

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_lost:
            return
        self._is_lost = True
        self._patience.stop()
        self._output.lost()
        self._input.events.clear()
        if not self._is_at_work:
            self._guarded(self._finish)
            return
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        if self._beside is not None:
            self._beside.cancel()

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

    def run(self, errand: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do what no event asked for, as a handler does: now, or when none is at work any more.

        One errand waits at a time; another takes its place.
        """
        if self._errand is None:
            self.loop.call_soon(self._run_errand)
        self._errand = errand

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it up to its first wait, and the rest beside the handlers that follow.

        When it ends, what it has put in the engine is sent, and what the engine held back goes on.
        The connection is not closed before; if it is lost, the work is cancelled.
        """
        if self._beside is None:
            self._beside = Beside(self.loop, ended=self._go_on, failed=self._report)
        self._beside.begin(work)

    def close(self) -> None:
        """Send what is ready, then close; a handler at work sends its answer first."""
        self._is_closing = True
        if not self._is_busy:
            self._guarded(self._come_to_rest)

    def stop(self) -> None:
        """The server ends: say farewell as soon as no handler is at work, and close."""
        self._is_stopping = True
        if not self._is_at_work and not self._is_ending:
            self._guarded(self._say_stopping)

    # inside: the pipeline

    def _run_errand(self) -> None:
        if not self._is_busy and self._session is not None:
            self._guarded(self._come_to_rest)

    def _open(self) -> None:
        last_words = self._admit(self) if self._admit is not None else None
        if last_words is not None:
            self._output.put([last_words])
            self._end()
            return
        self._session = self._make_session(self)
        self._input.engine = self._session.engine
        self._start(self._session.connected(self) or self._pump())

    def _feed(self, data: bytes) -> None:
        self._input.feed(data)
        if not self._is_busy:
            self._pump_and_start()
        elif self._has_enough or self._input.broken:
            self._mind_reading()

    def _pump_and_start(self) -> None:
        self._start(self._pump())

    def _pump(self) -> Coroutine[Any, Any, None] | None:
        """Hand events to the session; a handler's coroutine, or None when none is left."""
        session, incoming = self._session, self._input
        if session is None:
            return None
        pace = Pace()
        while not self._is_lost:
            while incoming.events:
                event = incoming.events.pop(0)
                if type(event) is Pause:
                    return asyncio.sleep(0)
                waiting = session.handle(event)
                if waiting is not None:
                    return waiting
                if pace.is_over:
                    return asyncio.sleep(0)  # a peer that pipelines much is not alone
            if incoming.broken is None:
                incoming.ask_again()
            if not incoming.events:
                is_over = incoming.broken is not None or not incoming.has_more_to_inflate
                return None if is_over else asyncio.sleep(0)  # a little may inflate to very much
        return None

    def _start(self, waiting: Coroutine[Any, Any, None] | None) -> None:
        """Await a handler and what follows it in a task; without one, send what is ready."""
        if waiting is None:
            self._come_to_rest()
            return
        self._is_busy = True
        task = begin(self.loop, self._work(waiting))
        if task is not None:
            self._task = task

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
            self._input.broken = error
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
        if self._input.broken is not None:
            self._break()
            return
        self.flush()
        if self._is_at_work or self._is_ending:
            return
        if self._errand is not None and not self._is_lost:
            errand, self._errand = self._errand, None
            self._start(errand())
            return
        if self._is_closing:
            self._end()
        elif self._is_stopping:
            self._say_stopping()
        elif self._peer_has_ended:
            self._tell_eof()

    def _go_on(self) -> None:
        """Work beside has ended."""
        self._patience.heard()
        if self._is_busy:
            self.flush()
        else:
            self._guarded(self._finish if self._is_lost else self._pump_and_start)

    def _tell_eof(self) -> None:
        session = self._session
        if session is None or self._eof_is_told:
            self._end()
            return
        self._eof_is_told = True
        self._input.end()
        self._start(self._pump())
        if not self._is_busy:
            self._end()

    def _guarded(self, step: Callable[..., None], *arguments: Any) -> None:
        """The top of every connection: what fails here ends it, and no other."""
        try:
            step(*arguments)
        except PeerError as error:
            self._input.broken = error
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
        session, error = self._session, self._input.broken
        self._input.events.clear()
        if session is not None and error is not None and not self._is_ending:
            session.broken(error)
        self._say_farewell()

    def _out_of_time(self) -> None:
        if self._is_at_work or self._session is None:  # it does not read, or never let us begin
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

    @property
    def _is_at_work(self) -> bool:
        return self._is_busy or bool(self._beside)

    def _finish(self) -> None:
        if self._is_at_work:
            return  # until the last of it has ended
        session, self._session = self._session, None
        self._input.engine = None
        try:
            if session is not None:
                session.closed()
        finally:
            if self._on_closed is not None:
                self._on_closed(self)
