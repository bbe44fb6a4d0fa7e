"""Read a server's data as nested lists of octets: the general shape under every response.

A value is bytes (atom, number, quoted string or literal), None for NIL, a list for parentheses, or
`Streamed` for a literal that went to a sink. What a value means is `response_reader`'s.

RFC 9051    9        nstring, body-extension, tagged-ext-val: all of them fit this shape
RFC 4466    2, 9     the same for extensions

Departures, for servers that exist: several spaces, spaces inside parentheses, and 8-bit octets in
quoted strings are taken; an unfinished list ends with its line.
"""

import re
from collections.abc import Iterator
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
    rb"\s*(?:\"([^\"\\]*(?:\\.[^\"\\]*)*)\"|(\x00)|([()])"
    # a fetch item with its section, in which there may be spaces, quotes and parentheses
    rb"|((?:BODY|BINARY)(?:\.[A-Z]+)?\["
    rb"[^\]\"\x00]*(?:(?:\"[^\"\\]*(?:\\.[^\"\\]*)*\"|\x00)[^\]\"\x00]*)*(?:\](?:<[0-9]+>)?|.*))"
    rb"|([^\s()\"\x00]+)|(\".*))",
    re.DOTALL | re.IGNORECASE,
)
QUOTED, LITERAL, PARENTHESIS, SECTION, ATOM = range(1, 6)
NIL = frozenset({b"NIL", b"nil", b"Nil"})
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
    current = top
    stack: list[list[Value]] = []
    literal = iter(literals)
    for match in TOKEN.finditer(octets):
        kind = match.lastindex
        if kind == ATOM:
            atom = match[ATOM]
            current.append(None if atom in NIL else atom)
        elif kind == QUOTED:
            quoted = match[QUOTED]
            current.append(ESCAPED.sub(rb"\1", quoted) if b"\\" in quoted else quoted)
        elif kind == PARENTHESIS:
            if match[PARENTHESIS] == b"(":
                stack.append(current)
                if len(stack) > NESTING_LIMIT:
                    raise PeerError("the server's answer is nested too deeply")
                inner: list[Value] = []
                current.append(inner)
                current = inner
            elif stack:
                current = stack.pop()
            else:
                raise PeerError("the server closed a parenthesis it had not opened")
        elif kind == LITERAL:
            current.append(next(literal, b""))
        elif kind == SECTION:
            current.append(_with_literals(match[SECTION], literal))
    return top


def _with_literals(item: bytes, literals: Iterator[bytes | Streamed]) -> bytes:
    """Header names in a section may be literals."""
    while b"\x00" in item:
        name = next(literals, b"")
        item = item.replace(b"\x00", name if isinstance(name, bytes) else b"", 1)
    return item
