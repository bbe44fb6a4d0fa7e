"""Give one SMTP connection its meaning: the engine's questions to intake, its answers back.

RFC 5321    4.5.3.2 time-outs by phase: between commands, within content, and for the whole of each
RFC 2033    4.2 LMTP: an answer per recipient
RFC 3207    4.2 after STARTTLS the peer is a stranger again
RFC 4468    BURL: what the URL names comes from our own IMAP server, within the process

Every `Refusal` that intake raises becomes the reply here, and nowhere else. While a message
becomes durable the client's next ones go on, so that those sent ahead share a sync.

Cost: four intake calls per message; one task for what arrives together (see `net.driver`), and one
for each message that waits.
"""

import logging
from collections.abc import Coroutine
from typing import Any

from correo.accounts.authenticator import Authenticator
from correo.base.errors import PeerError, Refusal
from correo.intake.api import Intake, IntakeSession, MessageReceiver, Role
from correo.net.addresses import is_in, is_loopback
from correo.net.driver import Connection
from correo.servers.smtp.login import Login, mechanisms_offered
from correo.servers.smtp.peers import add_tls, peer_of, protocol_name, with_xclient
from correo.servers.smtp.settings import SmtpSettings
from correo.servers.smtp.urls import UrlSource, put_in
from correo.trace.trouble import log_own_trouble
from correo.wire.smtp.server.engine import ServerEngine
from correo.wire.smtp.server.events import (
    AuthenticationAnswered,
    AuthenticationBegun,
    CommandHeard,
    ContentComplete,
    ContentStarting,
    Event,
    ExpandAsked,
    MailGiven,
    RecipientGiven,
    TlsWanted,
    TransactionReset,
    UrlGiven,
    VerifyAsked,
    XclientGiven,
)
from correo.wire.smtp.server.options import ServerOptions
from correo.wire.smtp.server.output import Place

__all__ = ["SmtpSession"]

log = logging.getLogger("correo.smtp")

BESIDE_LIMIT = 1024 * 1024  # octets of messages of one connection that wait for their reply


class SmtpSession:
    """One connection; made by `SmtpServer.make_session`."""

    def __init__(
        self,
        connection: Connection,
        intake: Intake,
        authenticator: Authenticator,
        settings: SmtpSettings,
        options: ServerOptions,
        urls: UrlSource | None = None,
    ) -> None:
        self.engine = ServerEngine(options)
        self._connection = connection
        self._door = intake
        self._settings = settings
        self._urls = urls
        self._login = Login(authenticator, max_failures=settings.max_failed_logins)
        self._peer = peer_of(connection)
        self._told_login: str | None = None  # by XCLIENT
        self._is_utf8 = False  # the last MAIL said SMTPUTF8
        self._intake: IntakeSession | None = None
        self._receiver: MessageReceiver | None = None
        self._octets_beside = 0

    # what the driver calls

    def connected(self, connection: Connection) -> None:
        if self._peer.is_tls:
            self.engine.begin_in_tls()
        self._offer()
        try:
            self._intake = self._door.connect(self._peer, self._settings.role)
        except Refusal as refusal:
            self.engine.turn_away(refusal)
        else:
            self.engine.greet()
        self._expect_commands()

    def handle(self, event: Event) -> Coroutine[Any, Any, None] | None:
        if isinstance(event, TransactionReset):
            self._forget()
            return None
        if isinstance(event, CommandHeard):
            self.engine.obey()
            return None
        return self._answer(event)

    def broken(self, error: PeerError) -> None:
        self.engine.say_goodbye("4.5.0", "this is no SMTP, closing")

    def timed_out(self) -> None:
        what = "the rest of the message" if self._receiver is not None else "a command"
        self.engine.say_goodbye("4.4.2", f"no time left to wait for {what}, closing")

    def stopping(self) -> None:
        self.engine.say_goodbye("4.3.2", "shutting down, come back later")

    def closed(self) -> None:
        self.engine.receive_eof()
        self._receiver = None
        if self._intake is not None:
            self._intake.closed()
            self._intake = None

    # questions

    async def _answer(self, event: Event) -> None:
        try:
            await ANSWERS[type(event)](self, event)
        except Refusal as refusal:
            log_own_trouble(log, refusal)
            self.engine.refuse(refusal)

    async def _mail(self, event: MailGiven) -> None:
        self._is_utf8 = event.parameters.smtputf8
        self._update_peer()
        await self._way_in.mail(event.reverse_path, event.parameters)
        self.engine.accept_mail()

    async def _recipient(self, event: RecipientGiven) -> None:
        await self._way_in.recipient(event.forward_path, event.parameters)
        self.engine.accept_recipient()

    async def _content(self, event: ContentStarting) -> None:
        self._receiver = await self._way_in.receive()
        self.engine.accept_content(self._receiver)
        self._connection.set_idle_limit(self._settings.content_idle_s)
        self._connection.set_deadline(self._settings.content_s)

    async def _url(self, event: UrlGiven) -> None:
        login = self._login.account_address
        assert self._urls is not None
        assert login is not None  # the engine lets BURL through only then
        await put_in(self.engine, self._urls, event.url, login, self._settings.hostname)

    async def _complete(self, event: ContentComplete) -> None:
        receiver, self._receiver = self._receiver, None
        assert receiver is not None
        self._expect_commands()
        beside = self._octets_beside
        if self.engine.can_answer_later and (not beside or beside + receiver.size <= BESIDE_LIMIT):
            self._connection.beside(self._take_beside(receiver, self.engine.answer_later()))
        else:
            await self._take(receiver)

    async def _take(self, receiver: MessageReceiver, place: Place | None = None) -> None:
        if self._settings.role is Role.LMTP:
            outcomes = await self._way_in.finish_each(receiver)
            self.engine.send_outcomes([(o.reply, o.status, o.text) for o in outcomes], place)
        else:
            accepted = await self._way_in.finish(receiver)
            self.engine.accept_message(f"taken as {accepted.message_id}", place)

    async def _take_beside(self, receiver: MessageReceiver, place: Place) -> None:
        size = receiver.size
        self._octets_beside += size
        try:
            await self._take(receiver, place)
        except Refusal as refusal:
            log_own_trouble(log, refusal)
            self.engine.refuse_message(refusal, place)
        finally:
            self._octets_beside -= size

    async def _tls(self, event: TlsWanted) -> None:
        self.engine.accept_tls()
        await self._connection.start_tls()
        self.engine.tls_started()
        add_tls(self._peer, self._connection)
        self._peer.helo = ""
        self._offer()
        self._expect_commands()

    async def _login_begun(self, event: AuthenticationBegun) -> None:
        await self._login.begin(
            self.engine,
            event,
            peer_address=self._peer.address,
            channel_binding=self._connection.channel_binding,
        )

    async def _login_answered(self, event: AuthenticationAnswered) -> None:
        await self._login.go_on(self.engine, event)

    async def _verify(self, event: VerifyAsked) -> None:
        self._update_peer()
        mailbox = await self._way_in.verify(event.name)
        self.engine.send_lines(250, "2.1.5", [f"<{mailbox}>"])

    async def _expand(self, event: ExpandAsked) -> None:
        self._update_peer()
        members = await self._way_in.expand(event.name)
        self.engine.send_lines(250, "2.1.5", [f"<{member}>" for member in members])

    async def _xclient(self, event: XclientGiven) -> None:
        peer = with_xclient(self._peer, event.attributes)
        session = self._door.connect(peer, self._settings.role)
        self._way_in.closed()
        self._intake = session
        self._peer = peer
        self._told_login = peer.login
        self._login.account_address = None
        self._offer()
        self.engine.accept_xclient()

    # inside

    @property
    def _way_in(self) -> IntakeSession:
        assert self._intake is not None
        return self._intake

    def _forget(self) -> None:
        self._receiver = None
        if self._intake is not None:
            self._intake.reset()
        self._expect_commands()

    def _update_peer(self) -> None:
        peer, engine = self._peer, self.engine
        peer.helo = engine.helo or peer.helo
        is_login = engine.is_authenticated
        peer.login = self._login.account_address if is_login else self._told_login
        peer.protocol = protocol_name(
            is_lmtp=self._settings.role is Role.LMTP,
            is_extended=engine.is_extended,
            is_tls=peer.is_tls,
            is_login=is_login,
            is_utf8=self._is_utf8,
        )

    def _offer(self) -> None:
        """Tell the engine what this connection may have, as it now stands."""
        settings, connection = self._settings, self._connection
        may_log_in = settings.offers_login and (
            connection.is_tls
            or (settings.lets_loopback_log_in_plainly and is_loopback(self._peer.address))
        )
        self.engine.offer(
            tls=connection.tls_context is not None,
            mechanisms=mechanisms_offered(
                is_allowed=may_log_in, channel_binding=connection.channel_binding
            ),
            xclient=is_in(peer_of(connection).address, settings.xclient_networks),
        )

    def _expect_commands(self) -> None:
        self._connection.set_idle_limit(self._settings.command_idle_s)
        self._connection.set_deadline(self._settings.envelope_s)


ANSWERS: dict[type[Event], Any] = {
    MailGiven: SmtpSession._mail,
    RecipientGiven: SmtpSession._recipient,
    ContentStarting: SmtpSession._content,
    UrlGiven: SmtpSession._url,
    ContentComplete: SmtpSession._complete,
    TlsWanted: SmtpSession._tls,
    AuthenticationBegun: SmtpSession._login_begun,
    AuthenticationAnswered: SmtpSession._login_answered,
    VerifyAsked: SmtpSession._verify,
    ExpandAsked: SmtpSession._expand,
    XclientGiven: SmtpSession._xclient,
}
