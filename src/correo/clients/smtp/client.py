"""Hold one connection to a server and send messages over it, as many as are wanted.

`delivery` and `cli` call it; one task owns a client. What is said and in what order is the
engine's and the transaction's affair (`wire.smtp.client`); here it meets the socket and the clock.

RFC 5321    3.1 to 3.3, 4.5.3.2 time-outs;  RFC 2033 LMTP
RFC 3207    STARTTLS; 4.2 EHLO again afterwards

Cost: two round trips per message where the peer has PIPELINING; one for a small message where it
has CHUNKING too.
"""

import ssl
from collections.abc import AsyncGenerator, Iterable
from types import TracebackType
from typing import Self

from correo.base.blobs import Blob
from correo.base.errors import UsageError
from correo.clients.security import TlsMode, Token, current
from correo.clients.smtp.dialogue import SmtpDialogue
from correo.clients.smtp.errors import SmtpConnectionError
from correo.clients.smtp.login import log_in
from correo.clients.smtp.opening import Address, open_dialogue
from correo.clients.smtp.row import Row, joined, parts_of
from correo.clients.smtp.settings import SmtpTimeouts
from correo.clients.smtp.transfer import Transfer
from correo.net.output import Recorder
from correo.wire.smtp.client.envelope import Envelope, SendOutcome
from correo.wire.smtp.client.extensions import Extensions
from correo.wire.smtp.replies import Reply

__all__ = ["SmtpClient"]

DEFAULT_TIMEOUTS = SmtpTimeouts()


class SmtpClient:
    """An open dialogue. `connect` makes it; leave it with `quit`, or `async with`."""

    def __init__(self, dialogue: SmtpDialogue) -> None:
        self._dialogue = dialogue
        self._row: Row | None = None
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
        return self._dialogue.engine.extensions

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
        return self._dialogue.is_open and not self._is_spent and not self._is_amid_row

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
            self._free,
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
        return joined(
            [await self._send(part, octets) for part, _ in parts_of(envelope, self.extensions)]
        )

    def send_many(
        self, messages: Iterable[tuple[Envelope, bytes | Blob]]
    ) -> AsyncGenerator[SendOutcome, None]:
        """Send messages one behind the other, without waiting for each answer before the next.

        The outcomes come in the order of the messages. Against a peer with PIPELINING and CHUNKING
        some 30 small messages are under way at once.

        Until it has ended nothing else can be said. Left early, or after SmtpConnectionError or
        DamagedStore, the connection is cut, and of the messages without an outcome any may have
        been taken.

        Raises: as `send`. UsageError (also: the peer takes no more messages over one connection,
            RFC 9422 MAILMAX) and ValueError come behind the outcomes of all messages before the
            one that is meant; then the dialogue goes on.
        """
        self._row = Row(self._free, self._count_within_limit)
        return self._row.send(messages)

    async def noop(self) -> Reply:
        """Ask whether the server is still there."""
        self._free.engine.noop()
        return await self._dialogue.answer("NOOP")

    async def reset(self) -> Reply:
        """Begin anew: no message is under way (RSET)."""
        self._free.engine.reset()
        return await self._dialogue.answer("RSET")

    async def verify(self, name: str) -> Reply:
        """Ask whether there is such a user (VRFY); most servers will not say."""
        self._free.engine.verify(name)
        return await self._dialogue.answer("VRFY")

    async def expand(self, name: str) -> Reply:
        """Ask who is on a list (EXPN); most servers will not say."""
        self._free.engine.expand(name)
        return await self._dialogue.answer("EXPN")

    async def help(self, topic: str = "") -> Reply:
        """Ask for help (HELP)."""
        self._free.engine.help(topic)
        return await self._dialogue.answer("HELP")

    async def quit(self) -> None:
        """Say goodbye and close; never raises."""
        if self._is_amid_row:
            self.abort()
        if self._dialogue.is_open:
            try:
                self._dialogue.engine.quit()
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
        transfer = Transfer(self._free, envelope, octets)
        transfer.begin()
        self._count()
        try:
            while not transfer.is_done:
                await transfer.step()
        except BaseException:
            self.abort()  # amid a message there is no way back into step
            raise
        return transfer.outcome()

    def _count(self) -> None:
        self.messages_sent += 1

    def _count_within_limit(self) -> None:
        if self._is_spent:
            raise UsageError("the server takes no more messages over this connection")
        self._count()

    @property
    def _is_spent(self) -> bool:
        limit = self.extensions.limit("MAILMAX")
        return bool(limit) and self.messages_sent >= limit

    @property
    def _is_amid_row(self) -> bool:
        return self._row is not None and self._row.is_under_way

    @property
    def _free(self) -> SmtpDialogue:
        """The dialogue, to say something new. Raises UsageError amid `send_many`."""
        if self._is_amid_row:
            raise UsageError("messages of send_many are under way: take all outcomes first")
        return self._dialogue
