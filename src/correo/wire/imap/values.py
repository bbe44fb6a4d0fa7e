"""Read a server's data as nested lists of octets: the general shape under every response.

A value is bytes (atom, number, quoted string or literal), None for NIL, a list for parentheses, or
`Streamed` for a literal that went to a sink. What a value means is `response_reader`'s.

RFC 9051    9        nstring, body-extension, tagged-ext-val: all of them fit this shape
RFC 4466    2, 9     the same for extensions

Departures, for servers that exist: several spaces, spaces inside parentheses, and 8-bit octets in
quoted strings are taken; an unfinished list ends with its line.
"""

import re
from dataclasses import dataclass
from typing import Union

from correo.base.errors import PeerError

__all__ = ["NESTING_LIMIT", "Streamed", "Value", "parse_values"]

NESTING_LIMIT = 200  # parentheses; a body structure nests two levels per multipart


@dataclass(frozen=True, slots=True)
class Streamed:
    """A literal that was handed to a sink while it arrived."""

    size: int


Value = Union[bytes, None, "list[Value]", Streamed]

# One pass over any octets: what is begun and not ended takes the rest of the line with it.
TOKEN = re.compile(
    rb"\"([^\"\\]*(?:\\.[^\"\\]*)*)\"|(\x00)|([()])"
    # a fetch item with its section, in which there may be spaces, quotes and parentheses
    rb"|((?:BODY|BINARY)(?:\.[A-Z]+)?\["
    rb"[^\]\"\x00]*(?:(?:\"[^\"\\]*(?:\\.[^\"\\]*)*\"|\x00)[^\]\"\x00]*)*(?:\](?:<[0-9]+>)?|.*))"
    rb"|([^\s()\"\x00]+)|\s+|(\".*)",
    re.DOTALL | re.IGNORECASE,
)
ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


def parse_values(octets: bytes, literals: list[bytes | Streamed]) -> "list[Value]":
    """All values of a line.

    Args:
        octets: the line, each literal as one NUL.
        literals: in the order of their NULs.

    Raises:
        PeerError: nested too deeply, or a parenthesis closes what was never opened.
    """
    top: list[Value] = []
    stack = [top]
    literal = iter(literals)
    for match in TOKEN.finditer(octets):
        kind = match.lastindex
        if kind == 5:
            atom = match[5]
            stack[-1].append(None if len(atom) == 3 and atom.upper() == b"NIL" else atom)
        elif kind == 1:
            quoted = match[1]
            stack[-1].append(ESCAPED.sub(rb"\1", quoted) if b"\\" in quoted else quoted)
        elif kind == 3:
            _parenthesis(stack, match[3])
        elif kind == 2:
            stack[-1].append(next(literal, b""))
        elif kind == 4:
            stack[-1].append(_with_literals(match[4], literal))
    return top


def _parenthesis(stack: "list[list[Value]]", octets: bytes) -> None:
    if octets == b"(":
        if len(stack) > NESTING_LIMIT:
            raise PeerError("the server's answer is nested too deeply")
        inner: list[Value] = []
        stack[-1].append(inner)
        stack.append(inner)
    elif len(stack) > 1:
        stack.pop()
    else:
        raise PeerError("the server closed a parenthesis it had not opened")


def _with_literals(item: bytes, literal: "object") -> bytes:
    """Header names in a section may be literals."""
    while b"\x00" in item:
        name = next(literal, b"")  # type: ignore[call-overload]  # an iterator of literals
        item = item.replace(b"\x00", name if isinstance(name, bytes) else b"", 1)
    return item
