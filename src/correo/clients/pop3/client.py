"""Read a maildrop on any POP3 server: connect, log in, list, retrieve, delete, quit.

One task owns a client. What is deleted is gone only after `quit` has returned; leaving in any
other way deletes nothing (RFC 1939 6).

RFC 1939, 2449, 2595, 5034, 6856; RFC 8314 3.3 for TLS from the start

Cost: pipelined where the server allows it, so that a round trip is paid once per WINDOW messages.
"""

import io
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from types import TracebackType
from typing import Generic, Self, TypeVar

from correo.clients.pop3.dialogue import Pop3Dialogue, open_dialogue
from correo.clients.pop3.errors import Pop3ConnectionError, Pop3ReplyError
from correo.clients.pop3.login import log_in
from correo.clients.security import TlsMode, Token, context_for, current
from correo.net.output import Recorder
from correo.wire.pop3.client import Greeting, Receiver, Reply

__all__ = ["Pop3Client", "Retrieved"]

WINDOW = 16  # messages asked for before the first is here
DELETIONS = 500  # DELE commands sent before their replies are read
TIMEOUT_S = 60.0

R = TypeVar("R", bound=Receiver)


class Retrieved(Generic[R]):
    """What came of one RETR: the reply, and the receiver that has the message if it is +OK."""

    __slots__ = ("number", "receiver", "reply")

    def __init__(self, number: int, reply: Reply, receiver: R) -> None:
        self.number = number
        self.reply = reply
        self.receiver = receiver


class Pop3Client:
    """An open dialogue. `connect` makes it; leave it with `quit`, or `close`.

    capabilities: CAPA's answer by tag in capitals; empty if the server has no CAPA.
    """

    def __init__(self, dialogue: Pop3Dialogue, greeting: Greeting) -> None:
        self._dialogue = dialogue
        self._engine = dialogue.engine
        self.greeting = greeting
        self.capabilities: dict[str, tuple[str, ...]] = {}

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        *,
        tls: TlsMode = TlsMode.STARTTLS,
        context: ssl.SSLContext | None = None,
        server_name: str | None = None,
        timeout: float = TIMEOUT_S,
        recorder: Recorder | None = None,
    ) -> "Pop3Client":
        """Connect and encrypt as asked.

        Args:
            context: for TLS; made to verify by the system's authorities if None, or not to
                verify at all for OPPORTUNISTIC.
            server_name: what the certificate must name, if not the host.
            timeout: seconds of silence that are too many.

        Raises:
            Pop3ConnectionError: no connection, no TLS where it is asked, or no POP3.
        """
        name = server_name or host
        dialogue, greeting = await open_dialogue(
            host,
            port,
            tls=context_for(tls, context) if tls is TlsMode.IMPLICIT else None,
            server_name=name,
            timeout=timeout,
            recorder=recorder,
        )
        client = cls(dialogue, greeting)
        try:
            await client.ask_capabilities()
            if tls in (TlsMode.STARTTLS, TlsMode.OPPORTUNISTIC):
                await client._encrypt(
                    context_for(tls, context), name, is_needed=tls is TlsMode.STARTTLS
                )
        except BaseException:
            await client.close()
            raise
        return client

    @property
    def is_tls(self) -> bool:
        return self._dialogue.connection.is_tls

    @property
    def may_pipeline(self) -> bool:
        return "PIPELINING" in self.capabilities

    async def ask_capabilities(self) -> dict[str, tuple[str, ...]]:
        """CAPA. A server without it has none."""
        self._engine.capa()
        reply = await self._dialogue.reply()
        words = (line.decode("utf-8", "replace").split() for line in reply.lines)
        self.capabilities = {tag.upper(): tuple(rest) for tag, *rest in filter(None, words)}
        return self.capabilities

    async def login(
        self,
        username: str,
        password: str = "",
        *,
        mechanism: str | None = None,
        token: Token | None = None,
        may_show_password: bool = False,
    ) -> None:
        """Prove who we are by the strongest way offered, or the one named.

        Args:
            mechanism: of SASL, or "APOP", or "USER".
            token: for OAUTHBEARER or XOAUTH2, instead of a password; or a function that gets one.
            may_show_password: whether it may be shown without TLS (loopback).

        Raises:
            Pop3LoginError: refused; or the password would be shown. Its `code` tells [IN-USE]
                from [AUTH] where the server does.
        """
        await log_in(
            self._dialogue,
            username,
            password,
            capabilities=self.capabilities,
            timestamp=self.greeting.timestamp,
            mechanism=mechanism,
            token=await current(token),
            may_show_password=may_show_password,
        )

    async def enable_utf8(self) -> bool:
        """Ask for headers as they are, where the server has UTF8; call it before login."""
        if "UTF8" not in self.capabilities:
            return False
        self._engine.utf8()
        return (await self._dialogue.reply()).ok

    # the maildrop

    async def stat(self) -> tuple[int, int]:
        """Messages and octets, deleted ones not counted."""
        self._engine.stat()
        reply = await self._dialogue.accepted()
        return two_numbers(reply, reply.text)

    async def sizes(self) -> dict[int, int]:
        """LIST: octets by message-number."""
        self._engine.list()
        reply = await self._dialogue.accepted()
        return dict(two_numbers(reply, line.decode("ascii", "replace")) for line in reply.lines)

    async def unique_ids(self) -> dict[int, str]:
        """UIDL: unique-id by message-number. Raises Pop3ReplyError if the server has none."""
        self._engine.uidl()
        reply = await self._dialogue.accepted()
        return dict(number_and_word(reply, line) for line in reply.lines)

    async def retrieve(self, number: int, receiver: Receiver) -> int:
        """Give a message to the receiver as it arrives; returns its octets.

        Raises:
            Pop3ReplyError: there is no such message; nothing was given.
        """
        self._engine.retr(number, receiver)
        return (await self._dialogue.accepted()).size

    async def read(self, number: int) -> bytes:
        """A message, whole in memory. Raises Pop3ReplyError: there is no such message."""
        octets = io.BytesIO()
        await self.retrieve(number, octets)
        return octets.getvalue()

    async def top(self, number: int, lines: int, receiver: Receiver) -> int:
        """The same for the header and so many lines of the body."""
        self._engine.top(number, lines, receiver)
        return (await self._dialogue.accepted()).size

    async def retrieve_many(
        self, numbers: Sequence[int], begin: Callable[[int], R]
    ) -> AsyncIterator[Retrieved[R]]:
        """Retrieve messages in order, each into the receiver that `begin(number)` makes for it.

        A refused message is given too; see its reply. Use nothing else of the client until the
        iteration has ended.
        """
        waiting: deque[tuple[int, R]] = deque()
        rest = iter(numbers)
        window = WINDOW if self.may_pipeline else 1
        while True:
            while len(waiting) < window and (number := next(rest, None)) is not None:
                receiver = begin(number)
                waiting.append((number, receiver))
                self._engine.retr(number, receiver)
            if not waiting:
                return
            reply = await self._dialogue.reply()
            yield Retrieved(waiting[0][0], reply, waiting[0][1])
            waiting.popleft()

    async def delete(self, numbers: Iterable[int]) -> None:
        """Mark messages; they go at `quit`. Raises Pop3ReplyError at the first refused."""
        marked = list(numbers)
        step = DELETIONS if self.may_pipeline else 1
        for start in range(0, len(marked), step):
            part = marked[start : start + step]
            for number in part:
                self._engine.dele(number)
            replies = [await self._dialogue.reply() for _ in part]
            for reply in replies:
                if not reply.ok:
                    raise Pop3ReplyError(reply)

    async def reset(self) -> None:
        """Take all marks away."""
        self._engine.rset()
        await self._dialogue.accepted()

    async def noop(self) -> None:
        """Keep the session alive."""
        self._engine.noop()
        await self._dialogue.accepted()

    async def quit(self) -> None:
        """End the session; marked messages are gone on return.

        Raises:
            Pop3ReplyError: some of them were not removed.
            Pop3ConnectionError: it is not known.
        """
        self._engine.quit()
        try:
            await self._dialogue.accepted()
        finally:
            await self._dialogue.close()

    async def close(self) -> None:
        """Leave without QUIT: nothing is deleted."""
        await self._dialogue.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _encrypt(self, context: ssl.SSLContext, name: str, *, is_needed: bool) -> None:
        if "STLS" not in self.capabilities:
            if is_needed:
                raise Pop3ConnectionError("the server offers no TLS (STLS)")
            return
        try:
            await self._dialogue.start_tls(context, name)
        except Pop3ReplyError as error:
            if is_needed:
                raise Pop3ConnectionError(str(error)) from error
            return
        await self.ask_capabilities()  # what was said in clear does not count (RFC 2595 2.4)


def two_numbers(reply: Reply, text: str) -> tuple[int, int]:
    words = text.split()
    if len(words) < 2 or not words[0].isdecimal() or not words[1].isdecimal():
        raise Pop3ConnectionError(f"the answer to {reply.command} is not POP3: {text[:80]!r}")
    return int(words[0]), int(words[1])


def number_and_word(reply: Reply, line: bytes) -> tuple[int, str]:
    number, _, word = line.decode("utf-8", "replace").partition(" ")
    if not number.isdecimal() or not word.strip():
        raise Pop3ConnectionError(f"the answer to {reply.command} is not POP3: {line[:80]!r}")
    return int(number), word.strip()
