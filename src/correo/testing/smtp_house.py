"""An SMTP server on loopback over the fake intake, for tests of servers and of clients."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from correo.accounts.administration import Administration
from correo.accounts.authenticator import Authenticator
from correo.accounts.passwords import HashCost, Passwords
from correo.intake.api import Role
from correo.net.clock import SystemClock
from correo.net.driver import Connection
from correo.net.tls import ServerTls
from correo.servers.smtp import SmtpServer, SmtpSettings
from correo.store.memory.directory import MemoryDirectory
from correo.testing.intake import FakeIntake

__all__ = ["SmtpHouse", "smtp_house"]

CHEAP = HashCost(memory_kib=8, passes=1, scram_iterations=4096)


@dataclass
class SmtpHouse:
    """A running server. ana@correo.test has the password "correo"."""

    host: str
    port: int
    intake: FakeIntake
    connections: list[Connection]


@asynccontextmanager
async def smtp_house(
    settings: SmtpSettings | None = None,
    *,
    tls: ServerTls | None = None,
    implicit_tls: bool = False,
    unix_path: str = "",
    peer: tuple[str, int] | None = None,
) -> AsyncIterator[SmtpHouse]:
    """Run a server while the block runs.

    Args:
        tls: its certificate; without one there is no STARTTLS.
        unix_path: listen there instead of on a port.
        peer: whom it takes everybody for.
    """
    passwords = Passwords(CHEAP, threads=1)
    store = MemoryDirectory(node_key=bytes(range(32)))
    administration = Administration(store, SystemClock(), passwords)
    await administration.add_domain("correo.test")
    await administration.add_account("ana@correo.test", "correo")
    intake = FakeIntake()
    authenticator = Authenticator(store, SystemClock(), passwords)
    server = SmtpServer(intake, authenticator, settings or SmtpSettings(Role.MX, "mx.correo.test"))
    connections: list[Connection] = []

    def connection() -> Connection:
        made = Connection(
            server.make_session,
            tls=tls.context if tls is not None else None,
            end_point=tls.end_point if tls is not None else None,
            peer=peer,
        )
        connections.append(made)
        return made

    context: ssl.SSLContext | None = tls.context if tls is not None and implicit_tls else None
    loop = asyncio.get_running_loop()
    if unix_path:
        listening: asyncio.Server = await loop.create_unix_server(
            connection, unix_path, ssl=context
        )
        host, port = unix_path, 0
    else:
        listening = await loop.create_server(connection, "127.0.0.1", 0, ssl=context)
        host, port = listening.sockets[0].getsockname()
    try:
        yield SmtpHouse(host, port, intake, connections)
    finally:
        listening.close()
        for each in connections:
            if not each.is_lost:
                each.abort()
        await asyncio.sleep(0)
        passwords.close()
