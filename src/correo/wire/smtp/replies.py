"""Write replies, read replies, and say which reply code an enhanced status code asks for.

RFC 5321    4.2 replies, 4.2.1 multiline, 4.5.3.1.5 a line has at most 512 octets
RFC 2034    every 2xx, 4xx and 5xx line carries its enhanced status code, but not the greeting
            and the answer to EHLO
RFC 3463    status codes;  RFC 5248 their reply codes

A peer's reply keeps its exact words: they go into bounces and traces.
"""

from dataclasses import dataclass

from correo.base.errors import PeerError
from correo.wire.smtp.grammar import ENHANCED, REPLY_LINE
from correo.wire.smtp.lines import TOO_LONG, Lines

__all__ = ["Reply", "ReplyReader", "reply_code_of", "write_reply"]

LONGEST_TEXT = 480  # octets of text in a line we write; RFC 5321 4.5.3.1.5 less code and CRLF
LONGEST_LINE = 4096  # octets in a line we read; others write more than 512
MOST_LINES = 200  # of one reply we read

# Status code to reply code, where RFC 5248's registry or custom is more exact than the class.
REPLY_CODES = {
    "4.2.1": 450,
    "4.2.2": 452,
    "4.3.1": 452,
    "4.3.2": 421,
    "4.4.2": 421,
    "4.5.3": 452,
    "4.7.1": 450,
    "5.1.1": 550,
    "5.1.2": 550,
    "5.1.3": 553,
    "5.1.7": 553,
    "5.1.8": 550,
    "5.1.10": 556,
    "5.2.1": 550,
    "5.2.2": 552,
    "5.2.3": 552,
    "5.3.4": 552,
    "5.5.1": 503,
    "5.5.2": 500,
    "5.5.4": 501,
    "5.6.7": 553,
    "5.7.0": 550,
    "5.7.1": 550,
    "5.7.8": 535,
    "5.7.9": 534,
    "5.7.11": 538,
}


def reply_code_of(status: str) -> int:
    """The reply code for an enhanced status code."""
    found = REPLY_CODES.get(status)
    if found is not None:
        return found
    return {"2": 250, "4": 451}.get(status[:1], 554)


def write_reply(code: int, status: str, text: str, *, utf8: bool = False) -> bytes:
    """A reply, one line per line of text; status "" leaves the enhanced code out.

    Control characters become spaces, lines too long are cut, so that any text will do. Letters
    outside ASCII go only to a client that asked for SMTPUTF8 (RFC 6531 3.7.4.1).
    """
    if text.isascii() and text.isprintable() and len(text) < LONGEST_TEXT:
        return f"{code} {status}{' ' if status else ''}{text}\r\n".encode()
    lines = [clean(line, "utf-8" if utf8 else "ascii") for line in text.split("\n")]
    lead = f"{status} ".encode() if status else b""
    last = len(lines) - 1
    return b"".join(
        b"%d%b%b%b\r\n" % (code, b" " if number == last else b"-", lead, line)
        for number, line in enumerate(lines)
    )


def clean(line: str, charset: str) -> bytes:
    if not line.isprintable():
        line = "".join(c if c.isprintable() else " " for c in line)
    octets = line.encode(charset, "replace")
    if len(octets) > LONGEST_TEXT:
        octets = octets[:LONGEST_TEXT].decode("utf-8", "ignore").encode()
    return octets


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said.

    lines: its exact words, one entry per line, without code and line end; the enhanced status
        code, if there is one, still stands in front.
    enhanced: that code, "" if there is none.
    """

    code: int
    enhanced: str
    lines: tuple[str, ...]

    @property
    def is_positive(self) -> bool:
        return 200 <= self.code < 400

    @property
    def is_temporary(self) -> bool:
        """Whether trying again later makes sense (RFC 5321 4.2.1)."""
        return 400 <= self.code < 500

    @property
    def text(self) -> str:
        """The words as one line, without enhanced status codes."""
        lead = f"{self.enhanced} "
        return " ".join(line.removeprefix(lead) for line in self.lines).strip()

    @property
    def status(self) -> str:
        """The enhanced status code, or one made from the class ("5.0.0")."""
        return self.enhanced or f"{min(self.code // 100, 5)}.0.0"

    def __str__(self) -> str:
        return f"{self.code} {' '.join(self.lines)}".rstrip()


class ReplyReader:
    """Puts reply lines together. One reply at a time, whatever the split of the octets."""

    __slots__ = ("_code", "_lines")

    def __init__(self) -> None:
        self._code = 0
        self._lines: list[str] = []

    def next_reply(self, source: Lines) -> Reply | None:
        """The next whole reply, None if it is not all there.

        Raises:
            PeerError: what arrived is no reply.
        """
        while True:
            line = source.next_line(LONGEST_LINE)
            if line is None:
                return None
            if self._take(line):
                return self._finish()

    def _take(self, line: bytes) -> bool:
        """Add a line; whether it was the last."""
        match = REPLY_LINE.fullmatch(line) if line is not TOO_LONG else None
        if match is None:
            raise PeerError(f"not a reply: {line[:80].decode('utf-8', 'replace')!r}")
        code = int(match[1])
        if self._lines and code != self._code:
            raise PeerError(f"a reply changes its code from {self._code} to {code}")
        self._code = code
        self._lines.append((match[3] or b"").decode("utf-8", "replace"))
        if len(self._lines) > MOST_LINES:
            raise PeerError("the server's reply has too many lines")
        return match[2] != b"-"

    def _finish(self) -> Reply:
        lines = tuple(self._lines)
        self._lines = []
        found = ENHANCED.match(lines[0])
        return Reply(self._code, found[1] if found else "", lines)
