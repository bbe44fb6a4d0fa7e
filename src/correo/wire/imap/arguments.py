"""Read the arguments of one command, left to right, by one pattern each.

The reader has put the command's lines together: a literal stands as one NUL, which can stand for
nothing else (RFC 9051 9: NUL must not be used), and its octets lie in `literals`.

RFC 9051    9        astring, string, number, nz-number, sequence-set, flag
RFC 6855    3        UTF-8 in quoted strings
RFC 9394    4        partial-range

Departures: an empty atom where a string may be is an error, as it must be; a quoted string may hold
UTF-8 although nothing was enabled, since some clients send it and nothing else could be meant.
"""

import re
from functools import lru_cache

from correo.base.errors import CorreoError
from correo.wire.imap.names import decode_name
from correo.wire.imap.partial import PartialRange
from correo.wire.imap.sequence import STAR, SequenceSet

__all__ = [
    "NUMBER64_LIMIT",
    "NUMBER_LIMIT",
    "Arguments",
    "BadCommand",
    "RefusedCommand",
    "check_utf8",
    "parse_flags",
    "parse_set",
]

NUMBER_LIMIT = 2**32  # RFC 9051 9, number
NUMBER64_LIMIT = 2**63  # RFC 9051 9, number64

ATOM = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
# a number of groups, one of which holds the value: atom, quoted inside, literal mark
ASTRING = re.compile(
    rb"([^\x00-\x20\x7f-\xff(){%*\"\\]+)|\"([^\x00\r\n\"\\]*(?:\\[\"\\][^\x00\r\n\"\\]*)*)\"|(\x00)"
)
LIST_MAILBOX = re.compile(
    rb"([^\x00-\x20\x7f-\xff(){\"\\]+)|\"([^\x00\r\n\"\\]*(?:\\[\"\\][^\x00\r\n\"\\]*)*)\"|(\x00)"
)
NUMBER = re.compile(rb"[0-9]{1,20}")
SET_TOKEN = re.compile(rb"[0-9*:,$]+")
SET = re.compile(
    rb"(?:[1-9][0-9]{0,9}|\*)(?::(?:[1-9][0-9]{0,9}|\*))?"
    rb"(?:,(?:[1-9][0-9]{0,9}|\*)(?::(?:[1-9][0-9]{0,9}|\*))?)*"
)
PARTIAL = re.compile(rb"(-?[1-9][0-9]{0,9}):(-?[1-9][0-9]{0,9})")
FLAG = rb"\\?[^\x00-\x20\x7f-\xff(){%*\"\\\]]+"
FLAGS = re.compile(rb"%b(?: %b)*" % (FLAG, FLAG))
FLAG_LIST = re.compile(rb"\(((?:%b)?)\)" % FLAGS.pattern)
ESCAPED = re.compile(rb"\\(.)")
SYSTEM_FLAGS = {
    flag.upper().encode(): flag
    for flag in ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")
}


class BadCommand(CorreoError):
    """The command is not IMAP; it gets a tagged BAD. code: a response code or b""."""

    def __init__(self, text: str, code: bytes = b"") -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class RefusedCommand(BadCommand):
    """Well-formed, but no: a tagged NO."""


class Arguments:
    """A cursor on one command's arguments; every method raises BadCommand where they differ.

    utf8: names and strings are UTF-8 (IMAP4rev2 or UTF8=ACCEPT is enabled).
    utf8_accept: UTF8=ACCEPT itself is.
    """

    __slots__ = ("at", "literals", "octets", "utf8", "utf8_accept")

    def __init__(
        self,
        octets: bytes,
        literals: list[bytes],
        *,
        utf8: bool = False,
        utf8_accept: bool = False,
    ) -> None:
        self.octets = octets
        self.literals = literals[::-1]  # taken from the end
        self.utf8 = utf8
        self.utf8_accept = utf8_accept
        self.at = 0

    def _take(self, pattern: re.Pattern[bytes], expected: str) -> re.Match[bytes]:
        match = pattern.match(self.octets, self.at)
        if match is None:
            raise BadCommand(f"expected {expected}")
        self.at = match.end()
        return match

    def has(self, octets: bytes) -> bool:
        """Whether these octets come next."""
        return self.octets.startswith(octets, self.at)

    def skip(self, octets: bytes) -> bool:
        """Pass these octets if they come next."""
        if self.octets.startswith(octets, self.at):
            self.at += len(octets)
            return True
        return False

    @property
    def at_end(self) -> bool:
        return self.at == len(self.octets)

    def end(self) -> None:
        if self.at != len(self.octets):
            raise BadCommand("too many arguments" if self.has(b" ") else "malformed argument")

    def _expect(self, octets: bytes, expected: str) -> None:
        if not self.octets.startswith(octets, self.at):
            raise BadCommand(f"expected {expected}")
        self.at += 1

    def space(self) -> None:
        self._expect(b" ", "a space and an argument")

    def open(self) -> None:
        self._expect(b"(", "a parenthesis")

    def close(self) -> None:
        self._expect(b")", "a closing parenthesis")

    def atom(self) -> bytes:
        return self._take(ATOM, "a word").group()

    def word(self) -> str:
        """An atom in capitals."""
        return self._take(ATOM, "a word").group().upper().decode("ascii")

    def number(self) -> int:
        return self._number(NUMBER_LIMIT)

    def number64(self) -> int:
        return self._number(NUMBER64_LIMIT)

    def _number(self, limit: int) -> int:
        value = int(self._take(NUMBER, "a number").group())
        if value >= limit:
            raise BadCommand("the number is too large")
        return value

    def nz_number(self) -> int:
        value = self.number()
        if not value:
            raise BadCommand("the number must not be 0")
        return value

    def seq_number(self) -> int:
        """A number above 0, or STAR."""
        return STAR if self.skip(b"*") else self.nz_number()

    def astring(self) -> bytes:
        return self._string(ASTRING, "a string")

    def string(self) -> bytes:
        """A string that must be quoted or a literal."""
        if self.has(b'"') or self.has(b"\x00"):
            return self._string(ASTRING, "a string")
        raise BadCommand("expected a quoted string or a literal")

    def nstring(self) -> bytes | None:
        if self.octets[self.at : self.at + 3].upper() == b"NIL":
            self.at += 3
            return None
        return self.string()

    def _string(self, pattern: re.Pattern[bytes], expected: str) -> bytes:
        match = self._take(pattern, expected)
        if match.lastindex == 1:
            return match[1]
        if match.lastindex == 3:
            return self.literals.pop()
        quoted = match[2]
        if not quoted.isascii():
            check_utf8(quoted)
        return ESCAPED.sub(rb"\1", quoted) if b"\\" in quoted else quoted

    def text(self) -> str:
        """A string as text: ASCII, or UTF-8."""
        return check_utf8(self.astring())

    def mailbox(self) -> str:
        return self._name(self._string(ASTRING, "a mailbox name"))

    def list_mailbox(self) -> str:
        """A pattern: a mailbox name with wildcards."""
        return self._name(self._string(LIST_MAILBOX, "a mailbox pattern"))

    def _name(self, octets: bytes) -> str:
        try:
            return decode_name(octets, utf8=self.utf8)
        except ValueError as error:
            raise RefusedCommand(f"not a mailbox name: {error}", b"CANNOT") from None

    def sequence_set(self) -> SequenceSet:
        return parse_set(self._take(SET_TOKEN, "a set of messages").group())

    def partial_range(self) -> PartialRange:
        match = self._take(PARTIAL, "a range of results")
        first, last = int(match[1]), int(match[2])
        if (first > 0) != (last > 0) or max(abs(first), abs(last)) >= NUMBER_LIMIT:
            raise BadCommand("malformed range of results")
        return PartialRange(first, last)

    def flags(self) -> tuple[str, ...]:
        """A list in parentheses."""
        return parse_flags(self._take(FLAG_LIST, "a list of flags")[1])

    def bare_flags(self) -> tuple[str, ...]:
        """Flags without parentheses, as STORE allows them."""
        return parse_flags(self._take(FLAGS, "flags").group())


def check_utf8(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise BadCommand("a string is not valid UTF-8") from None


def parse_set(octets: bytes) -> SequenceSet:
    """A sequence set; `$` may be a member.

    Raises:
        BadCommand: malformed, or a number is above 2^32 - 1.
    """
    if octets.isdigit() and len(octets) < 10 and octets[0] != 0x30:
        number = int(octets)
        return SequenceSet(((number, number),))
    if b"$" in octets:
        others = [part for part in octets.split(b",") if part != b"$"]
        ranges = _parse_ranges(b",".join(others)) if others else ()
        return SequenceSet(ranges, saved=True)
    return SequenceSet(_parse_ranges(octets))


def _parse_ranges(octets: bytes) -> tuple[tuple[int, int], ...]:
    if SET.fullmatch(octets) is None:
        raise BadCommand("malformed set of messages")
    return tuple([_parse_range(part) for part in octets.split(b",")])


def _parse_range(part: bytes) -> tuple[int, int]:
    low, _, high = part.partition(b":")
    first = STAR if low == b"*" else int(low)
    last = first if not high else STAR if high == b"*" else int(high)
    if first >= NUMBER_LIMIT or last >= NUMBER_LIMIT:
        raise BadCommand("the number is too large")
    return first, last


@lru_cache(maxsize=1024)
def parse_flags(octets: bytes) -> tuple[str, ...]:
    """Flags separated by spaces, each once; \\Recent is left out, for no client can set it.

    Raises:
        BadCommand: a system flag that does not exist.
    """
    found: dict[str, None] = {}
    for token in octets.split():
        if token.startswith(b"\\"):
            flag = SYSTEM_FLAGS.get(token.upper())
            if flag is None:
                if token.upper() == b"\\RECENT":
                    continue
                raise BadCommand(f"unknown system flag {token.decode('ascii')}")
            found[flag] = None
        else:
            found[token.decode("ascii")] = None
    return tuple(found)
