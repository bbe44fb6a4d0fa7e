"""Read untagged responses by name: LIST, STATUS, SEARCH, ESEARCH and the others.

Each reader may raise ValueError or IndexError; the response is then an unknown one.

RFC 9051    7.2, 7.3, 7.4   RFC 4731 3.1 ESEARCH; RFC 7162 7 VANISHED; RFC 2971 ID
"""

from collections.abc import Callable
from typing import Protocol

from correo.wire.imap.response_types import (
    Capabilities,
    Enabled,
    ExtendedSearch,
    FlagsKnown,
    MailboxListed,
    MailboxStatus,
    Namespaces,
    Response,
    SearchResult,
    ServerId,
    Vanished,
)
from correo.wire.imap.value_shapes import delimiter_of, inner, name_of, number, spans, text, words
from correo.wire.imap.values import Value

__all__ = ["NAME_READERS", "READERS", "NameReader"]


def read_capability(values: list[Value]) -> Response:
    return Capabilities(frozenset(word.upper() for word in words(values)))


def read_enabled(values: list[Value]) -> Response:
    return Enabled(tuple(word.upper() for word in words(values)))


def read_flags(values: list[Value]) -> Response:
    return FlagsKnown(words(inner(values[0])))


def read_list(values: list[Value], *, utf8: bool) -> Response:
    listed = MailboxListed(
        list_name(values, utf8=utf8), words(inner(values[0])), delimiter_of(values[1])
    )
    extended = values[3] if len(values) > 3 and isinstance(values[3], list) else []
    for label, value in zip(extended[::2], extended[1::2], strict=False):
        kind = label.upper() if isinstance(label, bytes) else b""
        if kind == b"CHILDINFO":
            listed.child_info = words(inner(value))
        elif kind == b"OLDNAME" and inner(value):
            listed.old_name = name_of(inner(value)[0], utf8=utf8)
    return listed


def list_name(values: list[Value], *, utf8: bool) -> str:
    """The name, which a few servers leave unquoted though it has spaces."""
    if len(values) > 3 and isinstance(values[3], bytes):
        joined = b" ".join(value for value in values[2:] if isinstance(value, bytes))
        return name_of(joined, utf8=utf8)
    return name_of(b"NIL" if values[2] is None else values[2], utf8=utf8)


def read_lsub(values: list[Value], *, utf8: bool) -> Response:
    listed = read_list(values, utf8=utf8)
    assert isinstance(listed, MailboxListed)
    listed.is_lsub = True
    return listed


def read_mailbox_status(values: list[Value], *, utf8: bool) -> Response:
    found: dict[str, int | str | None] = {}
    pairs = inner(values[-1])
    for label, value in zip(pairs[::2], pairs[1::2], strict=False):
        if not isinstance(label, bytes):
            continue
        item = text(label).upper()
        if value is None:
            found[item] = None
        elif isinstance(value, list) and item == "MAILBOXID":
            found[item] = "".join(words(value))
        else:
            found[item] = number(value)
    name = b"NIL" if values[0] is None else values[0]
    return MailboxStatus(name_of(name, utf8=utf8), found)


def read_search(values: list[Value]) -> Response:
    modseq = None
    if values and isinstance(values[-1], list):
        modseq = number(inner(values.pop())[1])
    return SearchResult([int(value) for value in values if isinstance(value, bytes)], modseq)


def read_esearch(values: list[Value]) -> Response:
    found = ExtendedSearch(None, is_uid=False)
    if values and isinstance(values[0], list):
        correlator = values.pop(0)
        tag = inner(correlator)[1]
        found.tag = tag if isinstance(tag, bytes) else None
    if values and isinstance(values[0], bytes) and values[0].upper() == b"UID":
        found.is_uid = True
        values.pop(0)
    for label, value in zip(values[::2], values[1::2], strict=False):
        kind = label.upper() if isinstance(label, bytes) else b""
        if kind == b"ALL":
            found.every = spans(value)
        elif kind in SEARCH_NUMBERS:
            setattr(found, SEARCH_NUMBERS[kind], number(value))
    return found


SEARCH_NUMBERS = {
    b"MIN": "minimum",
    b"MAX": "maximum",
    b"COUNT": "count",
    b"MODSEQ": "modseq",
}


def read_vanished(values: list[Value]) -> Response:
    return Vanished(spans(values[-1]), earlier=isinstance(values[0], list))


def read_namespace(values: list[Value], *, utf8: bool) -> Response:
    kinds: list[list[tuple[str, str | None]]] = [
        [
            (name_of(inner(pair)[0], utf8=utf8), delimiter_of(inner(pair)[1]))
            for pair in inner(values[index])
        ]
        for index in range(3)
    ]
    return Namespaces(*kinds)


def read_id(values: list[Value]) -> Response:
    pairs = inner(values[0])
    return ServerId(
        {
            text(name).lower(): text(value) if isinstance(value, bytes) else None
            for name, value in zip(pairs[::2], pairs[1::2], strict=False)
            if isinstance(name, bytes)
        }
    )


READERS: dict[bytes, Callable[[list[Value]], Response]] = {
    b"CAPABILITY": read_capability,
    b"ENABLED": read_enabled,
    b"FLAGS": read_flags,
    b"SEARCH": read_search,
    b"ESEARCH": read_esearch,
    b"VANISHED": read_vanished,
    b"ID": read_id,
}


class NameReader(Protocol):
    """A reader of mailbox names, whose encoding depends on what is enabled."""

    def __call__(self, values: list[Value], *, utf8: bool) -> Response: ...


NAME_READERS: dict[bytes, NameReader] = {
    b"LIST": read_list,
    b"LSUB": read_lsub,
    b"STATUS": read_mailbox_status,
    b"NAMESPACE": read_namespace,
}
