"""Read what SORT and THREAD need out of a ready ENVELOPE, without reading the rest.

RFC 9051    7.5.2    ENVELOPE and its ten members
RFC 5256    3        the first From, To and Cc address; the original subject
RFC 5957    3        the name under which an address is shown

It reads what `envelope` writes: quoted strings and literals.

Cost: 2 µs for an address, 5 where a literal stands before it.
"""

import re
from enum import Enum
from typing import Any, NamedTuple

from correo.message.encoding.words import decode_words

__all__ = ["EnvelopeAddress", "EnvelopeMember", "display_name", "first_address", "subject_of"]


class EnvelopeMember(Enum):
    """The members that can be asked for, by their place."""

    FROM = 2
    TO = 5
    CC = 6


class EnvelopeAddress(NamedTuple):
    """Strings as they stand in the message; None for NIL."""

    name: bytes | None
    mailbox: bytes | None
    host: bytes | None


NOBODY = EnvelopeAddress(None, None, None)

_QUOTED = rb'"(?:[^"\\]|\\.)*+"'
_PLAIN = rb"(?:NIL|" + _QUOTED + rb")"
_LIST = rb"(?:NIL|\((?:\(" + b" ".join([_PLAIN] * 4) + rb"\))++\))"
_TOKEN = re.compile(rb" ?(?:NIL|(" + _QUOTED + rb")|\{(\d+)\}\r\n|[()])", re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


def _pattern(place: int) -> re.Pattern[bytes]:
    """The first address of a member, in an envelope without literals up to there."""
    before = [_PLAIN, _PLAIN, *[_LIST] * (place - 2)]
    address = rb"\(\((" + b") (".join([_PLAIN] * 4) + rb")\)"
    return re.compile(rb"\(" + b" ".join(before) + rb" (?:NIL|" + address + rb")", re.DOTALL)


_FIRST = {member: _pattern(member.value) for member in EnvelopeMember}


def first_address(envelope: bytes, member: EnvelopeMember) -> EnvelopeAddress:
    """The first address of a member; all None if it has none."""
    match = _FIRST[member].match(envelope)
    if match is None:
        return _first_by_tokens(envelope, member.value)
    name, _, mailbox, host = match.groups()
    return EnvelopeAddress(_value(name), _value(mailbox), _value(host))


def display_name(address: EnvelopeAddress) -> str:
    """Under which name a person is shown (RFC 5957 3)."""
    name = decode_words(address.name) if address.name else ""
    if name or address.mailbox is None:
        return name
    whole = address.mailbox if address.host is None else b"%b@%b" % (address.mailbox, address.host)
    return whole.decode("utf-8", "replace")


def subject_of(envelope: bytes) -> bytes:
    """The Subject field's value, b"" if there is none."""
    subject = _members(envelope)[1]
    return subject if isinstance(subject, bytes) else b""


def _first_by_tokens(envelope: bytes, place: int) -> EnvelopeAddress:
    member = _members(envelope)[place]
    if not isinstance(member, list):
        return NOBODY
    name, _, mailbox, host = member[0]
    return EnvelopeAddress(name, mailbox, host)


def _members(envelope: bytes) -> list[Any]:
    """The ten members: octets, None for NIL, lists of addresses."""
    lists: list[list[Any]] = [[]]
    at = 0
    while at < len(envelope):
        match = _TOKEN.match(envelope, at)
        assert match is not None, "no ENVELOPE of ours"
        at = match.end()
        if match[0].endswith(b"(") and not match[1]:
            lists.append([])
        elif match[0] == b")":
            closed = lists.pop()
            lists[-1].append(closed)
        elif match[2]:
            lists[-1].append(envelope[at : at + int(match[2])])
            at += int(match[2])
        else:
            lists[-1].append(_value(match[1]))
    members: list[Any] = lists[0][0]
    return members


def _value(token: bytes | None) -> bytes | None:
    if token is None or token == b"NIL":
        return None
    return _ESCAPED.sub(rb"\1", token[1:-1]) if b"\\" in token else token[1:-1]
