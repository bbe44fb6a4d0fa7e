"""Put one command together from its lines and literals, before anybody knows what it means.

The server's engine reads on as the draft says; a finished draft gives the arguments that `parsers`
make a command of.

RFC 9051    2.2.1    tag, name and arguments; 9 tag, command
            4.3      literals; RFC 7888 non-synchronizing ones

Cost: one regular expression for tag and name.
"""

import re

from correo.wire.imap import codes
from correo.wire.imap.arguments import Arguments, BadCommand
from correo.wire.imap.framing import LiteralMark
from correo.wire.imap.states import ALLOWED, State

__all__ = ["Draft", "tag_of"]

# tag = 1*<any ASTRING-CHAR except "+">; longer than 255 octets it is no tag but noise
TAG = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\+]{1,255}(?= |\Z)")
HEAD = re.compile(
    rb"([^\x00-\x20\x7f-\xff(){%*\"\\+]{1,255}) ((?:UID )?[A-Z]{1,20})(?= |\Z)", re.IGNORECASE
)


def tag_of(line: bytes) -> bytes:
    """What a line begins with if that can be a tag, else b"*"."""
    match = TAG.match(line)
    return match.group() if match else b"*"


class Draft:
    """A command as far as it has come.

    tag, name: b"" until they are read; the name in capitals, "UID FETCH" being one.
    """

    __slots__ = ("_literal_left", "_literal_octets", "_literals", "_text", "name", "tag")

    def __init__(self) -> None:
        self.tag = b""
        self.name = b""
        self._text = bytearray()  # the arguments, each literal as one NUL
        self._literals: list[bytes] = []
        self._literal_octets = 0
        self._literal_left = 0

    def __len__(self) -> int:
        """Octets of the line so far, its head left out."""
        return len(self._text)

    @property
    def spaces(self) -> int:
        """How many spaces there are so far, those within strings too."""
        return self._text.count(b" ")

    def begin(self, line: bytes, state: State) -> bytes:
        """Read tag and name; returns the rest of the line.

        Raises:
            BadCommand: it has none, or the command is unknown or not allowed in this state.
        """
        match = HEAD.match(line)
        if match is None:
            self.tag = tag_of(line)
            raise BadCommand("a command is a tag, a space and a name" if line else "empty line")
        self.tag = match[1]
        name = match[2].upper()
        states = ALLOWED.get(name)
        if states is None:
            raise BadCommand(f"unknown command {name.decode('ascii')}")
        if state not in states:
            raise BadCommand(f"{name.decode('ascii')} is not allowed while {state.value}")
        self.name = name
        return line[match.end() :]

    def add(self, line: bytes, mark: LiteralMark | None) -> None:
        """One more line, without the literal it announces.

        Raises:
            BadCommand: NUL in it.
        """
        if b"\x00" in line:
            raise BadCommand("NUL is not allowed in a command")
        self._text += line if mark is None else line[: mark.start]

    def announce(self, mark: LiteralMark, limit: int) -> None:
        """A literal is to come.

        Raises:
            BadCommand: all literals together would be over the limit.
        """
        self._literal_octets += mark.size
        if self._literal_octets > limit:
            raise BadCommand("the literal is too large", codes.TOOBIG)
        self._literal_left = mark.size
        self._text += b"\x00"

    @property
    def literal_left(self) -> int:
        """Octets of the announced literal."""
        return self._literal_left

    def add_literal(self, octets: bytes) -> None:
        self._literals.append(octets)

    def arguments(self, *, utf8: bool, utf8_accept: bool) -> Arguments:
        """All that has come after the name."""
        return Arguments(bytes(self._text), self._literals, utf8=utf8, utf8_accept=utf8_accept)
