"""Describe what is to be sent, and what became of it."""

from dataclasses import dataclass, field

from correo.wire.smtp.replies import Reply

__all__ = ["Envelope", "EnvelopeRecipient", "RecipientOutcome", "SendOutcome"]


@dataclass(frozen=True, slots=True)
class EnvelopeRecipient:
    """One recipient (RFC 3461 4.1, 4.2).

    notify: NEVER, or some of SUCCESS, FAILURE, DELAY; empty for the default.
    orcpt: "rfc822;address" as it was first given, None if nobody said.
    """

    address: str
    notify: frozenset[str] = field(default_factory=frozenset)
    orcpt: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom, to whom, and what kind of content.

    reverse_path: "" for the null path.
    body: 7BIT, 8BITMIME or BINARYMIME.
    ret, envid: for delivery reports (RFC 3461 4.3, 4.4); passed on where the peer has DSN.
    size: octets as declared; None to take the content's.
    """

    reverse_path: str
    recipients: list[EnvelopeRecipient]
    smtputf8: bool = False
    body: str = "7BIT"
    ret: str | None = None
    envid: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class RecipientOutcome:
    """The reply that decides about one recipient, in the peer's exact words."""

    address: str
    reply: Reply

    @property
    def is_accepted(self) -> bool:
        return 200 <= self.reply.code < 300


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What became of one message.

    recipients: in the order of the envelope.
    mail: the reply to MAIL; None if it never came.
    message: the reply to the content, or to what stood in its way; None if it never came to that.
        LMTP: the last of them.
    """

    recipients: list[RecipientOutcome]
    mail: Reply | None
    message: Reply | None

    @property
    def is_accepted(self) -> bool:
        """Whether every recipient's mail was taken."""
        return all(each.is_accepted for each in self.recipients)
