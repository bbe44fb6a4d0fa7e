"""Run the server of `correo dev` in a thread of the test's process: seven listeners, one authority.

One `MailServer` serves many tests in turn: ports, certificate and event loop stay, so that what was
configured once with a port goes on working; accounts, mail and connections are each test's own (see
`household`). It has a thread and an event loop of its own, keeps nothing global, and takes whatever
ports are free, so that any number of them run beside each other (pytest-xdist).

Cost: 25 ms to start, of which making the authority is half; 1 ms for a new household. Importing
the server takes about half a second, once in a process.
"""

import asyncio
import logging
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from correo.app.config import LISTENERS
from correo.net.driver import Connection
from correo.net.limits import ConnectionLimits
from correo.net.listener import Listener, Service, TlsUse, bind
from correo.net.session import Session
from correo.net.tls import ServerTls, development_certificate
from correo.testing.household import HOSTNAME, Household, HouseholdOptions

__all__ = ["Endpoint", "MailServer"]

HOST = "127.0.0.1"
CERTIFIED = ("localhost", HOST, "::1", HOSTNAME)
OTHER_HOST = "elsewhere.example"
TLS_WAYS = ("untrusted", "name", "handshake")
MOST_CONNECTIONS = 10_000
CALL_LIMIT_S = 60.0  # for anything asked of the loop; beyond, something of ours hangs
EMPTY_LIMIT_S = 1.0  # for cut connections to be gone

T = TypeVar("T")
log = logging.getLogger("correo.testing")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a listener is, in the words of endpoints.json; tls: "starttls" or "implicit"."""

    host: str
    port: int
    tls: str


class MailServer:
    """Start it once, `open` a household for each test, `stop` it at the end; from any thread.

    Args:
        folder: gets the certificates; an authority that is there already is used again.

    Attributes:
        listeners: by name, once started: smtp, submission, submissions, pop3, pop3s, imap, imaps.
        ca_certificate: the PEM file of the authority that clients have to trust.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = threading.Thread(target=self._run, name="correo", daemon=True)
        self._loop = uvloop.new_event_loop()
        self._listening: list[Listener] = []
        self._sockets: list[socket.socket] = []
        self._household: Household | None = None
        self._is_tls_broken = False
        self.listeners: dict[str, Endpoint] = {}
        self.ca_certificate = folder / "ca.pem"
        self.tls: ServerTls

    def start(self) -> None:
        """Listen; on return every port accepts."""
        files = development_certificate(self._folder, CERTIFIED)
        self.tls = ServerTls(files)
        self._thread.start()
        self.call(self._listen())

    def stop(self) -> None:
        """Cut what is open, close the ports, end the thread."""
        self.call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def open(self, options: HouseholdOptions | None = None) -> Household:
        """A fresh household, to which all connections go from now on."""
        return self.call(self._open(options or HouseholdOptions()))

    def close(self) -> None:
        """Cut all connections and forget the household's mail."""
        self.call(self._close())

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this in the server's event loop and wait for it; from any other thread."""
        return self.submit(work).result(CALL_LIMIT_S)

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run this in the server's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def break_tls(self, way: str) -> None:
        """Spoil the TLS of connections to come, until the household is closed.

        Args:
            way: "untrusted", a certificate by somebody nobody trusts; "name", one for another
                host; "handshake", none at all.
        """
        if way not in TLS_WAYS:
            raise ValueError(f"TLS can be broken as {', '.join(TLS_WAYS)}, not {way!r}")
        self.call(self._break_tls(way))

    # in the loop

    async def _break_tls(self, way: str) -> None:
        if way == "handshake":
            self.tls.context.sni_callback = refuse_handshake
            return
        folder = self._folder / way
        if way == "name" and not folder.exists():
            folder.mkdir(mode=0o700)
            for name in ("ca.pem", "ca.key"):
                shutil.copy(self._folder / name, folder / name)
        names = (OTHER_HOST,) if way == "name" else CERTIFIED
        self.tls.reload(development_certificate(folder, names))
        self._is_tls_broken = True

    def _mend_tls(self) -> None:
        self.tls.context.sni_callback = None
        if self._is_tls_broken:
            self._is_tls_broken = False
            self.tls.reload(development_certificate(self._folder, CERTIFIED))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(self._take_failure)
        self._loop.run_forever()

    async def _listen(self) -> None:
        limits = ConnectionLimits(MOST_CONNECTIONS, MOST_CONNECTIONS)
        for name, (_, tls_use) in LISTENERS.items():
            listening = bind(HOST, 0)
            self._sockets.append(listening)
            service = Service(name, self._session_maker(name), TlsUse(tls_use), turned_away)
            listener = Listener(service, listening, tls=self.tls, limits=limits)
            await listener.start()
            self._listening.append(listener)
            self.listeners[name] = Endpoint(*listener.address, tls_use)

    def _session_maker(self, name: str) -> Callable[[Connection], Session]:
        def make_session(connection: Connection) -> Session:
            if self._household is None:
                raise ConnectionResetError("no test is running")
            return self._household.make_session(name, connection)

        return make_session

    async def _open(self, options: HouseholdOptions) -> Household:
        await self._close()
        household = Household(options)
        await household.open()
        self._household = household
        return household

    async def _close(self) -> None:
        household, self._household = self._household, None
        self._mend_tls()
        for listener in self._listening:
            for connection in list(listener.connections):
                connection.abort()
        for listener in self._listening:
            try:
                async with asyncio.timeout(EMPTY_LIMIT_S):
                    await listener.wait_until_empty()
            except TimeoutError:
                log.warning("a connection to %s did not end", listener.service.name)
        if household is not None:
            await household.close()

    async def _end(self) -> None:
        await self._close()
        for listener in self._listening:
            listener.stop_accepting()
        for listening in self._sockets:
            listening.close()
        await self._loop.shutdown_default_executor()

    def _take_failure(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody has caught is a mistake of ours: the test shall fail."""
        error = context.get("exception")
        if isinstance(error, ConnectionError):
            return  # a peer that left in the middle of a handshake
        log.error("%s", context.get("message", "unhandled failure"), exc_info=error)
        if self._household is not None and isinstance(error, BaseException):
            self._household.failures.append(error)


def refuse_handshake(*_: object) -> int:
    """An `sni_callback` that ends every handshake with an alert."""
    return int(ssl.AlertDescription.ALERT_DESCRIPTION_HANDSHAKE_FAILURE)


def turned_away(reason: str) -> bytes:
    """Nobody is, in a test: the limits are far away."""
    return reason.encode() + b"\r\n"
