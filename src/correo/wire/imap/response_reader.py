"""Give a server's lines their meaning: one typed response per line.

RFC 9051    7        server responses, response codes
Departures, for servers that exist: a status without text, spaces at the end of a line, a LIST name
that is neither quoted nor an atom, a SEARCH answer with a space too many. What is not understood
is an UnknownResponse; only what would put the dialogue out of step is a PeerError.
"""

import re

from correo.base.errors import PeerError
from correo.wire.imap.data_reader import NAME_READERS, READERS
from correo.wire.imap.fetch_reader import read_fetch
from correo.wire.imap.response_types import (
    Exists,
    Expunged,
    Recent,
    Response,
    ResponseCode,
    StatusLine,
    TaggedStatus,
    UnknownResponse,
    Verdict,
)
from correo.wire.imap.value_shapes import text
from correo.wire.imap.values import Streamed, Value, parse_values

__all__ = ["read_status", "read_untagged", "tagged"]

STATUS = re.compile(rb"(OK|NO|BAD|BYE|PREAUTH)(?: +|\Z)(.*)", re.IGNORECASE | re.DOTALL)
CODE = re.compile(rb"\[([^\] ]+)(?: ([^\]]*))?\] ?(.*)", re.DOTALL)
NUMBERED = re.compile(rb"([0-9]{1,10}) ([A-Za-z]+) *(.*)", re.DOTALL)
NAMED = re.compile(rb"([A-Za-z-]+)(?: +|\Z)(.*)", re.DOTALL)

Literals = list[bytes | Streamed]


def read_status(line: bytes) -> StatusLine | None:
    """OK, NO, BAD, BYE or PREAUTH with its code and text; None if the line is none of these."""
    match = STATUS.match(line)
    if match is None:
        return None
    rest = match[2]
    code = None
    found = CODE.match(rest)
    if found is not None:
        arguments = found[2] or b""
        code = ResponseCode(text(found[1]).upper(), arguments, code_values(arguments))
        rest = found[3]
    return StatusLine(Verdict(match[1].upper().decode("ascii")), text(rest), code)


def code_values(octets: bytes) -> tuple[Value, ...]:
    try:
        return tuple(parse_values(octets, []))
    except PeerError:
        return ()


def tagged(tag: bytes, status: StatusLine) -> TaggedStatus:
    return TaggedStatus(status.verdict, status.text, status.code, tag)


def read_untagged(line: bytes, literals: Literals, *, utf8: bool) -> Response:
    """The response behind "* ".

    Raises:
        PeerError: parentheses that do not match, or nested too deeply.
    """
    numbered = NUMBERED.match(line)
    if numbered is not None:
        return read_numbered(int(numbered[1]), numbered[2].upper(), numbered[3], literals)
    status = read_status(line)
    if status is not None:
        return status
    named = NAMED.match(line)
    if named is None:
        return UnknownResponse(line)
    try:
        return read_named(named[1].upper(), named[2], literals, utf8=utf8)
    except (ValueError, IndexError):
        return UnknownResponse(line)


def read_named(name: bytes, rest: bytes, literals: Literals, *, utf8: bool) -> Response:
    if name in READERS:
        return READERS[name](parse_values(rest, literals))
    if name in NAME_READERS:
        return NAME_READERS[name](parse_values(rest, literals), utf8=utf8)
    return UnknownResponse(b"%b %b" % (name, rest))


def read_numbered(number: int, name: bytes, rest: bytes, literals: Literals) -> Response:
    if name == b"FETCH":
        return read_fetch(number, parse_values(rest, literals))
    if name == b"EXISTS":
        return Exists(number)
    if name == b"EXPUNGE":
        return Expunged(number)
    if name == b"RECENT":
        return Recent(number)
    return UnknownResponse(b"%d %b %b" % (number, name, rest))
