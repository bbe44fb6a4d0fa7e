"""Keep what one server dialogue knows: phase, envelope, open question, replies not yet sent.

The commands (one file each in `commands/`) read and change this; the engine joins it with the
octets. No octets are read here.
"""

from typing import Protocol

from correo.base.errors import Refusal
from correo.wire.smtp.data import ChunkReceiver, DataReceiver
from correo.wire.smtp.replies import reply_code_of, write_reply
from correo.wire.smtp.server.events import Event, TransactionReset
from correo.wire.smtp.server.options import ServerOptions
from correo.wire.smtp.server.output import Output
from correo.wire.smtp.server.states import Mode, Phase

__all__ = ["ContentReceiver", "Dialogue"]


TRANSACTION = frozenset({Phase.MAIL, Phase.RECIPIENTS, Phase.CHUNKS})


class ContentReceiver(Protocol):
    """Takes the content while it arrives; `abort` if it will not be wanted."""

    def write(self, octets: bytes) -> None: ...

    def abort(self) -> None: ...


class Dialogue:
    """One connection's state. `question` is the open event, None if the engine may go on."""

    __slots__ = (
        "asks_first",
        "chunk_is_last",
        "chunk_left",
        "chunk_size",
        "commands",
        "content_size",
        "decoder",
        "errors",
        "events",
        "held_line",
        "helo",
        "is_authenticated",
        "is_binary",
        "is_closed",
        "is_extended",
        "is_tls",
        "mechanisms",
        "messages",
        "mode",
        "offers_tls",
        "offers_xclient",
        "options",
        "output",
        "phase",
        "question",
        "receiver",
        "recipients",
        "refusal",
        "sasl_final",
        "url",
        "utf8",
    )

    def __init__(self, options: ServerOptions) -> None:
        self.options = options
        self.phase = Phase.START
        self.mode = Mode.COMMANDS
        self.is_closed = False
        self.question: Event | None = None
        self.asks_first: frozenset[bytes] = frozenset()
        self.events: list[Event] = []
        self.output = Output()
        self.held_line: bytes | None = None  # a command that waits for replies before it
        # who speaks
        self.helo = ""
        self.is_extended = False
        self.is_tls = False
        self.is_authenticated = False
        # what is offered beyond the options
        self.offers_tls = False
        self.offers_xclient = False
        self.mechanisms: tuple[str, ...] = ()
        # counted
        self.errors = 0
        self.commands = 0
        self.messages = 0
        # the transaction
        self.recipients = 0
        self.utf8 = False
        self.is_binary = False
        self.receiver: ContentReceiver | None = None
        self.decoder: DataReceiver | ChunkReceiver | None = None
        self.content_size = 0
        self.refusal: Refusal | None = None
        self.chunk_size = self.chunk_left = 0
        self.chunk_is_last = False
        self.url = b""  # of the BURL under way
        self.sasl_final = False

    # replies

    def reply(self, code: int, status: str, text: str) -> None:
        """Say something; permanent refusals are counted, and 421 ends the dialogue."""
        self.output.append(write_reply(code, status, text, utf8=self.utf8))
        if code == 421:
            self.close()
        elif code >= 500:
            self._count_error()

    def reject(self, refusal: Refusal) -> None:
        """Say a refusal."""
        code = refusal.reply or reply_code_of(refusal.status)
        self.reply(code, refusal.status, refusal.told)

    def reject_recipient(self, refusal: Refusal) -> None:
        """Refuse one recipient. For now is no error and no idle command: the client has to be
        able to name the others (RFC 5321 4.5.3.1.10)."""
        if refusal.is_temporary:
            self.commands -= 1
        self.reject(refusal)

    def farewell(self, status: str, text: str) -> None:
        """Say 421 and end the dialogue."""
        if not self.is_closed:
            self.output.append(write_reply(421, status, f"{self.options.hostname} {text}"))
            self.close()

    def close(self) -> None:
        self.mode = Mode.CLOSED
        self.is_closed = True
        self.question = None
        self.held_line = None
        self.drop_content()

    def _count_error(self) -> None:
        self.errors += 1
        if self.errors >= self.options.max_errors:
            self.farewell("4.7.0", "too many errors, closing")

    # questions

    def ask(self, event: Event) -> None:
        """Hold the pipeline until the session has answered."""
        self.question = event
        self.events.append(event)

    # the transaction

    @property
    def in_transaction(self) -> bool:
        return self.phase in TRANSACTION

    def reset(self) -> None:
        """Forget the envelope; the session is told if there was one."""
        if self.in_transaction:
            self.end_transaction()
            self.events.append(TransactionReset())

    def end_transaction(self) -> None:
        """Forget the envelope; the session knows."""
        self.phase = Phase.READY
        self.recipients = 0
        self.utf8 = False
        self.drop_content()

    def drop_content(self) -> None:
        """The content so far is not wanted (no effect once it has been handed over)."""
        receiver, self.receiver = self.receiver, None
        self.decoder = None
        self.content_size = 0
        self.refusal = None
        if receiver is not None:
            receiver.abort()

    def begin_again(self) -> None:
        """As if just connected (after STARTTLS and XCLIENT)."""
        self.reset()
        self.phase = Phase.START
        self.helo = ""
        self.is_extended = False
        self.is_authenticated = False

    # content

    def take_content(self, octets: bytes) -> None:
        """Hand decoded octets to the receiver, unless the message is refused already."""
        if not octets or self.refusal is not None:
            return
        self.content_size += len(octets)
        limit = self.options.max_size
        if limit and self.content_size > limit:
            self.refuse_content(Refusal("5.3.4", f"a message has at most {limit} octets here"))
            return
        if self.receiver is None:
            return
        try:
            self.receiver.write(octets)
        except Refusal as refusal:  # the disk is full
            self.refuse_content(refusal)

    def refuse_content(self, refusal: Refusal) -> None:
        """Take the rest of the message without keeping it, then say this."""
        if self.refusal is None:
            self.refusal = refusal
            if self.receiver is not None:
                self.receiver.abort()
                self.receiver = None

    def check_line_ends(self) -> None:
        if self.decoder is not None and self.decoder.is_malformed:
            self.refuse_content(
                Refusal("5.6.11", "lines end in CRLF: a bare CR or LF is not taken", reply=550)
            )

    def final_refusal(self, refusal: Refusal) -> None:
        code = refusal.reply or reply_code_of(refusal.status)
        self.final_replies(code, refusal.status, refusal.told)

    def final_replies(self, code: int, status: str, text: str) -> None:
        """The answer to a whole message; LMTP gives it once per recipient (RFC 2033 4.2)."""
        times = max(self.recipients, 1) if self.options.is_lmtp else 1
        for _ in range(times):
            if not self.is_closed:
                self.reply(code, status, text)
