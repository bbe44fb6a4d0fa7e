"""What the SMTP server asks of intake: one envelope at a time, one answer at each step.

`servers/smtp` holds one `IntakeSession` per connection and calls it for MAIL, RCPT and the end
of the message; every step may raise `Refusal`, which becomes the reply. Nothing is promised
before `finish` returns: that is the commit point (RFC 5321 6.1).
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from correo.wire.smtp.parameters import MailParameters, RecipientParameters

__all__ = [
    "Accepted",
    "Intake",
    "IntakeSession",
    "MailParameters",
    "MessageReceiver",
    "Outcome",
    "PeerInfo",
    "RecipientParameters",
    "Role",
]


class Role(Enum):
    """What a listener is for."""

    MX = "smtp"
    SUBMISSION = "submission"
    LMTP = "lmtp"


@dataclass(slots=True)
class PeerInfo:
    """Who speaks, as known so far; the server session keeps it up to date.

    protocol: the "with" of Received: SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, LMTP, UTF8SMTP...
    (RFC 3848, RFC 6531 4.3).
    login: the authenticated account's address, None before AUTH.
    """

    address: str
    port: int
    local_port: int
    helo: str = ""
    protocol: str = "SMTP"
    is_tls: bool = False
    tls_version: str = ""
    tls_cipher: str = ""
    login: str | None = None
    reverse_name: str = ""


class MessageReceiver(Protocol):
    """Takes the content while it arrives, dot-stuffing undone; see `wire/smtp`."""

    def write(self, octets: bytes) -> None: ...

    @property
    def size(self) -> int: ...

    def abort(self) -> None:
        """The transfer ended early; forget everything."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message is ours now, durably. The id appears in the 250 reply, Received and trace."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """LMTP: what happened for one recipient (RFC 2033 4.2)."""

    recipient: str
    status: str  # enhanced status code
    text: str
    reply: int


class IntakeSession(Protocol):
    """One SMTP connection's way in. Order is checked by the engine, meaning here."""

    async def mail(self, reverse_path: str, parameters: MailParameters) -> None:
        """Begin an envelope. reverse_path "" is the null path. Raises Refusal."""

    async def recipient(self, forward_path: str, parameters: RecipientParameters) -> None:
        """Add a recipient. Raises Refusal: unknown, relaying denied, too many, over quota."""

    async def receive(self) -> MessageReceiver:
        """Content is about to come (before 354, or at the first BDAT). Raises Refusal."""

    async def finish(self, receiver: MessageReceiver) -> Accepted:
        """All of it is here: filters, trace fields, hand-off. Durable on return. Raises Refusal.

        Takes the envelope with its first step: while it is awaited, the next `mail` may come.
        """

    async def finish_each(self, receiver: MessageReceiver) -> list[Outcome]:
        """As finish, one outcome per accepted recipient, in order (LMTP)."""

    def reset(self) -> None:
        """Forget the envelope (RSET, EHLO, STARTTLS, end of a transaction)."""

    async def verify(self, name: str) -> str:
        """VRFY: the mailbox, or Refusal (252 unless policy says more)."""

    async def expand(self, name: str) -> list[str]:
        """EXPN: the members. Raises Refusal."""

    def closed(self) -> None:
        """The connection is gone; free what is held (rates, spool)."""


class Intake(Protocol):
    """The door: made once by the wiring."""

    def connect(self, peer: PeerInfo, role: Role) -> IntakeSession:
        """A connection is there. Raises Refusal (421 or 554) to turn it away."""
