"""A listening toy server, for the tests of what drives a connection."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from correo.net.driver import Connection
from correo.net.tls import ServerTls
from correo.testing.toy import ToySession

Run = Callable[[Coroutine[Any, Any, None]], None]


@dataclass
class Toy:
    """A listening toy server and the sessions it has had."""

    port: int = 0
    sessions: list[ToySession] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    gone: int = 0
    before: Callable[[Connection], None] = lambda connection: None

    @property
    def session(self) -> ToySession:
        return self.sessions[-1]

    def make(self, connection: Connection) -> ToySession:
        self.connections.append(connection)
        self.sessions.append(ToySession(connection))
        self.before(connection)
        return self.sessions[-1]

    def count(self, connection: Connection) -> None:
        self.gone += 1

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await asyncio.sleep(0.002)

    async def client(
        self, context: ssl.SSLContext | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=context, limit=1 << 20
        )
        assert await reader.readline() == b"hello\n"
        return reader, writer


@contextlib.asynccontextmanager
async def toy_server(
    tls: ServerTls | None = None, *, implicit: bool = False, send_buffer: int = 0
) -> AsyncIterator[Toy]:
    toy = Toy()
    context = tls.context if tls is not None else None
    listening = socket.create_server(("127.0.0.1", 0))
    if send_buffer:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(
            toy.make,
            tls=None if implicit else context,
            on_closed=toy.count,
            end_point=tls.end_point if tls is not None else None,
        ),
        sock=listening,
        ssl=context if implicit else None,
    )
    toy.port = listening.getsockname()[1]
    try:
        yield toy
    finally:
        server.close()


async def everything(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.read(-1), 10)


async def ended(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def reset(writer: asyncio.StreamWriter) -> None:
    """Vanish: the other side sees a reset, not an end."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
