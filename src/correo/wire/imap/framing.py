"""Cut what arrives into lines and literals, so that any split of the octets gives the same.

Both roles use it. Nothing is kept beyond what the caller's limit allows.

RFC 9051    2.2, 4.3   lines end in CRLF; {n}, {n+} and ~{n} at a line's end announce n octets

Departures: a line may end in a bare LF. People type commands, and nothing can be smuggled: both
sides of one connection count the same octets of a literal.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from correo.base.errors import CorreoError

__all__ = ["InputBuffer", "LineTooLong", "LiteralMark", "literal_mark"]

MARK = re.compile(rb"(~?)\{([0-9]{1,19})(\+?)\}\Z")
MARK_LENGTH = 24  # octets of the longest mark, and its CR


class LineTooLong(CorreoError):
    """No line end within the limit; the octets are still in the buffer."""


class LiteralMark(NamedTuple):
    size: int
    is_binary: bool
    is_synchronizing: bool
    start: int  # of the mark within its line


def literal_mark(line: bytes) -> LiteralMark | None:
    """The literal a line without its CRLF ends with announcing."""
    if not line.endswith(b"}"):
        return None
    match = MARK.search(line, max(0, len(line) - MARK_LENGTH))
    if match is None:
        return None
    return LiteralMark(int(match[2]), bool(match[1]), not match[3], match.start())


class InputBuffer:
    """Octets that have arrived and are not yet understood."""

    __slots__ = ("_octets", "_scanned")

    def __init__(self) -> None:
        self._octets = bytearray()
        self._scanned = 0

    def __len__(self) -> int:
        return len(self._octets)

    def add(self, octets: bytes) -> None:
        self._octets += octets

    def clear(self) -> None:
        self._octets = bytearray()
        self._scanned = 0

    def read(self, reader: Callable[[bytearray], int]) -> int:
        """Show the octets to a reader, which says how many of them it has understood."""
        count = reader(self._octets)
        self._drop(count)
        return count

    def line(self, limit: int) -> bytes | None:
        """The next line without its end, or None until it is whole.

        Raises:
            LineTooLong: it is, or will be, longer than the limit.
        """
        end = self._octets.find(b"\n", self._scanned)
        if end < 0:
            self._scanned = len(self._octets)
            if self._scanned > limit:
                raise LineTooLong("line too long")
            return None
        if end > limit:
            raise LineTooLong("line too long")
        has_cr = end and self._octets[end - 1] == 0x0D
        line = bytes(self._octets[: end - 1 if has_cr else end])
        self._drop(end + 1)
        return line

    def beginning(self, length: int) -> bytes:
        """The first octets of a line that is too long; they stay."""
        return bytes(self._octets[:length])

    def discard_line(self) -> tuple[int, LiteralMark | None] | None:
        """Throw the next line away, however long: (octets, the literal it announces).

        None until its end has come; what is surely not its end is thrown away already, and
        `len` has shrunk.
        """
        end = self._octets.find(b"\n", self._scanned)
        if end < 0:
            self._drop(len(self._octets) - MARK_LENGTH)
            self._scanned = len(self._octets)
            return None
        tail = bytes(self._octets[max(0, end - MARK_LENGTH) : end])
        self._drop(end + 1)
        return end + 1, literal_mark(tail.removesuffix(b"\r"))

    def take(self, limit: int) -> bytes:
        """Up to so many octets, as they are."""
        octets = bytes(self._octets[:limit])
        self._drop(len(octets))
        return octets

    def _drop(self, count: int) -> None:
        if count > 0:
            del self._octets[:count]
            self._scanned = 0
