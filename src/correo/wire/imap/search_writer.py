"""Write a search as a client sends it: the arguments of SEARCH from its tree of keys.

What is written, `parsers.search` reads as the same tree. Strings that cannot be quoted go as
literals; dates, numbers and flags in one form each.

RFC 9051    6.4.4    SEARCH; the RFCs of other keys stand in `search_keys`
"""

from correo.wire.imap.client import Literal
from correo.wire.imap.dates import format_date
from correo.wire.imap.search_keys import (
    AllOf,
    AnyMessage,
    BodyContains,
    DateField,
    DateKey,
    FilterKey,
    FlagKey,
    FuzzyKey,
    HeaderContains,
    MessageSet,
    ModSeqAtLeast,
    Not,
    ObjectIdKey,
    Or,
    RecentKey,
    SaveDateSupported,
    SearchKey,
    SizeKey,
    TextContains,
    WithinKey,
)
from correo.wire.imap.strings import astring, is_atom

__all__ = ["write_search"]

Words = list[bytes | Literal]

SYSTEM_FLAGS = {
    "\\answered": b"ANSWERED",
    "\\deleted": b"DELETED",
    "\\draft": b"DRAFT",
    "\\flagged": b"FLAGGED",
    "\\seen": b"SEEN",
}
ADDRESS_FIELDS = {"Bcc": b"BCC", "Cc": b"CC", "From": b"FROM", "To": b"TO", "Subject": b"SUBJECT"}
DATE_PREFIXES = {DateField.INTERNAL: "", DateField.SENT: "SENT", DateField.SAVED: "SAVED"}


def write_search(key: SearchKey, *, utf8: bool = False) -> Words:
    """The arguments, to be joined by spaces; keys of a top `AllOf` stand without parentheses.

    Args:
        utf8: whether UTF8=ACCEPT is enabled, so that UTF-8 may be quoted (RFC 6855 3).

    Raises:
        ValueError: a flag or a filter whose name is no atom, a set of no messages, a system flag
            that SEARCH does not know, or NUL in a text.
    """
    if isinstance(key, AllOf):
        return [word for one in key.keys for word in write_key(one, utf8=utf8)]
    return write_key(key, utf8=utf8)


def write_key(key: SearchKey, *, utf8: bool) -> Words:
    if isinstance(key, AllOf):
        return in_parentheses(write_search(key, utf8=utf8))
    if isinstance(key, Not):
        return [b"NOT", *write_key(key.key, utf8=utf8)]
    if isinstance(key, Or):
        return [b"OR", *write_key(key.left, utf8=utf8), *write_key(key.right, utf8=utf8)]
    if isinstance(key, FuzzyKey):
        return [b"FUZZY", *write_key(key.key, utf8=utf8)]
    if isinstance(key, HeaderContains | BodyContains | TextContains | ObjectIdKey):
        return write_text_key(key, utf8=utf8)
    return write_plain(key)


def write_text_key(
    key: HeaderContains | BodyContains | TextContains | ObjectIdKey, *, utf8: bool
) -> Words:
    def text(value: str) -> bytes | Literal:
        octets = value.encode("utf-8")
        if b"\x00" in octets:
            raise ValueError("a text to search for cannot hold NUL")
        ready = astring(octets, utf8=utf8)
        return Literal(octets) if ready.startswith((b"{", b"~{")) else ready

    if isinstance(key, ObjectIdKey):
        return [b"THREADID" if key.is_thread else b"EMAILID", text(key.object_id)]
    if isinstance(key, HeaderContains):
        if key.field in ADDRESS_FIELDS:
            return [ADDRESS_FIELDS[key.field], text(key.text)]
        return [b"HEADER", text(key.field), text(key.text)]
    return [b"BODY" if isinstance(key, BodyContains) else b"TEXT", text(key.text)]


def write_plain(
    key: AnyMessage
    | FlagKey
    | RecentKey
    | DateKey
    | SaveDateSupported
    | SizeKey
    | WithinKey
    | MessageSet
    | ModSeqAtLeast
    | FilterKey,
) -> Words:
    match key:
        case AnyMessage():
            return [b"ALL"]
        case RecentKey():
            return [b"RECENT"]
        case SaveDateSupported():
            return [b"SAVEDATESUPPORTED"]
        case FlagKey():
            return write_flag(key.flag)
        case DateKey():
            name = DATE_PREFIXES[key.field] + key.relation.name
            return [name.encode("ascii"), format_date(key.day)]
        case SizeKey():
            return [b"LARGER" if key.larger else b"SMALLER", b"%d" % key.octets]
        case WithinKey():
            return [b"YOUNGER" if key.younger else b"OLDER", b"%d" % key.seconds]
        case MessageSet():
            if not (key.messages.ranges or key.messages.saved):
                raise ValueError("a set of no messages cannot be searched for")
            return [*([b"UID"] if key.is_uid else []), key.messages.encode()]
        case ModSeqAtLeast():
            return [b"MODSEQ", b"%d" % key.modseq]
        case FilterKey():
            return [b"FILTER", atom(key.name)]


def write_flag(flag: str) -> Words:
    if flag.startswith("\\"):
        if flag.lower() not in SYSTEM_FLAGS:
            raise ValueError(f"SEARCH has no key for the flag {flag}")
        return [SYSTEM_FLAGS[flag.lower()]]
    return [b"KEYWORD", atom(flag)]


def atom(name: str) -> bytes:
    octets = name.encode("utf-8")
    if not is_atom(octets):
        raise ValueError(f"not an atom: {name!r}")
    return octets


def in_parentheses(words: Words) -> Words:
    first, last = words[0], words[-1]
    words[0] = (
        Literal(first.content, before=b"(" + first.before, after=first.after)
        if isinstance(first, Literal)
        else b"(" + first
    )
    last = words[-1]
    words[-1] = (
        Literal(last.content, before=last.before, after=last.after + b")")
        if isinstance(last, Literal)
        else last + b")"
    )
    return words
