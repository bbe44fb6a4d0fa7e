"""Listeners over real sockets: limits, proxies, TLS from the first octet, clear errors."""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from correo.net.driver import Connection
from correo.net.limits import ConnectionLimits
from correo.net.listener import Listener, ListenError, Service, TlsUse, bind, bind_unix
from correo.net.tls import ServerTls
from correo.testing.toy import ToySession

Run = Callable[[Coroutine[Any, Any, None]], None]
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def turned_away(reason: str) -> bytes:
    return f"go away: {reason}\n".encode()


@contextlib.asynccontextmanager
async def listening(
    listening_socket: socket.socket,
    tls_use: TlsUse = TlsUse.NONE,
    *,
    tls: ServerTls | None = None,
    limits: ConnectionLimits | None = None,
    proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (),
    make_session: Callable[[Connection], ToySession] = ToySession,
) -> AsyncIterator[Listener]:
    service = Service("toy", make_session, tls_use, turned_away, proxies)
    limits = limits or ConnectionLimits(100, 100)
    listener = Listener(service, listening_socket, tls=tls, limits=limits)
    await listener.start()
    try:
        yield listener
    finally:
        await asyncio.sleep(0.01)  # who is in the backlog comes in
        listener.stop_accepting()
        while listener.connections:
            for connection in list(listener.connections):
                connection.abort()
            await asyncio.sleep(0.01)
        listening_socket.close()


def test_a_connection_over_the_limit_is_told_and_counts_no_more(run: Run) -> None:
    async def flow() -> None:
        async with listening(bind("127.0.0.1", 0), limits=ConnectionLimits(1, 1)) as listener:
            reader, writer = await asyncio.open_connection(*listener.address)
            assert await reader.readline() == b"hello\n"
            other_reader, other = await asyncio.open_connection(*listener.address)
            assert await other_reader.read() == b"go away: too many connections\n"
            other.close()
            await other.wait_closed()
            assert len(listener.connections) == 1
            writer.close()
            await writer.wait_closed()
            while listener.connections:
                await asyncio.sleep(0.002)
            reader, writer = await asyncio.open_connection(*listener.address)
            assert await reader.readline() == b"hello\n"
            writer.close()
            await writer.wait_closed()

    run(flow())


def test_connections_that_are_open_stay_when_accepting_stops(run: Run) -> None:
    async def flow() -> None:
        async with listening(bind("127.0.0.1", 0)) as listener:
            reader, writer = await asyncio.open_connection(*listener.address)
            assert await reader.readline() == b"hello\n"
            listener.stop_accepting()
            writer.write(b"ask still here\n")
            assert await reader.readline() == b"still here\n"
            writer.close()
            await writer.wait_closed()

    run(flow())


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("pieces", [1, 5])
def test_behind_a_proxy_the_real_peer_is_known_and_tls_may_follow_at_once(
    run: Run, server_tls: ServerTls, trusting: ssl.SSLContext, implicit: bool, pieces: int
) -> None:
    peers: list[tuple[str, int]] = []

    def make_session(connection: Connection) -> ToySession:
        peers.append(connection.peer)
        return ToySession(connection)

    async def flow() -> None:
        tls_use = TlsUse.IMPLICIT if implicit else TlsUse.NONE
        async with listening(
            bind("127.0.0.1", 0),
            tls_use,
            tls=server_tls,
            proxies=LOOPBACK,
            make_session=make_session,
        ) as listener:
            raw = socket.create_connection(listener.address)
            header = b"PROXY TCP4 192.0.2.77 127.0.0.1 4242 25\r\n"
            step = -(-len(header) // pieces)
            for at in range(0, len(header), step):
                raw.sendall(header[at : at + step])
                await asyncio.sleep(0.005)
            reader, writer = await asyncio.open_connection(
                sock=raw,
                ssl=trusting if implicit else None,
                server_hostname="localhost" if implicit else None,
            )
            assert await reader.readline() == b"hello\n"
            assert peers == [("192.0.2.77", 4242)]
            writer.write(b"quit\n")
            assert await reader.readline() == b"bye\n"
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    run(flow())


@pytest.mark.parametrize("said", [b"EHLO x\r\n", b"PROXY TCP4 nonsense\r\n", b""])
def test_a_proxy_that_sends_no_header_is_cut(run: Run, said: bytes) -> None:
    async def flow() -> None:
        async with listening(bind("127.0.0.1", 0), proxies=LOOPBACK) as listener:
            reader, writer = await asyncio.open_connection(*listener.address)
            writer.write(said)
            writer.write_eof()
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()

    run(flow())


def test_a_header_from_a_stranger_is_not_believed(run: Run) -> None:
    async def flow() -> None:
        others = (ipaddress.ip_network("10.0.0.0/8"),)
        async with listening(bind("127.0.0.1", 0), proxies=others) as listener:
            reader, writer = await asyncio.open_connection(*listener.address)
            with contextlib.suppress(ConnectionError):
                writer.write(b"PROXY TCP4 192.0.2.77 127.0.0.1 4242 25\r\n")
                assert await reader.read() == b""
            writer.close()

    run(flow())


def test_a_unix_socket_serves_and_a_stale_one_is_replaced(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "lmtp"

    async def flow() -> None:
        async with listening(bind_unix(path)) as listener:
            assert listener.address == (str(path), 0)
            reader, writer = await asyncio.open_unix_connection(str(path))
            assert await reader.readline() == b"hello\n"
            with pytest.raises(ListenError, match="in use by another server"):
                bind_unix(path)
            writer.close()
            await writer.wait_closed()

    run(flow())
    if not path.exists():
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(path))
        stale.close()
    bind_unix(path).close()


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"port {port} on 127.0.0.1 is taken.*--port-offset"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [
        ("203.0.113.250", 2025, "cannot listen on 203.0.113.250"),
        ("no such host", 2025, "not an address of this machine"),
        ("127.0.0.1", 70000, "70000"),
    ],
)
def test_an_impossible_address_is_named(host: str, port: int, sentence: str) -> None:
    with pytest.raises(ListenError, match=sentence):
        bind(host, port)
