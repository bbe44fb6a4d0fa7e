"""The POP3 server's side of a dialogue: commands in, replies out, questions as events.

It answers by itself what needs no account and no message: order, syntax, CAPA, LANG, UTF8, and,
once `open_maildrop` has told it the sizes and unique-ids, STAT, LIST, UIDL, DELE, NOOP and RSET.
Pipelined commands wait while an event is open. It removes nothing: QUIT gives the marked numbers
in one `DeletionsDue`, and a session that ends otherwise gives none.

RFC 1939             all of it
RFC 2449             CAPA, response codes, PIPELINING, EXPIRE, IMPLEMENTATION
RFC 2595    4        STLS
RFC 3206             [SYS/TEMP], [SYS/PERM], [AUTH]
RFC 5034             AUTH
RFC 6856             UTF8, LANG

LOGIN-DELAY is not announced, for there is none.

Cost: 3 microseconds for a command, besides the octets.
"""

from collections.abc import Callable, Sequence

from correo.base.blobs import Chunk
from correo.base.errors import UsageError
from correo.base.pause import Pause
from correo.wire.pop3.authorization import Authorization, Offer
from correo.wire.pop3.events import CommandHeard, DeletionsDue, Event
from correo.wire.pop3.grammar import (
    COMMANDS,
    MAX_LINE,
    MAX_RESPONSE,
    BadCommand,
    State,
    parse,
)
from correo.wire.pop3.lines import TOO_LONG, Lines
from correo.wire.pop3.maildrop import Maildrop
from correo.wire.pop3.phrases import DEFAULT_LANGUAGE, LANGUAGES, Phrase, language_for, say
from correo.wire.pop3.replies import Replies
from correo.wire.pop3.transaction import Transaction

__all__ = ["ServerEngine"]

ERROR_LIMIT = 30  # commands wrong in a row; ours
LOGIN_LIMIT = 5  # failed logins in one session; ours
OUTPUT_HIGH_WATER = 256 * 1024  # octets waiting before Pause
COMMANDS_PER_TURN = 200  # answered here before Pause
CAPABILITIES = (
    "TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "UTF8 USER", "LANG",
    "EXPIRE NEVER",
)  # fmt: skip


class ServerEngine:
    """One session.

    Args:
        host: our name, for the greeting and the farewell.
        implementation: for CAPA, without spaces.
    """

    def __init__(self, host: str, offer: Offer, *, implementation: str = "correo") -> None:
        self._host = host
        self._implementation = implementation
        self._state = State.AUTHORIZATION
        self._is_open = True  # an event waits for its answer, or the client for our first word
        self._errors = 0
        self._lines = Lines()
        self._replies = Replies()
        self._authorization = Authorization(self._replies, offer)
        self._transaction = Transaction(self._replies, Maildrop((), ()))
        self._obey = self._methods()
        self._asks_first: frozenset[bytes] = frozenset()
        self._heard = b""  # the command that was asked about

    # the driver's side

    def receive(self, octets: bytes) -> list[Event | Pause]:
        """Take octets; events up to the next open one. Raises PeerError for an endless line."""
        if octets:
            self._lines.feed(octets)
        turn = 0
        while not self._is_open and self._state is not State.CLOSED:
            if self._replies.size > OUTPUT_HIGH_WATER or turn == COMMANDS_PER_TURN:
                return [Pause()]
            turn += 1
            is_response = self._authorization.is_authenticating
            line = self._lines.next(MAX_RESPONSE if is_response else MAX_LINE)
            if line is None:
                break
            event = self._understand(line)
            if event is not None:
                self._is_open = True
                return [event]
        return []

    def receive_eof(self) -> list[Event | Pause]:
        """The peer is gone without QUIT: nothing is deleted (RFC 1939 6)."""
        self._state = State.CLOSED
        return []

    def take_output(self) -> list[Chunk]:
        return self._replies.take()

    @property
    def buffered(self) -> int:
        return self._lines.buffered

    @property
    def is_closed(self) -> bool:
        return self._state is State.CLOSED and not self._is_open

    # what the session reads

    @property
    def timestamp(self) -> str:
        """The APOP challenge of the greeting, "" if there was none."""
        return self._authorization.timestamp

    @property
    def is_utf8(self) -> bool:
        """Whether messages may be sent with UTF-8 in their headers (RFC 6856 2.1)."""
        return self._authorization.is_utf8

    # answers

    def greet(self, timestamp: str = "") -> None:
        """Say the first word; the timestamp, a fresh msg-id, offers APOP."""
        self._answered()
        self._authorization.timestamp = timestamp
        ready = say(Phrase.READY, self._replies.language, self._host)
        stamp = f" {timestamp}" if timestamp else ""
        self._replies.send(b"+OK %b%b\r\n" % (ready, stamp.encode()))

    def turn_away(self, phrase: Phrase) -> None:
        """End the session, whatever is open; nothing is deleted."""
        self._replies.fail(phrase, code="SYS/TEMP")
        self._state = State.CLOSED
        self._is_open = False

    def ask_first(self, *verbs: str) -> None:
        """Make a question (`CommandHeard`) of commands that are answered here otherwise."""
        self._asks_first = frozenset(verb.encode("ascii") for verb in verbs)

    def obey(self) -> None:
        """Answer the command as if nobody had been asked."""
        self._answered()
        try:
            self._command(self._heard)
        except BadCommand as error:
            self._reject(error)

    def open_maildrop(self, sizes: Sequence[int], unique_ids: Sequence[str]) -> None:
        """The login succeeded and the maildrop is ours alone."""
        self._answered()
        self._state = State.TRANSACTION
        self._transaction.maildrop = Maildrop(sizes, unique_ids)
        self._replies.ok(Phrase.MAILDROP, *self._transaction.maildrop.drop_listing())

    def refuse_login(self, phrase: Phrase, *, code: str) -> None:
        """Args: code: AUTH, IN-USE, SYS/TEMP or SYS/PERM."""
        self._answered()
        self._authorization.refuse(phrase, code)
        if self._authorization.failed_logins >= LOGIN_LIMIT:
            self._state = State.CLOSED

    def challenge(self, octets: bytes) -> None:
        """Go on with the AUTH exchange."""
        self._answered()
        self._authorization.challenge(octets)

    def start_tls(self) -> None:
        """Give the go-ahead for TLS; what the client sent behind STLS is thrown away."""
        self._replies.ok(Phrase.BEGIN_TLS)
        self._lines.take_all()

    def tls_started(self, offer: Offer) -> None:
        """TLS is in force."""
        self._answered()
        self._authorization.encrypted(offer)
        self._replies.language = DEFAULT_LANGUAGE

    def send_message(self, octets: bytes) -> None:
        """Answer RETR or TOP with a whole message; TOP is cut here."""
        self._answered()
        self._transaction.send(octets)

    def begin_message(self, size: int) -> None:
        """Answer RETR or TOP with a message in pieces: send_piece, then end_message."""
        self._transaction.begin(size)

    def send_piece(self, octets: bytes) -> bool:
        """Whether more is wanted (TOP may have enough)."""
        return self._transaction.piece(octets)

    def end_message(self) -> None:
        self._answered()
        self._transaction.end()

    def refuse_message(self, phrase: Phrase, *, code: str = "") -> None:
        self._answered()
        self._replies.fail(phrase, code=code)

    def finish(self, *, ok: bool) -> None:
        """The update phase is over, and the dialogue too."""
        self._answered()
        self._state = State.CLOSED
        if ok:
            left, _ = self._transaction.maildrop.drop_listing()
            self._replies.ok(Phrase.FAREWELL_LEFT, self._host, left)
        else:
            self._replies.fail(Phrase.NOT_REMOVED, code="SYS/TEMP")

    # inside

    def _methods(self) -> dict[bytes, Callable[..., Event | None]]:
        login, transaction = self._authorization, self._transaction
        return {
            b"USER": login.user,
            b"PASS": login.password,
            b"APOP": login.apop,
            b"AUTH": login.auth,
            b"STLS": login.stls,
            b"UTF8": login.utf8,
            b"CAPA": self._capa,
            b"LANG": self._lang,
            b"NOOP": transaction.noop,
            b"STAT": transaction.stat,
            b"LIST": transaction.list,
            b"UIDL": transaction.uidl,
            b"RETR": transaction.retr,
            b"TOP": transaction.top,
            b"DELE": transaction.dele,
            b"RSET": transaction.rset,
            b"QUIT": self._quit,
        }

    def _understand(self, line: bytes) -> Event | None:
        try:
            if line == TOO_LONG:
                self._authorization.is_authenticating = False
                raise BadCommand(Phrase.LINE_TOO_LONG)
            if self._authorization.is_authenticating:
                return self._authorization.response(line)
            keyword = parse(line)[0] if self._asks_first else b""
            if keyword in self._asks_first:
                self._heard = line
                return CommandHeard(keyword.decode("ascii"), line)
            event = self._command(line)
        except BadCommand as error:
            self._reject(error)
            return None
        self._errors = 0
        return event

    def _command(self, line: bytes) -> Event | None:
        keyword, rest = parse(line)
        rule = COMMANDS.get(keyword)
        if rule is None:
            raise BadCommand(Phrase.UNKNOWN_COMMAND)
        if self._state not in rule.states:
            raise BadCommand(Phrase.WRONG_STATE, keyword.decode())
        match = rule.arguments.fullmatch(rest)
        if match is None:
            raise BadCommand(Phrase.BAD_ARGUMENTS, keyword.decode())
        return self._obey[keyword](*match.groups())

    def _reject(self, error: BadCommand) -> None:
        """Say what breaks the protocol; too much of it ends the session."""
        self._errors += 1
        if self._errors < ERROR_LIMIT:
            self._replies.fail(error.phrase, *error.values)
        else:
            self._replies.fail(Phrase.TOO_MANY_ERRORS)
            self._state = State.CLOSED

    def _capa(self) -> Event | None:
        self._replies.ok(Phrase.CAPABILITIES)
        lines = [
            *CAPABILITIES,
            f"IMPLEMENTATION {self._implementation}",
            *self._authorization.capabilities(),
        ]
        self._replies.listing("".join(f"{line}\r\n" for line in lines).encode())
        return None

    def _lang(self, language_range: bytes | None) -> Event | None:
        if language_range is None:
            self._replies.ok(Phrase.LANGUAGES_FOLLOW)
            lines = "".join(f"{tag} {name}\r\n" for tag, name in LANGUAGES.items())
            self._replies.listing(lines.encode())
            return None
        tag = language_for(language_range.decode())
        if tag is None:
            self._replies.fail(Phrase.UNKNOWN_LANGUAGE)
            return None
        self._replies.language = tag
        text = say(Phrase.LANGUAGE_CHANGED, tag)
        self._replies.send(b"+OK %b %b\r\n" % (tag.encode(), text))
        return None

    def _quit(self) -> Event | None:
        if self._state is State.TRANSACTION:
            return DeletionsDue(sorted(self._transaction.maildrop.deleted))
        self._state = State.CLOSED
        self._replies.ok(Phrase.FAREWELL, self._host)
        return None

    def _answered(self) -> None:
        if not self._is_open:
            raise UsageError("no POP3 command waits for an answer")
        self._is_open = False
