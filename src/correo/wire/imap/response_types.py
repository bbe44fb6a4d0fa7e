"""What a server can say, as the client engine's events.

Names of mailboxes are Unicode; flags are text as the server wrote them; strings of a message
(subject, file name) stay octets, for only the reader of the message knows their charset.

RFC 9051    7        server responses
RFC 7162    3        VANISHED, MODSEQ; RFC 8474 EMAILID, THREADID, MAILBOXID; RFC 8514 SAVEDATE
"""

from dataclasses import dataclass, field
from enum import Enum

from correo.wire.imap.body_structure import BodyPart, Envelope
from correo.wire.imap.values import Streamed, Value

__all__ = [
    "Capabilities",
    "Continuation",
    "Enabled",
    "Exists",
    "Expunged",
    "ExtendedSearch",
    "FetchData",
    "FlagsKnown",
    "Greeting",
    "MailboxListed",
    "MailboxStatus",
    "Namespaces",
    "Recent",
    "Response",
    "ResponseCode",
    "SearchResult",
    "ServerId",
    "StatusLine",
    "TaggedStatus",
    "UnknownResponse",
    "Vanished",
    "Verdict",
]


class Verdict(Enum):
    """The condition of a status response."""

    OK = "OK"
    NO = "NO"
    BAD = "BAD"
    BYE = "BYE"
    PREAUTH = "PREAUTH"


@dataclass(frozen=True, slots=True)
class ResponseCode:
    """name: capitals. text: what stood behind it, as octets. values: the same, read."""

    name: str
    text: bytes = b""
    values: tuple[Value, ...] = ()

    def number(self) -> int | None:
        """The one number of UIDNEXT, UIDVALIDITY, HIGHESTMODSEQ..."""
        digits = self.text.strip()
        return int(digits) if digits.isdigit() and len(digits) < 20 else None


@dataclass(slots=True)
class StatusLine:
    """An untagged OK, NO, BAD or BYE."""

    verdict: Verdict
    text: str
    code: ResponseCode | None = None


@dataclass(slots=True)
class Greeting(StatusLine):
    """The server's first line: OK, PREAUTH or BYE."""


@dataclass(slots=True)
class TaggedStatus(StatusLine):
    """The end of a command."""

    tag: bytes = b""


@dataclass(slots=True)
class Continuation:
    """ "+": a SASL challenge (base64 still on), or the go-ahead of IDLE.

    for_literal: the go-ahead of a literal: its octets are in the output already.
    """

    text: bytes
    for_literal: bool = False


@dataclass(slots=True)
class Capabilities:
    """names: capitals."""

    names: frozenset[str]


@dataclass(slots=True)
class Enabled:
    names: tuple[str, ...]


@dataclass(slots=True)
class Exists:
    count: int


@dataclass(slots=True)
class Recent:
    count: int


@dataclass(slots=True)
class Expunged:
    """number: the sequence number that is gone; higher ones moved down by one."""

    number: int


@dataclass(slots=True)
class Vanished:
    """uids: (low, high) pairs as sent."""

    uids: list[tuple[int, int]]
    earlier: bool


@dataclass(slots=True)
class FlagsKnown:
    flags: tuple[str, ...]


@dataclass(slots=True)
class MailboxListed:
    """LIST or LSUB. attributes: as sent, "\\HasChildren"; compare regardless of case."""

    name: str
    attributes: tuple[str, ...]
    delimiter: str | None
    is_lsub: bool = False
    child_info: tuple[str, ...] = ()
    old_name: str | None = None

    def has(self, attribute: str) -> bool:
        return attribute.lower() in (name.lower() for name in self.attributes)


@dataclass(slots=True)
class MailboxStatus:
    """values: by item in capitals; a str for MAILBOXID, None for APPENDLIMIT NIL."""

    name: str
    values: dict[str, int | str | None]

    def count(self, item: str) -> int:
        """A number by its item, "UIDNEXT"; 0 where it was not asked for."""
        value = self.values.get(item)
        return value if isinstance(value, int) else 0

    @property
    def messages(self) -> int:
        return self.count("MESSAGES")

    @property
    def unseen(self) -> int:
        return self.count("UNSEEN")

    @property
    def uid_next(self) -> int:
        return self.count("UIDNEXT")

    @property
    def uid_validity(self) -> int:
        return self.count("UIDVALIDITY")


@dataclass(slots=True)
class Namespaces:
    """Each a list of (prefix, delimiter)."""

    personal: list[tuple[str, str | None]]
    others: list[tuple[str, str | None]]
    shared: list[tuple[str, str | None]]


@dataclass(slots=True)
class ServerId:
    parameters: dict[str, str | None]


@dataclass(slots=True)
class SearchResult:
    numbers: list[int]
    modseq: int | None = None


@dataclass(slots=True)
class ExtendedSearch:
    """every: (low, high) pairs, None if ALL was not said (nothing found, or not asked)."""

    tag: bytes | None
    is_uid: bool
    minimum: int | None = None
    maximum: int | None = None
    count: int | None = None
    every: list[tuple[int, int]] | None = None
    modseq: int | None = None


@dataclass(slots=True)
class FetchData:
    """What a server told of one message; None for what was not told.

    sections: by label in capitals, b"BODY[1.MIME]", b"BINARY[2]"; None for NIL.
    internal_date: seconds since 1970 UTC; zone: minutes east.
    others: items of extensions, by name in capitals.
    """

    number: int
    uid: int | None = None
    flags: tuple[str, ...] | None = None
    internal_date: int | None = None
    zone: int = 0
    size: int | None = None
    modseq: int | None = None
    envelope: Envelope | None = None
    structure: BodyPart | None = None
    email_id: str | None = None
    thread_id: str | None = None
    save_date: int | None = None
    sections: dict[bytes, bytes | Streamed | None] = field(default_factory=dict)
    binary_sizes: dict[bytes, int] = field(default_factory=dict)
    others: dict[str, Value] = field(default_factory=dict)

    def octets(self, label: bytes) -> bytes:
        """A section that was not streamed; b"" if the server sent NIL or nothing."""
        value = self.sections.get(label.upper())
        return value if isinstance(value, bytes) else b""


@dataclass(slots=True)
class UnknownResponse:
    """Something of an extension that was not asked for; to be ignored (RFC 9051 2.2.2)."""

    octets: bytes


Response = (
    StatusLine
    | Continuation
    | Capabilities
    | Enabled
    | Exists
    | Recent
    | Expunged
    | Vanished
    | FlagsKnown
    | MailboxListed
    | MailboxStatus
    | Namespaces
    | ServerId
    | SearchResult
    | ExtendedSearch
    | FetchData
    | UnknownResponse
)
