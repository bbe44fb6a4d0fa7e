"""Say in Python what a message must be like: `Q.unseen & Q.subject("hola") & ~Q.from_("bot")`.

Every attribute of `Q` gives a `Query`; `&`, `|` and `~` join them. A query is a value: it knows no
server, and can be kept, compared and used again. What a server compares and how is its affair
(RFC 9051 6.4.4: texts regardless of case, anywhere in the field; dates by day).

RFC 9051    6.4.4    SEARCH keys; RFC 5032 OLDER, YOUNGER; RFC 7162 3.1.5 MODSEQ
RFC 8474    6        EMAILID, THREADID
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from correo.wire.imap.arguments import NUMBER64_LIMIT, NUMBER_LIMIT
from correo.wire.imap.client import Literal
from correo.wire.imap.search_keys import (
    AllOf,
    AnyMessage,
    BodyContains,
    DateField,
    DateKey,
    DateRelation,
    FlagKey,
    HeaderContains,
    MessageSet,
    ModSeqAtLeast,
    Not,
    ObjectIdKey,
    Or,
    SearchKey,
    SizeKey,
    TextContains,
    WithinKey,
)
from correo.wire.imap.search_writer import write_search
from correo.wire.imap.sequence import SequenceSet, compress

__all__ = ["Q", "Query"]

OBJECT_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")


@dataclass(frozen=True, slots=True)
class Query:
    """What a message must be like."""

    key: SearchKey

    def __and__(self, other: "Query") -> "Query":
        return Query(AllOf((*parts(self.key), *parts(other.key))))

    def __or__(self, other: "Query") -> "Query":
        return Query(Or(self.key, other.key))

    def __invert__(self) -> "Query":
        return Query(self.key.key if isinstance(self.key, Not) else Not(self.key))

    def __bool__(self) -> bool:
        """Raises TypeError: `and`, `or` and `not` cannot be what was meant."""
        raise TypeError("join queries with &, | and ~")

    def arguments(self, *, utf8: bool = False) -> list[bytes | Literal]:
        """As SEARCH takes them; ValueError for names that cannot be written."""
        return write_search(self.key, utf8=utf8)


def parts(key: SearchKey) -> tuple[SearchKey, ...]:
    return key.keys if isinstance(key, AllOf) else (key,)


class Q:
    """The beginnings of queries; never made."""

    all = Query(AnyMessage())
    answered = Query(FlagKey("\\Answered"))
    deleted = Query(FlagKey("\\Deleted"))
    draft = Query(FlagKey("\\Draft"))
    flagged = Query(FlagKey("\\Flagged"))
    seen = Query(FlagKey("\\Seen"))
    unseen = Query(Not(FlagKey("\\Seen")))

    @staticmethod
    def keyword(name: str) -> Query:
        """A flag without backslash, "$Junk"."""
        return Query(FlagKey(name))

    @staticmethod
    def header(field: str, text: str = "") -> Query:
        """A field of this name holds the text; "": there is such a field."""
        return Query(HeaderContains(field, text))

    @staticmethod
    def from_(text: str) -> Query:
        return Query(HeaderContains("From", text))

    @staticmethod
    def to(text: str) -> Query:
        return Query(HeaderContains("To", text))

    @staticmethod
    def cc(text: str) -> Query:
        return Query(HeaderContains("Cc", text))

    @staticmethod
    def subject(text: str) -> Query:
        return Query(HeaderContains("Subject", text))

    @staticmethod
    def body(text: str) -> Query:
        return Query(BodyContains(text))

    @staticmethod
    def text(text: str) -> Query:
        """In the header or the body."""
        return Query(TextContains(text))

    @staticmethod
    def since(day: date) -> Query:
        """Arrived on the day or later, by the server's clock and zone."""
        return Query(DateKey(DateField.INTERNAL, DateRelation.SINCE, day))

    @staticmethod
    def before(day: date) -> Query:
        return Query(DateKey(DateField.INTERNAL, DateRelation.BEFORE, day))

    @staticmethod
    def on(day: date) -> Query:
        return Query(DateKey(DateField.INTERNAL, DateRelation.ON, day))

    @staticmethod
    def sent_since(day: date) -> Query:
        """By the Date field."""
        return Query(DateKey(DateField.SENT, DateRelation.SINCE, day))

    @staticmethod
    def sent_before(day: date) -> Query:
        return Query(DateKey(DateField.SENT, DateRelation.BEFORE, day))

    @staticmethod
    def larger(octets: int) -> Query:
        return Query(SizeKey(True, checked(octets, 0, NUMBER64_LIMIT, "octets")))

    @staticmethod
    def smaller(octets: int) -> Query:
        return Query(SizeKey(False, checked(octets, 0, NUMBER64_LIMIT, "octets")))

    @staticmethod
    def younger(age: timedelta) -> Query:
        """Arrived within so long; needs WITHIN (RFC 5032)."""
        return Query(WithinKey(True, seconds_of(age)))

    @staticmethod
    def older(age: timedelta) -> Query:
        return Query(WithinKey(False, seconds_of(age)))

    @staticmethod
    def uid(*uids: int) -> Query:
        return uids_in(uids)

    @staticmethod
    def modseq(number: int) -> Query:
        """Changed at this mod-sequence or later; needs CONDSTORE."""
        return Query(ModSeqAtLeast(checked(number, 0, NUMBER64_LIMIT, "a mod-sequence")))

    @staticmethod
    def email_id(identifier: str) -> Query:
        """Needs OBJECTID (RFC 8474), as does `thread_id`."""
        return Query(ObjectIdKey(checked_identifier(identifier), False))

    @staticmethod
    def thread_id(identifier: str) -> Query:
        return Query(ObjectIdKey(checked_identifier(identifier), True))


def checked(number: int, least: int, end: int, what: str) -> int:
    """Raises ValueError: the number is none that a server knows."""
    if not least <= number < end:
        raise ValueError(f"{what}: {number} is not from {least} to {end - 1}")
    return number


def seconds_of(age: timedelta) -> int:
    """Raises ValueError: it is less than a second, or too much."""
    return checked(int(age.total_seconds()), 1, NUMBER_LIMIT, "seconds")


def checked_identifier(identifier: str) -> str:
    """Raises ValueError: it is no object id (RFC 8474 7)."""
    if OBJECT_ID.fullmatch(identifier) is None:
        raise ValueError(f"{identifier!r} is no object id: letters, digits, - and _, up to 255")
    return identifier


def uids_in(uids: Iterable[int]) -> Query:
    """Raises ValueError: one of them is no UID."""
    uids = [checked(uid, 1, NUMBER_LIMIT, "a UID") for uid in uids]
    return Query(MessageSet(SequenceSet(tuple(compress(sorted(set(uids))))), is_uid=True))
