"""The tree of a SEARCH: what a message must be like.

Strings are Unicode, decoded from the command's charset; comparing them regardless of case is the
searcher's. Derived keys are spelt out by the parser: FROM is a header key, UNSEEN is Not of a
flag, NEW is (RECENT UNSEEN).

RFC 9051    6.4.4    all keys of IMAP4rev2
RFC 3501    6.4.4    NEW, OLD, RECENT
RFC 7162    3.1.5    MODSEQ
RFC 5032    3        OLDER, YOUNGER
RFC 5466    3.1      FILTER; RFC 6203 3 FUZZY
RFC 8474    6        EMAILID, THREADID
RFC 8514    4.4      SAVEDBEFORE, SAVEDON, SAVEDSINCE, SAVEDATESUPPORTED
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from correo.wire.imap.sequence import SequenceSet

__all__ = [
    "AllOf",
    "AnyMessage",
    "BodyContains",
    "DateField",
    "DateKey",
    "DateRelation",
    "FilterKey",
    "FlagKey",
    "FuzzyKey",
    "HeaderContains",
    "MessageSet",
    "ModSeqAtLeast",
    "Not",
    "ObjectIdKey",
    "Or",
    "RecentKey",
    "SaveDateSupported",
    "SearchKey",
    "SizeKey",
    "TextContains",
    "WithinKey",
]


class DateField(Enum):
    """Which date of the message a date key looks at."""

    INTERNAL = "internal"  # BEFORE, ON, SINCE
    SENT = "sent"  # SENTBEFORE ...: the Date field
    SAVED = "saved"  # SAVEDBEFORE ...


class DateRelation(Enum):
    BEFORE = "before"  # earlier than the day
    ON = "on"  # within the day
    SINCE = "since"  # within or later than the day


@dataclass(frozen=True, slots=True)
class FilterKey:
    """FILTER: a search kept under this name (RFC 5466 3.1)."""

    name: str


@dataclass(frozen=True, slots=True)
class FuzzyKey:
    """FUZZY: what is nearly so counts too (RFC 6203 3)."""

    key: "SearchKey"


@dataclass(frozen=True, slots=True)
class AnyMessage:
    """ALL."""


@dataclass(frozen=True, slots=True)
class FlagKey:
    """ANSWERED, SEEN, KEYWORD x...: the flag is set. System flags as "\\Seen"."""

    flag: str


@dataclass(frozen=True, slots=True)
class RecentKey:
    """RECENT (IMAP4rev1)."""


@dataclass(frozen=True, slots=True)
class HeaderContains:
    """HEADER, FROM, TO, CC, BCC, SUBJECT: a field of this name holds the text ("": exists)."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class BodyContains:
    text: str


@dataclass(frozen=True, slots=True)
class TextContains:
    """TEXT: header or body."""

    text: str


@dataclass(frozen=True, slots=True)
class DateKey:
    """A date, disregarding time and zone (RFC 9051 6.4.4)."""

    field: DateField
    relation: DateRelation
    day: date


@dataclass(frozen=True, slots=True)
class SaveDateSupported:
    """SAVEDATESUPPORTED: true where save dates are kept."""


@dataclass(frozen=True, slots=True)
class SizeKey:
    """LARGER (larger=True) or SMALLER than so many octets, strictly."""

    larger: bool
    octets: int


@dataclass(frozen=True, slots=True)
class WithinKey:
    """YOUNGER (younger=True): internal date within the last seconds; OLDER: before."""

    younger: bool
    seconds: int


@dataclass(frozen=True, slots=True)
class MessageSet:
    """A sequence set, or UID and a set of UIDs."""

    messages: SequenceSet
    is_uid: bool


@dataclass(frozen=True, slots=True)
class ModSeqAtLeast:
    """MODSEQ: greater or equal. The entry name and type are read and, as RFC 7162 3.1.5 lets
    servers with one mod-sequence per message do, not kept apart."""

    modseq: int


@dataclass(frozen=True, slots=True)
class ObjectIdKey:
    """EMAILID (is_thread=False) or THREADID; identifiers are case sensitive."""

    object_id: str
    is_thread: bool


@dataclass(frozen=True, slots=True)
class Not:
    key: "SearchKey"


@dataclass(frozen=True, slots=True)
class Or:
    left: "SearchKey"
    right: "SearchKey"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Juxtaposed keys, or a parenthesised list: all must hold. Never empty."""

    keys: "tuple[SearchKey, ...]"


SearchKey = (
    AnyMessage
    | FlagKey
    | RecentKey
    | HeaderContains
    | BodyContains
    | TextContains
    | DateKey
    | SaveDateSupported
    | SizeKey
    | WithinKey
    | MessageSet
    | ModSeqAtLeast
    | ObjectIdKey
    | FilterKey
    | FuzzyKey
    | Not
    | Or
    | AllOf
)
