"""Lead the server's side of one SMTP, submission or LMTP dialogue, without any I/O.

Octets go in through `receive`, questions come out as events (`server.events`), answers go back
through the methods below, replies come out of `take_output`. What needs no outside knowledge
is answered here: EHLO, NOOP, syntax, order, limits. This class joins the parts: `lines` frames,
`readers` understand, `states` says what may come when, `dialogue` remembers, `data` decodes, `answers` takes or refuses
whole messages.

RFC 5321    SMTP;  RFC 2920 pipelining: replies in the order of commands, whatever is buffered
RFC 2033    LMTP;  RFC 3030 BDAT;  RFC 4468 BURL
RFC 4954    4 SASL exchange

While a question is open everything that arrives stays in the buffer, as pipelining wants. Only a
message may be answered later (`answer_later`), and the client's next ones go on.

Cost: a whole pipelined transaction (MAIL, RCPT, DATA, 2 KB, four questions) in about 20 µs.
"""

import base64

from correo.base.blobs import Chunk
from correo.base.errors import Refusal, UsageError
from correo.wire.smtp.data import ChunkReceiver, DataReceiver, LineEnds
from correo.wire.smtp.lines import Lines
from correo.wire.smtp.replies import write_reply
from correo.wire.smtp.server.answers import MessageAnswers
from correo.wire.smtp.server.commands import auth
from correo.wire.smtp.server.dialogue import ContentReceiver
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
    UrlGiven,
    VerifyAsked,
    XclientGiven,
)
from correo.wire.smtp.server.options import ServerOptions
from correo.wire.smtp.server.readers import READERS, obey, url_ended
from correo.wire.smtp.server.states import Mode, Phase

__all__ = ["ServerEngine"]

MAIL_OK = b"250 2.1.0 sender ok\r\n"
RECIPIENT_OK = b"250 2.1.5 recipient ok\r\n"
START_INPUT = b"354 go on, end with a line of nothing but a dot\r\n"


class ServerEngine(MessageAnswers):
    """One connection. Make it, `greet` (or `turn_away`), then feed it."""

    __slots__ = ("_input",)

    def __init__(self, options: ServerOptions) -> None:
        super().__init__(options)
        self._input = Lines()

    # what the driver calls

    def receive(self, octets: bytes) -> list[Event]:
        """Understand what has arrived, up to the next question. Any octets will do."""
        dialogue = self._dialogue
        if octets and not dialogue.is_closed:
            self._input.feed(octets)
        while dialogue.question is None and READERS[dialogue.mode](dialogue, self._input):
            pass
        if not dialogue.events:
            return []
        events, dialogue.events = dialogue.events, []
        return events

    def receive_eof(self) -> list[Event]:
        """The client will send no more: what it began and did not finish is forgotten."""
        self._dialogue.close()
        return []

    def take_output(self) -> list[Chunk]:
        return self._dialogue.output.take()

    @property
    def buffered(self) -> int:
        return len(self._input)

    @property
    def is_closed(self) -> bool:
        return self._dialogue.is_closed and not self._dialogue.output.places

    # what the session knows and says of itself

    @property
    def helo(self) -> str:
        """The name the client gave, "" before EHLO."""
        return self._dialogue.helo

    @property
    def is_extended(self) -> bool:
        """Whether the client said EHLO or LHLO."""
        return self._dialogue.is_extended

    @property
    def is_authenticated(self) -> bool:
        """Whether a login is complete: the client has been told so."""
        return self._dialogue.is_authenticated

    def offer(self, *, tls: bool, mechanisms: tuple[str, ...] = (), xclient: bool = False) -> None:
        """Say what this connection is offered beyond the options; again after each change."""
        self._dialogue.offers_tls = tls
        self._dialogue.mechanisms = mechanisms
        self._dialogue.offers_xclient = xclient

    def ask_first(self, *verbs: str) -> None:
        """Make a question (`CommandHeard`) of commands that are answered here otherwise."""
        self._dialogue.asks_first = frozenset(verb.encode("ascii") for verb in verbs)

    def begin_in_tls(self) -> None:
        """The connection was TLS from the start."""
        self._dialogue.is_tls = True

    def greet(self) -> None:
        options = self._dialogue.options
        self._dialogue.output.append(write_reply(220, "", f"{options.hostname} {options.greeting}"))

    def turn_away(self, refusal: Refusal) -> None:
        """Instead of the greeting: 421 and the end, or 554 and waiting for QUIT."""
        if refusal.is_temporary:
            self._dialogue.farewell(refusal.status, refusal.text)
            return
        text = f"{self._dialogue.options.hostname} {refusal.text}"
        self._dialogue.output.append(write_reply(554, refusal.status, text))
        self._dialogue.phase = Phase.TURNED_AWAY

    def say_goodbye(self, status: str, text: str) -> None:
        """End the dialogue with 421, whatever is open (time is up, the server stops)."""
        self._dialogue.farewell(status, text)

    # answers

    def obey(self) -> None:
        """Answer the command as if nobody had been asked."""
        question = self._dialogue.question
        self._answer(CommandHeard)
        assert isinstance(question, CommandHeard)
        obey(self._dialogue, question.line)

    def accept_mail(self) -> None:
        dialogue = self._answer(MailGiven)
        dialogue.phase = Phase.MAIL
        dialogue.recipients = 0
        dialogue.output.append(MAIL_OK)

    def accept_recipient(self) -> None:
        dialogue = self._answer(RecipientGiven)
        dialogue.phase = Phase.RECIPIENTS
        dialogue.recipients += 1
        dialogue.commands -= 1  # they have a limit of their own
        dialogue.output.append(RECIPIENT_OK)

    def accept_content(self, receiver: ContentReceiver) -> None:
        """Content goes to the receiver from now on, until ContentComplete."""
        dialogue = self._answer(ContentStarting)
        dialogue.receiver = receiver
        if dialogue.mode in (Mode.CHUNK, Mode.URL):
            dialogue.phase = Phase.CHUNKS
            ends = LineEnds.KEEP if dialogue.is_binary else dialogue.options.line_ends
            dialogue.decoder = ChunkReceiver(ends)
            return
        dialogue.mode = Mode.DATA
        dialogue.decoder = DataReceiver(dialogue.options.line_ends)
        dialogue.output.append(START_INPUT)

    def write_url(self, octets: bytes) -> bool:
        """Some of what the URL names; whether more of it is wanted."""
        dialogue = self._dialogue
        if not isinstance(dialogue.question, UrlGiven):
            raise UsageError("no BURL to answer")
        assert isinstance(dialogue.decoder, ChunkReceiver)
        dialogue.chunk_size += len(octets)
        dialogue.take_content(dialogue.decoder.receive(octets))
        dialogue.check_line_ends()
        return dialogue.refusal is None

    def accept_url(self) -> None:
        """What the URL names is in the message, all of it or up to where it was refused."""
        url_ended(self._answer(UrlGiven))

    def accept_tls(self) -> None:
        """Say go ahead; what the client sent behind STARTTLS in clear is dropped.

        Send the output and begin the handshake without waiting in between, then `tls_started`.
        """
        if not isinstance(self._dialogue.question, TlsWanted):
            raise UsageError("no STARTTLS to answer")
        self._input.clear()
        self._dialogue.output.append(b"220 2.0.0 begin TLS\r\n")

    def tls_started(self) -> None:
        """The handshake is done: the client has to say EHLO again (RFC 3207 4.2)."""
        dialogue = self._answer(TlsWanted)
        dialogue.is_tls = True
        dialogue.begin_again()

    def challenge(self, octets: bytes) -> None:
        dialogue = self._answer(AuthenticationBegun, AuthenticationAnswered)
        dialogue.mode = Mode.SASL
        dialogue.output.append(b"334 %b\r\n" % base64.b64encode(octets))

    def authenticated(self, final: bytes = b"") -> None:
        """The login is good. `final` is shown to the client first (SCRAM's server proof)."""
        dialogue = self._answer(AuthenticationBegun, AuthenticationAnswered)
        if final:
            dialogue.sasl_final = True
            dialogue.mode = Mode.SASL
            dialogue.output.append(b"334 %b\r\n" % base64.b64encode(final))
        else:
            auth.succeed(dialogue)

    def send_lines(self, code: int, status: str, lines: list[str]) -> None:
        """Answer VRFY or EXPN."""
        dialogue = self._answer(VerifyAsked, ExpandAsked)
        dialogue.reply(code, status, "\n".join(lines))

    def accept_xclient(self) -> None:
        """The client is now somebody else; it is greeted anew."""
        dialogue = self._answer(XclientGiven)
        dialogue.begin_again()
        self.greet()

    def refuse(self, refusal: Refusal) -> None:
        """Answer no to whatever is asked."""
        dialogue = self._dialogue
        question, dialogue.question = dialogue.question, None
        if question is None:
            raise UsageError("no question is open")
        if isinstance(question, ContentComplete):
            dialogue.final_refusal(refusal)
            dialogue.end_transaction()
        elif isinstance(question, ContentStarting) and question.is_chunked:
            dialogue.refuse_content(refusal)  # said when the chunk has been taken
        elif isinstance(question, UrlGiven):
            dialogue.refuse_content(refusal)
            url_ended(dialogue)
        elif isinstance(question, RecipientGiven):
            dialogue.reject_recipient(refusal)
        else:
            dialogue.reject(refusal)
            if isinstance(question, MailGiven):
                dialogue.utf8 = False
