"""Answer every IMAP command in a fixed way, so that the engines can be tried without a server.

`ScriptedImapSession` holds a server engine and nothing else: LOGIN and AUTHENTICATE PLAIN take the
password "secret", every SELECT finds three messages, every FETCH answers UID and flags, an APPEND
is kept in `kept`, and an URL names its own octets, or nothing if it is in `refused`. `converse` feeds octets in steps and answers each event at once, as the
driver would.
"""

from collections.abc import Iterable

from correo.base.errors import PeerError
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import (
    AppendAborted,
    AppendComplete,
    AppendMessage,
    AppendUrl,
    Authenticate,
    AuthenticateCancelled,
    AuthenticateResponse,
    Command,
    Enable,
    Fetch,
    Idle,
    ListMailboxes,
    Login,
    Search,
    Select,
    StartTls,
)
from correo.wire.imap.limits import ServerLimits
from correo.wire.imap.server import Condition, ImapServerEngine

__all__ = ["KeptMessage", "ScriptedImapSession"]

CAPABILITIES = b"IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ENABLE IDLE"


class KeptMessage:
    """A receiver that keeps what it gets."""

    def __init__(self, announced: AppendMessage) -> None:
        self.announced = announced
        self.octets = b""
        self.is_aborted = False

    def write(self, octets: bytes) -> None:
        self.octets += octets

    def abort(self) -> None:
        self.is_aborted = True


class ScriptedImapSession:
    """A server engine and fixed answers.

    events: all that the engine emitted, in order.
    refused: mailbox names to which APPEND is refused, and URLs that name nothing.
    """

    def __init__(self, limits: ServerLimits | None = None) -> None:
        self.engine = ImapServerEngine(limits)
        self.engine.set_capabilities(CAPABILITIES)
        self.engine.greet("ready")
        self.events: list[Command] = []
        self.kept: list[KeptMessage] = []
        self.refused = {"Full"}
        self.idle_updates = True

    def converse(self, octets: bytes, step: int = 1_000_000) -> bytes:
        """Feed octets so many at a time, answer every event, return all output."""
        output = []
        for start in range(0, len(octets), step):
            try:
                self._feed(octets[start : start + step])
            except PeerError as error:
                self.engine.bye(str(error))
            output.append(self.output())
        return b"".join(output)

    def output(self) -> bytes:
        chunks = self.engine.take_output()
        return b"".join(chunk for chunk in chunks if isinstance(chunk, bytes))

    def log_in(self, *names: str) -> "ScriptedImapSession":
        """Past the greeting and LOGIN, with these capabilities enabled."""
        self.converse(b"x LOGIN ana secret\r\n")
        if names:
            self.converse(b"x ENABLE " + " ".join(names).encode() + b"\r\n")
        self.output()
        self.events.clear()
        return self

    def _feed(self, octets: bytes) -> None:
        events = self.engine.receive(octets)
        while events:
            for event in events:
                self.events.append(event)
                self.answer(event)
            events = self.engine.receive(b"")

    def answer(self, event: Command) -> None:
        """One event, one answer."""
        if isinstance(event, (AppendAborted, AuthenticateCancelled)):
            return
        if isinstance(event, AppendMessage):
            self._append(event)
        elif isinstance(event, AppendUrl):
            self._put_in(event)
        elif isinstance(event, Authenticate | AuthenticateResponse):
            self._authenticate(event)
        elif isinstance(event, Idle):
            self.engine.accept_idle()
            if self.idle_updates:
                self.engine.send_untagged(b"4 EXISTS")
        elif isinstance(event, StartTls):
            self.engine.begin_tls(event.tag)
        else:
            self._say(event)

    def _append(self, event: AppendMessage) -> None:
        if event.mailbox in self.refused:
            self.engine.refuse_append("no such mailbox", codes.TRYCREATE)
            return
        if not event.number:
            self.kept = []
        self.kept.append(KeptMessage(event))
        self.engine.accept_message(self.kept[-1])

    def _put_in(self, event: AppendUrl) -> None:
        if event.url.decode("latin-1") in self.refused:
            self.engine.refuse_append("no such message", codes.bad_url(event.url))
        elif len(event.url) > event.room:
            self.engine.refuse_append("too many octets", codes.TOOBIG)
        else:
            self.kept[-1].write(event.url)
            self.engine.accept_url(len(event.url))

    def _authenticate(self, event: Authenticate | AuthenticateResponse) -> None:
        response = event.octets if isinstance(event, AuthenticateResponse) else None
        if isinstance(event, Authenticate):
            response = event.initial_response
        if response is None:
            self.engine.challenge(b"")
        elif response == b"\0ana\0secret":
            self.engine.finish(event.tag, Condition.OK, "logged in")
        else:
            self.engine.finish(event.tag, Condition.NO, "no", codes.AUTHENTICATIONFAILED)

    def _say(self, event: Command) -> None:
        if isinstance(event, Login) and event.password != "secret":  # noqa: S105 - a script
            self.engine.finish(event.tag, Condition.NO, "no", codes.AUTHENTICATIONFAILED)
            return
        if isinstance(event, Enable):
            known = ("IMAP4REV2", "UTF8=ACCEPT", "CONDSTORE", "QRESYNC")
            self.engine.enable(event.tag, [name for name in event.capabilities if name in known])
        self.engine.send_lines(self._lines(event))
        code = codes.append_uid(7, [9]) if isinstance(event, AppendComplete) else b""
        self.engine.finish(event.tag, Condition.OK, "done", code)

    def _lines(self, event: Command) -> Iterable[bytes]:
        if isinstance(event, Select):
            yield responses.exists(3)
            yield responses.ok_line(codes.uid_validity(7), "valid")
        elif isinstance(event, ListMailboxes):
            yield responses.list_line((), "Año", utf8=self.engine.is_utf8)
        elif isinstance(event, Search):
            yield responses.search([1, 3])
        elif isinstance(event, Fetch):
            for number in event.messages.numbers(3):
                yield responses.fetch_line(number, [b"UID %d" % number, b"FLAGS (\\Seen)"])
