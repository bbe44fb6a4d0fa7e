"""What is cancelled leaves a client that works, or one that is closed; never a confused one."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from correo.base.errors import CorreoError
from correo.clients.imap import ImapClient
from correo.clients.pop3 import Pop3Client
from correo.clients.security import TlsMode
from correo.clients.smtp import SmtpClient


class SlowServer:
    """Answers each line as told; a line it is told to hold is answered when it is released, or with the one after it."""

    def __init__(self, greeting: bytes, answers: dict[bytes, bytes], *, held: bytes) -> None:
        self.greeting = greeting
        self.answers = answers
        self.held = held
        self.heard = asyncio.Event()
        self.left = asyncio.Event()
        self._late = b""
        self._writer: asyncio.StreamWriter

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        writer.write(self.greeting)
        try:
            while line := await reader.readline():
                self._answer(line, writer)
        except ConnectionError:
            pass
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        self.left.set()

    def release(self) -> None:
        """Send what is held."""
        self._writer.write(self._late)
        self._late = b""

    def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        tag = line.split(b" ")[0]
        said = line.strip().removeprefix(tag + b" ") if tag[:1] == b"C" else line.strip()
        answer = self.answers[said].replace(b"TAG", tag)
        if said == self.held:
            self._late = answer
            self.heard.set()
            return
        writer.write(self._late + answer)
        self._late = b""


Connect = Callable[[str, int], Awaitable[object]]
Work = Callable[[SlowServer, int], Awaitable[None]]


def with_server(greeting: bytes, answers: dict[bytes, bytes], held: bytes, work: Work) -> None:
    async def main() -> None:
        slow = SlowServer(greeting, answers, held=held)
        server = await asyncio.start_server(slow.serve, "127.0.0.1", 0)
        async with asyncio.timeout(20), server:
            await work(slow, server.sockets[0].getsockname()[1])
            await slow.left.wait()

    asyncio.run(main())


async def cancelled_when_heard(slow: SlowServer, work: Awaitable[object]) -> None:
    task = asyncio.ensure_future(work)
    await slow.heard.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


IMAP = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n"


def test_a_cancelled_imap_command_is_read_to_its_end_before_the_next() -> None:
    answers = {
        b'LIST "" "*"': b'* LIST () "/" late\r\nTAG OK\r\n',
        b'LIST "" "in%"': b'* LIST () "/" INBOX\r\nTAG OK\r\n',
        b"LOGOUT": b"* BYE\r\nTAG OK\r\n",
    }

    async def work(slow: SlowServer, port: int) -> None:
        async with await ImapClient.connect("127.0.0.1", port, tls=TlsMode.NONE) as client:
            await cancelled_when_heard(slow, client.mailboxes())
            slow.release()
            assert [entry.name for entry in await client.mailboxes("in%")] == ["INBOX"]

    with_server(IMAP, answers, b'LIST "" "*"', work)


def test_a_cancelled_imap_login_closes_the_connection() -> None:
    held = b"AUTHENTICATE PLAIN AGFuYQBwYXNz"

    async def work(slow: SlowServer, port: int) -> None:
        client = await ImapClient.connect("127.0.0.1", port, tls=TlsMode.NONE)
        await cancelled_when_heard(slow, client.login("ana", "pass", may_show_password=True))
        await slow.left.wait()
        with pytest.raises(CorreoError):
            await client.noop()

    with_server(IMAP, {held: b"TAG OK\r\n"}, held, work)


def test_an_imap_connection_that_is_cancelled_while_it_is_made_is_closed() -> None:
    async def work(slow: SlowServer, port: int) -> None:
        await cancelled_when_heard(slow, ImapClient.connect("127.0.0.1", port, tls=TlsMode.NONE))
        await slow.left.wait()

    with_server(b"* OK hello\r\n", {b"CAPABILITY": b"TAG OK\r\n"}, b"CAPABILITY", work)


def test_a_cancelled_smtp_command_closes_the_connection() -> None:
    answers = {b"EHLO localhost": b"250 x\r\n", b"NOOP": b"250 late\r\n", b"RSET": b"250 ok\r\n"}

    async def work(slow: SlowServer, port: int) -> None:
        client = await SmtpClient.connect("127.0.0.1", port, tls=TlsMode.NONE)
        await cancelled_when_heard(slow, client.noop())
        await slow.left.wait()
        with pytest.raises(CorreoError):
            await client.reset()

    with_server(b"220 x\r\n", answers, b"NOOP", work)


def test_a_cancelled_pop3_command_closes_the_connection() -> None:
    answers = {b"CAPA": b"-ERR\r\n", b"NOOP": b"+OK late\r\n", b"RSET": b"+OK\r\n"}

    async def work(slow: SlowServer, port: int) -> None:
        client = await Pop3Client.connect("127.0.0.1", port, tls=TlsMode.NONE)
        await cancelled_when_heard(slow, client.noop())
        await slow.left.wait()
        with pytest.raises(CorreoError):
            await client.reset()

    with_server(b"+OK x\r\n", answers, b"NOOP", work)
