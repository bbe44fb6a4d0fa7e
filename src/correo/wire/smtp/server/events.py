"""Say what a client wants that only the session can decide.

Every event but TransactionReset is a question: the engine understands nothing further until it
is answered by the method named beside it, or by `refuse(Refusal)`.
"""

from dataclasses import dataclass

from correo.wire.smtp.parameters import MailParameters, RecipientParameters

__all__ = [
    "AuthenticationAnswered",
    "AuthenticationBegun",
    "CommandHeard",
    "ContentComplete",
    "ContentStarting",
    "Event",
    "ExpandAsked",
    "MailGiven",
    "RecipientGiven",
    "TlsWanted",
    "TransactionReset",
    "UrlGiven",
    "VerifyAsked",
    "XclientGiven",
]


@dataclass(slots=True)
class CommandHeard:
    """A command the session wants to be asked about (`ask_first`): `obey`.

    verb: capitals. line: the whole command, without CRLF.
    """

    verb: str
    line: bytes


@dataclass(slots=True)
class MailGiven:
    """MAIL FROM: `accept_mail`. reverse_path "" is the null path."""

    reverse_path: str
    parameters: MailParameters


@dataclass(slots=True)
class RecipientGiven:
    """RCPT TO: `accept_recipient`."""

    forward_path: str
    parameters: RecipientParameters


@dataclass(slots=True)
class ContentStarting:
    """DATA, or the first BDAT or BURL: `accept_content(receiver)`."""

    is_chunked: bool


@dataclass(slots=True)
class UrlGiven:
    """BURL: `write_url` as often as it takes, then `accept_url`. url: ASCII, as it was sent."""

    url: bytes


@dataclass(slots=True)
class ContentComplete:
    """The receiver has the whole message: `accept_message`, or LMTP `send_outcomes`."""


@dataclass(slots=True)
class TransactionReset:
    """The envelope and any content are to be forgotten. No question: the engine goes on."""


@dataclass(slots=True)
class TlsWanted:
    """STARTTLS: `accept_tls`, then the handshake, then `tls_started`."""


@dataclass(slots=True)
class AuthenticationBegun:
    """AUTH: `challenge` or `authenticated`. initial_response None means there was none."""

    mechanism: str
    initial_response: bytes | None


@dataclass(slots=True)
class AuthenticationAnswered:
    """The client's answer to a challenge, decoded: `challenge` or `authenticated`."""

    response: bytes


@dataclass(slots=True)
class VerifyAsked:
    """VRFY: `send_lines`."""

    name: str


@dataclass(slots=True)
class ExpandAsked:
    """EXPN: `send_lines`."""

    name: str


@dataclass(slots=True)
class XclientGiven:
    """XCLIENT: `accept_xclient`. Attribute names upper-case, values decoded from xtext."""

    attributes: dict[str, str]


Event = (
    CommandHeard
    | MailGiven
    | RecipientGiven
    | ContentStarting
    | UrlGiven
    | ContentComplete
    | TransactionReset
    | TlsWanted
    | AuthenticationBegun
    | AuthenticationAnswered
    | VerifyAsked
    | ExpandAsked
    | XclientGiven
)
