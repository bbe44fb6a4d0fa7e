"""A POP3 server on a loopback port, over any store, with one user: ana, password "correo"."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from correo.accounts.administration import Administration
from correo.accounts.authenticator import Authenticator
from correo.accounts.passwords import HashCost, Passwords
from correo.mailbox.append import deliver, prepare
from correo.net.driver import Connection
from correo.net.tls import ServerTls
from correo.servers.pop3 import Pop3Server, Pop3Settings
from correo.store.api import AccountStore, Store
from correo.store.directory import Account
from correo.store.maildrop_lock import MaildropLocks, MemoryMaildropLocks
from correo.store.memory.directory import MemoryDirectory
from correo.store.memory.store import MemoryStore
from correo.testing.clock import FakeClock

__all__ = ["PASSWORD", "USER", "Pop3House", "pop3_house"]

USER = "ana@correo.example"
PASSWORD = "correo"  # noqa: S105 - of a user who lives in memory
CHEAP = HashCost(memory_kib=8, passes=1, scram_iterations=4096)


class Pop3House:
    """Everything behind the port; made by `pop3_house`."""

    def __init__(self, store: Store | None, locks: MaildropLocks | None) -> None:
        self.clock = FakeClock()
        self.directory = MemoryDirectory()
        self.passwords = Passwords(CHEAP, threads=1)
        self.administration = Administration(self.directory, self.clock, self.passwords)
        self.store: Store = store or MemoryStore(self.clock)
        self.locks = locks or MemoryMaildropLocks()
        self.port = 0
        self.account: Account
        self.connections: list[Connection] = []

    def server(self, settings: Pop3Settings) -> Pop3Server:
        authenticator = Authenticator(self.directory, self.clock, self.passwords)
        return Pop3Server(self.store, authenticator, self.locks, settings, self.clock)

    async def mail(self) -> AccountStore:
        """Ana's mail."""
        return await self.store.create(self.account.id)

    async def fill(self, messages: Sequence[bytes]) -> None:
        """File messages in Ana's INBOX."""
        mail = await self.mail()
        for octets in messages:
            await deliver(mail, await prepare(octets, self.store.blobs))

    async def left(self) -> int:
        """How many messages are in Ana's INBOX."""
        return (await (await self.mail()).mailbox("INBOX")).messages


@asynccontextmanager
async def pop3_house(
    *,
    tls: ServerTls | None = None,
    is_implicit: bool = False,
    is_strict: bool = False,
    store: Store | None = None,
    locks: MaildropLocks | None = None,
    settings: Pop3Settings | None = None,
) -> AsyncIterator[Pop3House]:
    """Args:
    tls: offered by STLS, or used from the start if is_implicit.
    is_strict: no password without TLS, on loopback neither.
    """
    house = Pop3House(store, locks)
    await house.administration.add_domain("correo.example")
    house.account = await house.administration.add_account(USER, PASSWORD)
    server = house.server(
        settings or Pop3Settings("correo.example", lets_loopback_log_in_plainly=not is_strict)
    )

    def connect() -> Connection:
        connection = Connection(
            server.make_session,
            tls=None if tls is None else tls.context,
            end_point=None if tls is None else tls.end_point,
        )
        house.connections.append(connection)
        return connection

    listening = await asyncio.get_running_loop().create_server(
        connect, "127.0.0.1", 0, ssl=tls.context if tls is not None and is_implicit else None
    )
    house.port = listening.sockets[0].getsockname()[1]
    try:
        yield house
    finally:
        listening.close()
        for connection in house.connections:
            connection.abort()
        house.passwords.close()
        await house.store.close()
