"""Cut both directions of a connection into lines, leaving secrets and bodies out.

One file per protocol says what is secret and what is a body; this says how a direction is cut. A
subclass of `Dialogue` gets each line with its side, answers with the words to keep, and tells the
other direction what comes next in it: so many octets, or everything up to a lone dot.

Octets may come in any pieces. A line is cut at LINE_LIMIT, and never is more of it kept.
"""

import re
from collections.abc import Iterator

__all__ = ["MASK", "Dialogue", "Direction", "without_tokens", "words"]

LINE_LIMIT = 1000  # octets of a line that are kept
MASK = "***"
# the token of an authorized IMAP URL lets whoever has it read a message (RFC 4467)
URL_TOKEN = re.compile(rb"(;URLAUTH=[^ \":]*:[^ \":]*:)[0-9A-F]+", re.IGNORECASE)
DOT = b"\r\n.\r\n"


class Direction:
    """What one side says, as lines; parts of it skipped."""

    def __init__(self) -> None:
        self._partial = bytearray()
        self._is_cut = False
        self._to_skip = 0
        self._skipped = 0
        self._until_dot = False
        self._tail = b""

    def skip(self, octets: int) -> None:
        """The next so many octets are a body."""
        self._to_skip += octets
        self._skipped += octets

    def skip_until_dot(self) -> None:
        """What follows is a body, up to a line that is a dot."""
        self._until_dot = True
        self._tail = b"\r\n"
        self._skipped = 0

    def feed(self, octets: bytes) -> Iterator[tuple[bytes, int]]:
        """Each (line without its end, 0) or (b"", octets skipped); ask before feeding on, for
        what is said about a line decides how the next octets are read."""
        position = 0
        while position < len(octets):
            if self._to_skip:
                step = min(self._to_skip, len(octets) - position)
                position += step
                self._to_skip -= step
                if not self._to_skip:
                    yield b"", self._end_skipped()
            elif self._until_dot:
                end = self._find_dot(octets, position)
                if end < 0:
                    return
                position = end
                yield b"", self._end_skipped()
            else:
                end = octets.find(b"\n", position)
                self._keep(octets[position : end if end >= 0 else len(octets)])
                if end < 0:
                    return
                position = end + 1
                yield self._line(), 0

    def rest(self) -> bytes:
        """What stands without a line end when the connection is over."""
        return self._line()

    def _find_dot(self, octets: bytes, position: int) -> int:
        """Where the body is over, -1 if not in these octets."""
        seen = self._tail + octets[position:]
        found = seen.find(DOT)
        if found < 0:
            self._skipped += len(octets) - position
            self._tail = seen[-len(DOT) + 1 :]
            return -1
        self._until_dot = False
        end = position + found + len(DOT) - len(self._tail)
        self._skipped += max(0, end - position)
        return max(end, position)

    def _end_skipped(self) -> int:
        skipped, self._skipped = self._skipped, 0
        return skipped

    def _keep(self, octets: bytes) -> None:
        room = LINE_LIMIT - len(self._partial)
        self._partial += octets[:room]
        self._is_cut = self._is_cut or len(octets) > room

    def _line(self) -> bytes:
        line = bytes(self._partial).removesuffix(b"\r")
        if self._is_cut:
            line += b"..."
        self._partial.clear()
        self._is_cut = False
        return line


class Dialogue:
    """Both directions of one connection. `Protocol`-specific subclasses override the two `_said`."""

    def __init__(self) -> None:
        self.client = Direction()
        self.server = Direction()

    def client_said(self, line: bytes) -> str:
        """The words to keep of a client's line."""
        return words(line)

    def server_said(self, line: bytes) -> str:
        """The words to keep of a server's line."""
        return words(line)

    def feed(self, octets: bytes, *, from_client: bool) -> Iterator[str]:
        """The lines that these octets complete, fit to be kept."""
        direction = self.client if from_client else self.server
        said = self.client_said if from_client else self.server_said
        for line, skipped in direction.feed(octets):
            if skipped:
                yield f"[{skipped:,} octets]"
            else:
                yield said(line)


def without_tokens(line: bytes) -> bytes:
    """A line without the tokens of the URLs in it."""
    return URL_TOKEN.sub(rb"\g<1>" + MASK.encode("ascii"), line)


def words(line: bytes) -> str:
    """Octets as text that prints: what is not UTF-8, and control characters, as escapes."""
    text = line.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
