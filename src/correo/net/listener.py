"""Accept connections for one service and hand each to a `Connection`.

`bind` opens the sockets (before privileges are dropped and workers forked); every worker makes a
`Listener` over the same sockets. The kernel hands each connection to one of them.

RFC 8314    3.3      implicit TLS
The PROXY protocol 2: only from proxies we were told to trust, and then always
"""

import asyncio
import errno
import os
import socket
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from correo.base.errors import CorreoError, PeerError
from correo.net import proxy
from correo.net.addresses import Network, is_in
from correo.net.driver import Connection
from correo.net.limits import Admission, ConnectionLimits
from correo.net.session import Session
from correo.net.tls import ServerTls

__all__ = ["BACKLOG", "ListenError", "Listener", "Service", "TlsUse", "bind", "bind_unix"]

BACKLOG = 1024
PROXY_HEADER_LIMIT_S = 5.0


class ListenError(CorreoError):
    """A port cannot be had; one sentence that names it and the way out."""


class TlsUse(Enum):
    """When TLS begins, in the words of endpoints.json."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class Service:
    """What a listener offers.

    turned_away: says, in the protocol's own words, why a connection over a limit is not served.
    trusted_proxies: if any, every connection begins with a PROXY header and comes from these.
    """

    name: str
    make_session: Callable[[Connection], Session]
    tls_use: TlsUse
    turned_away: Callable[[str], bytes]
    trusted_proxies: tuple[Network, ...] = ()


def bind(host: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises ListenError."""
    if not 0 <= port <= 65535:
        raise ListenError(f"{port} is not a port: ports end at 65535, choose a lower --port-offset")
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ListenError(
            f"{host!r} is not an address of this machine: check --host or the host settings"
        ) from error
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise ListenError(explain(host, port, error)) from error
    return listening


def explain(host: str, port: int, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return (
            f"port {port} on {host} needs privileges: start as root, give correo "
            "CAP_NET_BIND_SERVICE, or choose other ports with --port-offset"
        )
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is taken by another program: stop it, or choose other ports "
            "with --port-offset"
        )
    return f"cannot listen on {host} port {port} ({error.strerror}): check --host and --port-offset"


def bind_unix(path: Path) -> socket.socket:
    """A listening Unix socket; one left over from a dead server is replaced. Raises ListenError."""
    if is_served(path):
        raise ListenError(f"{path} is in use by another server: stop it first")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()
        listening.bind(str(path))
        os.chmod(path, 0o660)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise ListenError(f"cannot listen on {path} ({error.strerror}): check the path") from error
    return listening


def is_served(path: Path) -> bool:
    """Whether somebody accepts connections on this Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0


class Listener:
    """One service on one socket, in one worker.

    `connections` holds those that are open now.
    """

    def __init__(
        self,
        service: Service,
        listening: socket.socket,
        *,
        tls: ServerTls | None,
        limits: ConnectionLimits,
    ) -> None:
        self.service = service
        self.connections: set[Connection] = set()
        self._socket = listening
        self._tls = tls
        self._limits = limits
        self._server: asyncio.Server | None = None
        self._arrivals: set[asyncio.Task[None]] = set()
        self._emptied: asyncio.Future[None] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port as bound; a Unix socket gives its path and 0."""
        name = self._socket.getsockname()
        return (name, 0) if isinstance(name, str) else (name[0], name[1])

    async def start(self) -> None:
        """Accept from now on."""
        loop = asyncio.get_running_loop()
        if self.service.trusted_proxies:
            loop.add_reader(self._socket.fileno(), self._accept_behind_proxy)
        elif self._socket.family == socket.AF_UNIX:
            self._server = await loop.create_unix_server(
                self._connection, sock=self._socket, backlog=BACKLOG
            )
        else:
            self._server = await loop.create_server(
                self._connection, sock=self._socket, backlog=BACKLOG, ssl=self._implicit_context()
            )

    def stop_accepting(self) -> None:
        """Connections that are open stay so."""
        if self._server is not None:
            self._server.close()
            self._server = None
        elif self.service.trusted_proxies and self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
        for arrival in self._arrivals:
            arrival.cancel()

    async def wait_until_empty(self) -> None:
        """Return when no connection is open; for one waiter, after stop_accepting."""
        if self.connections:
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied

    def _implicit_context(self) -> ssl.SSLContext | None:
        if self.service.tls_use is TlsUse.IMPLICIT and self._tls is not None:
            return self._tls.context
        return None

    def _connection(
        self,
        peer: tuple[str, int] | None = None,
        local: tuple[str, int] | None = None,
    ) -> Connection:
        starttls = self.service.tls_use is TlsUse.STARTTLS and self._tls is not None
        return Connection(
            self.service.make_session,
            tls=self._tls.context if starttls and self._tls is not None else None,
            admit=self._admit,
            on_closed=self._forget,
            peer=peer,
            local=local,
            end_point=self._tls.end_point if self._tls is not None else None,
        )

    def _admit(self, connection: Connection) -> bytes | None:
        admission = self._limits.admit(connection.peer[0])
        if admission is not Admission.WELCOME:
            return self.service.turned_away(admission.value)
        self.connections.add(connection)
        return None

    def _forget(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.discard(connection)
            self._limits.leave(connection.peer[0])
            if not self.connections and self._emptied is not None and not self._emptied.done():
                self._emptied.set_result(None)

    # behind a proxy: the header comes before everything else, TLS included

    def _accept_behind_proxy(self) -> None:
        try:
            accepted, _ = self._socket.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._pause_accepting()
            return  # another worker was faster, or the peer has gone
        accepted.setblocking(False)
        arrival = asyncio.get_running_loop().create_task(self._arrive(accepted))
        self._arrivals.add(arrival)
        arrival.add_done_callback(self._arrivals.discard)

    def _pause_accepting(self) -> None:
        """Out of file descriptors: do not spin until some are free."""
        loop, descriptor = asyncio.get_running_loop(), self._socket.fileno()
        loop.remove_reader(descriptor)
        loop.call_later(1.0, loop.add_reader, descriptor, self._accept_behind_proxy)

    async def _arrive(self, accepted: socket.socket) -> None:
        try:
            self._check_is_trusted(accepted)
            async with asyncio.timeout(PROXY_HEADER_LIMIT_S):
                header = await read_header(accepted)
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._connection(header.source, header.destination),
                accepted,
                ssl=self._implicit_context(),
            )
        except (PeerError, OSError, TimeoutError):
            accepted.close()
        except asyncio.CancelledError:
            accepted.close()
            raise

    def _check_is_trusted(self, accepted: socket.socket) -> None:
        name = accepted.getpeername()
        if not is_in(name[0], self.service.trusted_proxies):
            raise PeerError(f"{name[0]} is not a trusted proxy")


async def read_header(accepted: socket.socket) -> proxy.ProxyHeader:
    """Take the PROXY header off the socket and not one octet more.

    Raises PeerError, OSError.
    """
    taken = b""
    while True:
        await readable(accepted)
        seen = accepted.recv(4096, socket.MSG_PEEK)
        if not seen:
            raise PeerError("the proxy closed the connection before its header was complete")
        header = proxy.parse(taken + seen)
        if header is not None:
            accepted.recv(header.length - len(taken))
            return header
        taken += accepted.recv(len(seen))


async def readable(accepted: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(accepted.fileno(), lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(accepted.fileno())
