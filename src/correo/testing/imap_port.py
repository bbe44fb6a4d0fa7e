"""Offer the IMAP server of an `ImapWorld` on a port of loopback, for clients that need a socket.

async with ImapPort(world) as port:
    client = await port.client("ana")
"""

import asyncio
from types import TracebackType
from typing import Self

from correo.clients.imap import ImapClient, TlsMode
from correo.net.driver import Connection
from correo.testing.imap_world import PASSWORD, ImapWorld

__all__ = ["ImapPort"]


class ImapPort:
    """connections: those that were made, in order; for a test to cut."""

    def __init__(self, world: ImapWorld) -> None:
        self.world = world
        self.number = 0
        self.connections: list[Connection] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, "127.0.0.1", 0)
        self.number = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.sleep(0)

    def cut(self) -> None:
        """Cut all connections, as a network does."""
        for connection in self.connections:
            connection.abort()

    async def client(self, name: str = "ana", *, timeout: float = 20.0) -> ImapClient:
        """A client that has logged in."""
        client = await ImapClient.connect(
            "127.0.0.1", self.number, tls=TlsMode.NONE, timeout=timeout
        )
        await client.login(name, PASSWORD, mechanism="PLAIN", may_show_password=True)
        return client

    def _accept(self) -> Connection:
        connection = Connection(self.world.server.make_session)
        self.connections.append(connection)
        return connection
