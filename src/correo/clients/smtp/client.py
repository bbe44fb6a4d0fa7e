"""Hold one connection to a server and send messages over it, as many as are wanted.

`delivery` and `cli` call it; one task owns a client. What is said and in what order is the
engine's and the transaction's affair (`wire.smtp.client`); here it meets the socket and the clock.

RFC 5321    3.1 to 3.3, 4.5.3.2 time-outs;  RFC 2033 LMTP
RFC 3207    STARTTLS; 4.2 EHLO again afterwards

Cost: two round trips per message where the peer has PIPELINING; one for a small message where it
has CHUNKING too.
"""

import ssl
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from correo.base.blobs import Blob
from correo.base.errors import DamagedStore
from correo.clients.security import TlsMode, Token, current
from correo.clients.smtp.dialogue import SmtpDialogue
from correo.clients.smtp.errors import SmtpConnectionError
from correo.clients.smtp.login import log_in
from correo.clients.smtp.opening import Address, open_dialogue
from correo.clients.smtp.settings import SmtpTimeouts
from correo.net.output import Recorder
from correo.wire.smtp.client.envelope import Envelope, EnvelopeRecipient, SendOutcome
from correo.wire.smtp.client.extensions import Extensions
from correo.wire.smtp.client.transaction import Transaction
from correo.wire.smtp.data import has_bare_line_end
from correo.wire.smtp.replies import Reply

__all__ = ["SmtpClient"]

SMALL_CONTENT = 64 * 1024  # octets that go along with the envelope, before we know it is wanted
CONTENT_STEP = 256 * 1024  # octets read and sent at a time
DEFAULT_TIMEOUTS = SmtpTimeouts()


class SmtpClient:
    """An open dialogue. `connect` makes it; leave it with `quit`, or `async with`."""

    def __init__(self, dialogue: SmtpDialogue) -> None:
        self._dialogue = dialogue
        self._engine = dialogue.engine
        self.messages_sent = 0

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        *,
        tls: TlsMode = TlsMode.OPPORTUNISTIC,
        context: ssl.SSLContext | None = None,
        server_name: str | None = None,
        helo: str = "localhost",
        timeouts: SmtpTimeouts = DEFAULT_TIMEOUTS,
        lmtp: bool = False,
        local_address: str | None = None,
        recorder: Recorder | None = None,
    ) -> "SmtpClient":
        """Connect, greet, and encrypt as asked.

        Args:
            host: a name, an address, or the path of a Unix socket.
            context: for TLS; made to verify by the system's authorities if None, or not to
                verify at all for OPPORTUNISTIC.
            server_name: what the certificate must name, if not the host.
            helo: our name.

        Raises:
            SmtpConnectionError: no connection, no TLS where it is asked, or no SMTP.
            SmtpReplyError: the server does not want us (GREETING, EHLO, STARTTLS).
        """
        address = Address(
            host=host,
            port=port,
            tls=tls,
            context=context,
            server_name=server_name or host,
            helo=helo,
            timeouts=timeouts,
            is_lmtp=lmtp,
            local_address=local_address,
            recorder=recorder,
        )
        return cls(await open_dialogue(address))

    # what is known

    @property
    def greeting(self) -> Reply:
        """The server's first words."""
        return self._dialogue.greeting

    @property
    def hello(self) -> Reply:
        """The server's last answer to EHLO."""
        return self._dialogue.hello

    @property
    def extensions(self) -> Extensions:
        """What the server offers, as it said last."""
        return self._engine.extensions

    @property
    def peer(self) -> tuple[str, int]:
        """Address and port we are connected to."""
        return self._dialogue.connection.peer

    @property
    def is_tls(self) -> bool:
        return self._dialogue.connection.is_tls

    @property
    def tls_object(self) -> ssl.SSLObject | None:
        return self._dialogue.connection.tls_object

    @property
    def is_usable(self) -> bool:
        """Whether another message may be sent (RFC 9422 MAILMAX is heeded)."""
        limit = self.extensions.limit("MAILMAX")
        return self._dialogue.is_open and not (limit and self.messages_sent >= limit)

    # what is done

    async def login(
        self,
        username: str,
        password: str = "",
        *,
        mechanism: str | None = None,
        token: Token | None = None,
        may_show_password: bool = False,
    ) -> None:
        """Prove who we are by the strongest mechanism offered, or the one named.

        Args:
            token: for OAUTHBEARER or XOAUTH2, instead of a password; or a function that gets one.
            may_show_password: whether PLAIN and LOGIN may be used without TLS (loopback).

        Raises:
            SmtpReplyError: the server says no.
            SmtpConnectionError: no mechanism that may be used, or the connection broke.
        """
        await log_in(
            self._dialogue,
            username,
            password,
            mechanism=mechanism,
            token=await current(token),
            may_show_password=may_show_password,
        )

    async def send(self, envelope: Envelope, octets: bytes | Blob) -> SendOutcome:
        """Send one message; the outcome has the peer's words for each recipient.

        Recipients beyond the peer's RCPTMAX go in further transactions.

        Raises:
            SmtpConnectionError: the connection broke before there was an answer for all. The
                message may have been taken all the same.
            UsageError: the peer cannot carry it (8BITMIME, BINARYMIME, SMTPUTF8).
            DamagedStore: the blob cannot be read whole.
            ValueError: an address cannot be written; nothing was said, the dialogue goes on.
        """
        limit = self.extensions.limit("RCPTMAX") or len(envelope.recipients)
        if len(envelope.recipients) <= limit:
            return await self._send(envelope, octets)
        outcomes = [
            await self._send(replace(envelope, recipients=batch), octets)
            for batch in batches(envelope.recipients, limit)
        ]
        return joined(outcomes)

    async def noop(self) -> Reply:
        """Ask whether the server is still there."""
        self._engine.noop()
        return await self._dialogue.answer("NOOP")

    async def reset(self) -> Reply:
        """Begin anew: no message is under way (RSET)."""
        self._engine.reset()
        return await self._dialogue.answer("RSET")

    async def verify(self, name: str) -> Reply:
        """Ask whether there is such a user (VRFY); most servers will not say."""
        self._engine.verify(name)
        return await self._dialogue.answer("VRFY")

    async def expand(self, name: str) -> Reply:
        """Ask who is on a list (EXPN); most servers will not say."""
        self._engine.expand(name)
        return await self._dialogue.answer("EXPN")

    async def help(self, topic: str = "") -> Reply:
        """Ask for help (HELP)."""
        self._engine.help(topic)
        return await self._dialogue.answer("HELP")

    async def quit(self) -> None:
        """Say goodbye and close; never raises."""
        if self._dialogue.is_open:
            try:
                self._engine.quit()
                await self._dialogue.answer("QUIT", self._dialogue.timeouts.quit)
            except SmtpConnectionError:
                pass
        await self._dialogue.connection.close()

    def abort(self) -> None:
        """Cut the connection at once."""
        self._dialogue.connection.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            await self.quit()
        else:
            self.abort()

    # inside

    async def _send(self, envelope: Envelope, octets: bytes | Blob) -> SendOutcome:
        size = len(octets) if isinstance(octets, bytes) else octets.size
        uses_chunks = self._may_use_chunks(envelope, octets)
        is_small = uses_chunks and isinstance(octets, bytes) and size <= SMALL_CONTENT
        transaction = Transaction(
            self._engine,
            envelope,
            size=size,
            uses_chunks=uses_chunks,
            small_content=octets if is_small and isinstance(octets, bytes) else None,
        )
        transaction.begin()
        self.messages_sent += 1
        try:
            while not transaction.is_done:
                if transaction.wants_content:
                    await self._put_content(octets, size, uses_chunks=uses_chunks)
                    transaction.content_put()
                stage = self._engine.awaited
                transaction.take(await self._dialogue.event(stage, self._patience(stage)))
        except BaseException:
            self.abort()  # amid a message there is no way back into step
            raise
        return transaction.outcome()

    def _may_use_chunks(self, envelope: Envelope, octets: bytes | Blob) -> bool:
        if "CHUNKING" not in self.extensions:
            return False
        if envelope.body == "BINARYMIME":
            return "BINARYMIME" in self.extensions
        # DATA mends a bare CR or LF, BDAT would show it to the peer as it is.
        return not (isinstance(octets, bytes) and has_bare_line_end(octets))

    async def _put_content(self, octets: bytes | Blob, size: int, *, uses_chunks: bool) -> None:
        if uses_chunks:
            self._engine.begin_chunk(size, is_last=True)
        for start in range(0, size, CONTENT_STEP):
            if self._engine.is_closed:  # dismissed while we were sending
                return
            length = min(CONTENT_STEP, size - start)
            if isinstance(octets, bytes):
                self._engine.content(octets[start : start + length])
            else:
                self._engine.content(await whole_range(octets, start, length))
            if start + length < size:  # the last octets leave together with the end
                await self._dialogue.drain()
        if not uses_chunks and not self._engine.is_closed:
            self._engine.end_content()

    def _patience(self, stage: str) -> float:
        timeouts = self._dialogue.timeouts
        if stage == "DATA":
            return timeouts.data
        return timeouts.final if stage in ("CONTENT", "BDAT") else timeouts.command


async def whole_range(blob: Blob, start: int, length: int) -> bytes:
    octets = await blob.read(start, length)
    if len(octets) != length:
        raise DamagedStore("a stored message is shorter than its index says")
    return octets


def batches(recipients: list[EnvelopeRecipient], size: int) -> list[list[EnvelopeRecipient]]:
    return [recipients[start : start + size] for start in range(0, len(recipients), size)]


def joined(outcomes: Sequence[SendOutcome]) -> SendOutcome:
    recipients = [each for outcome in outcomes for each in outcome.recipients]
    return SendOutcome(recipients, outcomes[-1].mail, outcomes[-1].message)
