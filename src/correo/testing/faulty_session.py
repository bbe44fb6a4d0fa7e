"""Stand between a connection and its session in a test, and apply the rules of `faults`."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from correo.base.errors import PeerError, Refusal
from correo.net.driver import Connection
from correo.net.session import Engine, Session
from correo.servers.imap.session import ImapSession
from correo.servers.pop3.session import Pop3Session
from correo.servers.smtp.session import SmtpSession
from correo.testing.faults import (
    CONNECT,
    END,
    POP3_ANSWERED,
    SMTP_ANSWERED,
    Faults,
    Met,
    Rule,
)
from correo.wire.imap import commands as imap
from correo.wire.pop3 import events as pop3
from correo.wire.pop3.phrases import Phrase
from correo.wire.smtp.server import events as smtp

__all__ = ["FaultySession"]

NO_COMMANDS = (
    imap.AppendComplete, imap.AppendAborted, imap.AppendUrl, imap.IdleDone,
    imap.AuthenticateResponse, imap.AuthenticateCancelled,
)  # fmt: skip
WORDS: dict[type[object], str] = {
    **{kind: kind.__name__.upper() for kind in imap.Command.__subclasses__()},
    **dict.fromkeys(NO_COMMANDS, ""),
    imap.Sort: "SORT",
    imap.Thread: "THREAD",
    imap.MultiSearch: "ESEARCH",
    imap.AppendMessage: "APPEND",
    imap.ListMailboxes: "LIST",
    smtp.MailGiven: "MAIL",
    smtp.RecipientGiven: "RCPT",
    smtp.ContentStarting: "DATA",
    smtp.UrlGiven: "DATA",
    smtp.ContentComplete: END,
    smtp.AuthenticationBegun: "AUTH",
    smtp.TlsWanted: "STARTTLS",
    smtp.VerifyAsked: "VRFY",
    smtp.ExpandAsked: "EXPN",
    pop3.TlsWanted: "STLS",
    pop3.PasswordGiven: "PASS",
    pop3.DigestGiven: "PASS",
    pop3.MechanismChosen: "AUTH",
    pop3.MessageWanted: "RETR",
    pop3.DeletionsDue: "QUIT",
}


class FaultySession:
    """A `net.session.Session` around the real one.

    Args:
        listener: by its name.
    """

    def __init__(
        self, session: Session, listener: str, connection: Connection, faults: Faults
    ) -> None:
        self._session = session
        self._listener = listener
        self._connection = connection
        self._faults = faults
        if isinstance(session, SmtpSession):
            session.engine.ask_first(*SMTP_ANSWERED)
        elif isinstance(session, Pop3Session):
            session.engine.ask_first(*POP3_ANSWERED)
        self._sender = ""
        self._recipients: list[str] = []

    @property
    def engine(self) -> Engine:
        return self._session.engine

    def connected(self, connection: Connection) -> Coroutine[Any, Any, None] | None:
        rule = self._faults.find(Met(self._listener, CONNECT))
        if rule is None:
            return self._session.connected(connection)
        return self._connected_badly(rule, connection)

    def handle(self, event: Any) -> Coroutine[Any, Any, None] | None:
        word = word_of(event)
        rule = self._faults.find(self._met(word, event)) if word else None
        return self._session.handle(event) if rule is None else self._meet(rule, event)

    def broken(self, error: PeerError) -> None:
        self._session.broken(error)

    def timed_out(self) -> None:
        self._session.timed_out()

    def stopping(self) -> None:
        self._session.stopping()

    def closed(self) -> None:
        self._session.closed()

    # inside

    def _met(self, word: str, event: Any) -> Met:
        recipients = self._recipients
        if isinstance(event, smtp.MailGiven):
            self._sender, self._recipients = event.reverse_path, []
        elif isinstance(event, smtp.RecipientGiven):
            recipients = [event.forward_path]
            self._recipients.append(event.forward_path)
        return Met(self._listener, word, self._sender, recipients)

    async def _connected_badly(self, rule: Rule, connection: Connection) -> None:
        await asyncio.sleep(rule.pause_s)
        if rule.cuts:
            self._connection.abort()
        elif rule.refusal is not None:
            turn_away(self._session, rule.refusal)
        else:
            waiting = self._session.connected(connection)
            if waiting is not None:
                await waiting

    async def _meet(self, rule: Rule, event: Any) -> None:
        await asyncio.sleep(rule.pause_s)
        if rule.cuts:
            self._connection.abort()
        elif rule.refusal is not None:
            self._refuse(event, rule.refusal)
        else:
            waiting = self._session.handle(event)
            if waiting is not None:
                await waiting

    def _refuse(self, event: Any, refusal: Refusal) -> None:
        session = self._session
        if isinstance(session, SmtpSession):
            session.engine.refuse(refusal)
            if isinstance(event, smtp.ContentComplete):
                session.handle(smtp.TransactionReset())
        elif isinstance(session, ImapSession):
            session.refuse(event, refusal)
        elif isinstance(session, Pop3Session):
            refuse_by_pop3(session, event, refusal)


def word_of(event: Any) -> str:
    if isinstance(event, (smtp.CommandHeard, pop3.CommandHeard)):
        return event.verb
    return WORDS.get(type(event), "")


def turn_away(session: Session, refusal: Refusal) -> None:
    """Instead of a greeting."""
    if isinstance(session, SmtpSession):
        session.engine.turn_away(refusal)
    elif isinstance(session, ImapSession):
        session.engine.bye(refusal.text)
    elif isinstance(session, Pop3Session):
        session.engine.turn_away(Phrase.TRY_LATER)


def refuse_by_pop3(session: Pop3Session, event: Any, refusal: Refusal) -> None:
    if isinstance(event, pop3.DeletionsDue):
        session.engine.finish(ok=False)
    elif isinstance(event, (pop3.CommandHeard, pop3.MessageWanted, pop3.TlsWanted)):
        session.engine.refuse_message(Phrase.TRY_LATER, code="SYS/TEMP")
    elif refusal.is_temporary:
        session.engine.refuse_login(Phrase.TRY_LATER, code="SYS/TEMP")
    else:
        session.engine.refuse_login(Phrase.NOT_LET_IN, code="AUTH")
