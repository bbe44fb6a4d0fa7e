"""STARTTLS over loopback, and every mechanism that is offered, with a real authenticator."""

import asyncio
import ssl
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from correo.accounts.administration import Administration
from correo.accounts.authenticator import Authenticator
from correo.accounts.directory import Directory
from correo.accounts.passwords import HashCost, Passwords
from correo.net.driver import Connection
from correo.net.tls import ServerTls, client_context, development_certificate
from correo.servers.imap import ImapServer, ImapSettings
from correo.store.memory.directory import MemoryDirectory
from correo.store.memory.store import MemoryStore
from correo.testing.clock import FakeClock
from correo.wire.sasl import client_mechanism

CHEAP = HashCost(memory_kib=8, passes=1, scram_iterations=4096)


class Talk:
    """One client over streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def line(self) -> bytes:
        return await asyncio.wait_for(self.reader.readline(), 10)

    async def command(self, text: str) -> bytes:
        self.writer.write(text.encode() + b"\r\n")
        while True:
            line = await self.line()
            if line.startswith((b"a ", b"+")) or not line:
                return line

    async def start_tls(self, context: ssl.SSLContext) -> None:
        assert (await self.command("a STARTTLS")).startswith(b"a OK")
        await self.writer.start_tls(context, server_hostname="localhost")


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    directory, clock, passwords = MemoryDirectory(), FakeClock(), Passwords(CHEAP)
    store = MemoryStore(clock)
    administration = Administration(directory, clock, passwords, store.create)
    await administration.add_domain("correo.test")
    await administration.add_account("ana@correo.test", "secret")
    authenticator = Authenticator(directory, clock, passwords)
    server = ImapServer(store, authenticator, Directory(directory), clock, ImapSettings())
    files = development_certificate(folder, ["localhost"])
    tls = ServerTls(files)
    listening = await asyncio.get_running_loop().create_server(
        lambda: Connection(server.make_session, tls=tls.context, end_point=tls.end_point),
        "127.0.0.1",
        0,
    )
    try:
        yield listening.sockets[0].getsockname()[1], client_context(folder / "ca.pem")
    finally:
        listening.close()
        passwords.close()


async def connected(port: int) -> Talk:
    talk = Talk(*await asyncio.open_connection("127.0.0.1", port))
    assert b"STARTTLS LOGINDISABLED" in await talk.line()
    return talk


async def authenticate(talk: Talk, name: str, password: str) -> bytes:
    """The last line of one exchange, initial response included where there is one."""
    mechanism = client_mechanism(
        name, username="ana@correo.test", password=password, nonce="clientnonce"
    )
    first = mechanism.start()
    line = await talk.command(
        f"a AUTHENTICATE {name}" + (f" {b64encode(first).decode()}" if first else "")
    )
    while line.startswith(b"+"):
        answer = mechanism.step(b64decode(line[2:]))
        line = await talk.command(b64encode(answer).decode())
    return line


@pytest.mark.parametrize("name", ["PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_a_mechanism_lets_in_after_starttls_and_only_with_the_password(
    name: str, tmp_path: Path
) -> None:
    async def run() -> None:
        async with served(tmp_path) as (port, context):
            talk = await connected(port)
            assert (await authenticate(talk, name, "secret")).startswith(b"a NO [PRIVACYREQUIRED]")
            await talk.start_tls(context)
            assert (await authenticate(talk, name, "wrong")).startswith(b"a NO")
            assert b"OK [CAPABILITY" in await authenticate(talk, name, "secret")
            assert (await talk.command("a SELECT INBOX")).startswith(b"a OK")
            talk.writer.close()

    asyncio.run(run())


def test_capabilities_change_with_tls_and_login(tmp_path: Path) -> None:
    async def run() -> None:
        async with served(tmp_path) as (port, context):
            talk = await connected(port)
            await talk.start_tls(context)
            talk.writer.write(b"a CAPABILITY\r\n")
            offered = await talk.line()
            assert b"STARTTLS" not in offered
            assert b"LOGINDISABLED" not in offered
            assert b"AUTH=SCRAM-SHA-256-PLUS" in offered
            assert (await talk.line()).startswith(b"a OK")
            assert (await talk.command("a STARTTLS")).startswith(b"a BAD")
            answer = await talk.command("a LOGIN ana@correo.test secret")
            assert b"QRESYNC" in answer
            assert b" AUTH=" not in answer
            talk.writer.close()

    asyncio.run(run())


def test_mechanisms_for_urls_are_told_over_tls(tmp_path: Path) -> None:
    """RFC 4467 8 and 10; the authenticator here is the real one, and so is whose name is whose."""

    async def run() -> None:
        async with served(tmp_path) as (port, context):
            talk = await connected(port)
            await talk.start_tls(context)
            await talk.command("a LOGIN ana@correo.test secret")
            talk.writer.write(b"a SELECT INBOX\r\n")
            lines: list[bytes] = []
            while not lines or not lines[-1].startswith(b"a "):
                lines.append(await talk.line())
            assert b"* OK [URLMECH INTERNAL] mechanisms for URLs\r\n" in lines
            answer = await talk.command("a RESETKEY INBOX")
            assert answer.startswith(b"a OK [URLMECH INTERNAL] ")
            url = "imap://ana%40correo.test@localhost/INBOX/;UID=1;URLAUTH=submit+ana%40correo.test"
            assert (await talk.command(f'a GENURLAUTH "{url}" INTERNAL')).startswith(b"a OK")
            url = url.replace("imap://ana", "imap://eve")
            assert (await talk.command(f'a GENURLAUTH "{url}" INTERNAL')).startswith(b"a BAD")
            talk.writer.close()

    asyncio.run(run())
