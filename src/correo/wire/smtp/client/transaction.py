"""Send one message over a client engine: MAIL, RCPT, content, and what each recipient got.

    transaction.begin()
    until transaction.is_done:           (once `is_said`, the next may begin behind this one)
        if transaction.wants_content: put the content into the engine, call content_put()
        transaction.take(next event)
    transaction.outcome()

RFC 5321    3.3, 4.1.4;  RFC 2920 3.1 the whole envelope in one group, DATA as its last
RFC 3030    4.2 small messages travel with their envelope; BDAT is chosen where it is offered
RFC 3461    parameters only where the peer has DSN
"""

from correo.base.errors import UsageError
from correo.wire.smtp.client.engine import Answered, ClientEngine, ClientEvent
from correo.wire.smtp.client.envelope import Envelope, RecipientOutcome, SendOutcome
from correo.wire.smtp.parameters import MailParameters, RecipientParameters
from correo.wire.smtp.replies import Reply

__all__ = ["Transaction"]


class Transaction:
    """One message.

    Args:
        size: octets of the content.
        uses_chunks: whether the content goes by BDAT.
        small_content: the content, where it is to go along with the envelope (BDAT only).
        is_behind: whether it begins while another message has no answer yet.
        is_in_row: whether the next message may begin before this one's answer; then it leaves
            the dialogue as it is when it fails, and whoever is next has to reset.

    Raises:
        UsageError: the peer cannot take such a message; it should have been made fit before.
    """

    def __init__(
        self,
        engine: ClientEngine,
        envelope: Envelope,
        *,
        size: int,
        uses_chunks: bool,
        small_content: bytes | None = None,
        is_behind: bool = False,
        is_in_row: bool = False,
    ) -> None:
        self._engine = engine
        self._envelope = envelope
        self._size = size
        self._uses_chunks = uses_chunks
        self._small_content = small_content
        self._is_behind = is_behind
        self._is_in_row = is_in_row
        self._mail: Reply | None = None
        self._recipients: list[Reply] = []
        self._finals: list[Reply] = []
        self._obstacle: Reply | None = None
        self._due = 0  # answers that have yet to come
        self.wants_content = False
        self.is_said = False  # nothing is left to say, whatever the answers
        self.is_done = False
        self._check()

    def begin(self) -> None:
        """Say the envelope. Raises ValueError for an address; then nothing is said."""
        try:
            self._say_envelope()
        except ValueError:
            self._engine.withdraw()
            raise

    def _say_envelope(self) -> None:
        engine, envelope = self._engine, self._envelope
        has_dsn = "DSN" in engine.extensions
        if self._is_behind:
            self._reset()
        engine.mail(envelope.reverse_path, self._mail_parameters())
        for each in envelope.recipients:
            asked = RecipientParameters(each.notify, each.orcpt) if has_dsn else NOTHING_ASKED
            engine.recipient(each.address, asked, smtputf8=envelope.smtputf8)
        self._due += 1 + len(envelope.recipients)
        if not self._uses_chunks:
            engine.data()
            self._due += 1
        elif self._small_content is not None:
            engine.chunk(self._small_content, is_last=True)
            self._due += 1
            self.is_said = self._is_in_row

    def content_put(self) -> None:
        """The content is in the engine, with its end."""
        self.wants_content = False
        self.is_said = True
        self._due += 1

    def take(self, event: ClientEvent) -> None:
        """Learn from the engine's next event."""
        reply = event.reply
        self._due -= 1
        verb = event.verb if isinstance(event, Answered) else ""
        if not verb or reply.code == 421:
            self._fail(verb, reply)
        elif verb == "MAIL":
            self._mail = reply
            if reply.code >= 300:
                self._stop_early()
        elif verb == "RCPT":
            self._recipients.append(reply)
            self._recipient_answered()
        elif verb == "DATA":
            self._data_answered(reply)
        elif verb in ("CONTENT", "BDAT"):
            self._content_answered(reply)
        if self._due == 0 and not self.wants_content:
            self.is_done = True

    def outcome(self) -> SendOutcome:
        """What became of it; whole once `is_done`."""
        decisive = self._decisive_replies()
        return SendOutcome(
            [
                RecipientOutcome(each.address, reply)
                for each, reply in zip(self._envelope.recipients, decisive, strict=True)
            ],
            self._mail,
            self._finals[-1] if self._finals else self._obstacle,
        )

    # inside

    def _check(self) -> None:
        offered, envelope = self._engine.extensions, self._envelope
        if not envelope.recipients:
            raise UsageError("a message needs a recipient")
        if envelope.smtputf8 and "SMTPUTF8" not in offered:
            raise UsageError("the peer has no SMTPUTF8")
        if envelope.body == "8BITMIME" and "8BITMIME" not in offered:
            raise UsageError("the peer has no 8BITMIME: re-encode the message first")
        if envelope.body == "BINARYMIME" and not (
            "BINARYMIME" in offered and "CHUNKING" in offered and self._uses_chunks
        ):
            raise UsageError("the peer has no BINARYMIME: re-encode the message first")

    def _mail_parameters(self) -> MailParameters:
        offered, envelope = self._engine.extensions, self._envelope
        size = self._size if envelope.size is None else envelope.size
        has_dsn = "DSN" in offered
        return MailParameters(
            size=size if "SIZE" in offered else None,
            body=envelope.body,
            smtputf8=envelope.smtputf8,
            ret=envelope.ret if has_dsn else None,
            envid=envelope.envid if has_dsn else None,
        )

    @property
    def _is_any_accepted(self) -> bool:
        return any(reply.code < 300 for reply in self._recipients)

    def _recipient_answered(self) -> None:
        if len(self._recipients) < len(self._envelope.recipients):
            return
        if self._mail is None or self._mail.code >= 300:
            return
        if not self._is_any_accepted:
            self._stop_early()
        elif self._uses_chunks and self._small_content is None:
            self.wants_content = True

    def _stop_early(self) -> None:
        """Nothing more is worth saying; leave the dialogue clean for the next message."""
        if self._is_in_row and self.is_said:
            return
        self._due -= self._engine.withdraw()
        if self._mail is not None and self._mail.code < 300:
            self._reset()

    def _reset(self) -> None:
        self._engine.reset()
        self._due += 1

    def _data_answered(self, reply: Reply) -> None:
        if reply.code != 354:
            self._obstacle = reply
            if self._is_any_accepted:
                self._reset()
        elif self._is_any_accepted:
            self.wants_content = True
        else:  # RFC 2920 3.1: the server has not minded; end the empty message
            self._engine.end_content()
            self._due += 1

    def _content_answered(self, reply: Reply) -> None:
        if self._is_any_accepted:
            self._finals.append(reply)
            accepted = sum(each.code < 300 for each in self._recipients)
            if self._engine.is_lmtp and len(self._finals) < accepted:
                self._due += 1  # one more will come (RFC 2033 4.2)
        elif self._obstacle is None:
            self._obstacle = reply

    def _fail(self, verb: str, reply: Reply) -> None:
        """The server leaves: this is the answer to all that has none."""
        self.is_done = True
        self.wants_content = False
        self._obstacle = reply
        if verb == "MAIL":
            self._mail = reply

    def _decisive_replies(self) -> list[Reply]:
        unanswered = self._obstacle or Reply(421, "", ("no answer",))
        finals = iter(self._finals)
        last = unanswered
        decisive: list[Reply] = []
        for number in range(len(self._envelope.recipients)):
            if self._mail is not None and self._mail.code >= 300:
                decisive.append(self._mail)
                continue
            reply = self._recipients[number] if number < len(self._recipients) else unanswered
            if reply.code < 300:
                if self._engine.is_lmtp:
                    reply = next(finals, unanswered)
                else:
                    last = next(finals, last)
                    reply = last
            decisive.append(reply)
        return decisive


NOTHING_ASKED = RecipientParameters()
