"""An IMAP server over any store in one event loop, and clients that need no socket.

What a client sends is handed to its connection at once; what the server answers lies in memory.
`settled` waits until nobody in the loop has anything left to do.
"""

import asyncio
from typing import cast

from correo.accounts.authenticator import Authenticator
from correo.accounts.directory import Directory
from correo.base.clock import Clock
from correo.base.errors import AuthenticationFailed
from correo.net.driver import Connection
from correo.servers.imap import ImapServer, ImapSettings
from correo.store.api import AccountStore, Store
from correo.store.directory import (
    Account,
    AddressKey,
    Credentials,
    DirectoryStore,
    Domain,
    NewAccount,
)
from correo.store.memory.directory import MemoryDirectory
from correo.store.memory.store import MemoryStore
from correo.store.model import AccountId
from correo.testing.clock import FakeClock

__all__ = ["ImapWorld", "Pipe", "WorldClient", "message"]

PASSWORD = "correo"  # noqa: S105 - everybody's, in a world without secrets
DOMAIN = "correo.test"
QUIET_TURNS = 30  # turns of the loop without an octet before it counts as silent


class KnownUsers:
    """Lets everybody in whose password is PASSWORD; the name is the account."""

    async def check_password(self, login: str, password: str, peer_address: str) -> Account:
        if password != PASSWORD:
            raise AuthenticationFailed
        return Account(AccountId(login), login)

    async def account_for_login(self, login: str) -> Account | None:
        return Account(AccountId(login), login)


class Pipe(asyncio.Transport):
    """The server's end of a connection: takes what is written."""

    def __init__(self, client: "WorldClient", address: str) -> None:
        super().__init__({"peername": (address, 50000), "sockname": ("127.0.0.1", 143)})
        self._client = client
        self._is_closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._client.heard += data

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            asyncio.get_running_loop().call_soon(self._client.connection.connection_lost, None)

    abort = close

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class WorldClient:
    """One client. `heard` is what the server has said and nobody has taken."""

    def __init__(self, world: "ImapWorld", address: str) -> None:
        self.heard = bytearray()
        self.connection = Connection(world.server.make_session)
        self.pipe = Pipe(self, address)
        self.connection.connection_made(self.pipe)
        self._commands = 0

    def send(self, octets: bytes) -> None:
        self.connection.data_received(octets)

    def leave(self) -> None:
        """Cut the connection."""
        self.pipe.close()

    async def take(self) -> bytes:
        """What the server has said by the time it falls silent."""
        await settled(self)
        said = bytes(self.heard)
        self.heard.clear()
        return said

    async def command(self, text: str | bytes) -> list[bytes]:
        """Send one command and wait for its tagged answer; all lines of the answer."""
        self._commands += 1
        tag = b"t%d" % self._commands
        octets = text if isinstance(text, bytes) else text.encode()
        self.send(tag + b" " + octets + b"\r\n")
        return await self.answer(tag)

    async def answer(self, tag: bytes) -> list[bytes]:
        """Lines up to the tagged one. Literals are kept within their lines."""
        while True:
            for _ in range(10_000):
                lines = split_lines(bytes(self.heard))
                if any(line.startswith(tag + b" ") for line in lines):
                    self.heard.clear()
                    return lines
                await asyncio.sleep(0)
            await asyncio.sleep(0.001)  # a storage thread is at work


class ImapWorld:
    """One server. Make it within a running loop."""

    def __init__(
        self,
        *,
        store: Store | None = None,
        directory: DirectoryStore | None = None,
        clock: Clock | None = None,
        settings: ImapSettings | None = None,
    ) -> None:
        self.clock = clock or FakeClock()
        self.store: Store = store or MemoryStore(self.clock)
        self.directory: DirectoryStore = directory or MemoryDirectory()
        self.server = ImapServer(
            self.store,
            cast("Authenticator", KnownUsers()),
            Directory(self.directory),
            self.clock,
            settings or ImapSettings(lets_loopback_log_in_plainly=True),
        )

    async def account(self, name: str = "ana") -> AccountStore:
        """The mail of NAME@correo.test, made now if it was not there."""
        if await self.directory.domain(DOMAIN) is None:
            await self.directory.add_domain(Domain(DOMAIN))
        if await self.directory.account(AccountId(name)) is None:
            address = f"{name}@{DOMAIN}"
            account = Account(AccountId(name), address)
            new = NewAccount(account, AddressKey(address), DOMAIN, Credentials())
            await self.directory.add_accounts([new])
        return await self.store.create(AccountId(name))

    def connect(self, address: str = "127.0.0.1") -> WorldClient:
        """A client that has this address."""
        return WorldClient(self, address)

    async def login(self, name: str = "ana", *, select: str = "") -> WorldClient:
        """A client that has logged in, and has a mailbox selected."""
        await self.account(name)
        client = self.connect()
        await client.take()
        answer = await client.command(f"LOGIN {name} {PASSWORD}")
        assert b" OK " in answer[-1], answer
        if select:
            answer = await client.command(f"SELECT {select}")
            assert b" OK " in answer[-1], answer
        return client


async def settled(client: WorldClient) -> None:
    """Until the server has said nothing for many turns of the loop, and no handler is at work."""
    quiet = 0
    length = len(client.heard)
    while quiet < QUIET_TURNS or client.connection.is_busy:
        await asyncio.sleep(0)
        quiet = quiet + 1 if len(client.heard) == length else 0
        length = len(client.heard)


def split_lines(octets: bytes) -> list[bytes]:
    """Whole lines without CRLF; a literal belongs to its line."""
    lines = []
    start = at = 0
    while (end := octets.find(b"\r\n", at)) >= 0:
        line = octets[at:end]
        at = end + 2
        if line.endswith(b"}") and (digits := line[line.rfind(b"{") + 1 : -1]).isdigit():
            at += int(digits)
            if at > len(octets):
                break
            continue
        lines.append(octets[start:end])
        start = at
    return lines


def message(subject: str = "hello", body: str = "how are you?\r\n", **fields: str) -> bytes:
    """A small message with CRLF."""
    header = {
        "Date": "Mon, 23 Nov 2026 10:00:00 +0000",
        "From": "Ana <ana@correo.test>",
        "To": "bob@correo.test",
        "Subject": subject,
        "Message-ID": f"<{subject.replace(' ', '.')}@correo.test>",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in header.items())
    return f"{lines}\r\n{body}".encode()
