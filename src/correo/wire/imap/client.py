"""Speak the client's side of IMAP: commands out, a server's responses in as events.

`command(name, *arguments)` puts a command in the output and returns its tag; several may be under
way at once (RFC 9051 5.5 leaves it to the caller which). Synchronizing literals wait for the
server's "+" here, and go without waiting where the server has LITERAL+ or LITERAL-. Responses
come as the events of `response_types`, the server's greeting first.

What a client calls:

    command(b"UID FETCH", b"1:*", b"(FLAGS)")   arguments are ready octets, or Literal
    respond(octets)                             to a Continuation during AUTHENTICATE; cancel()
    done()                                      ends IDLE
    tls_started()                               forget what was learnt in clear (RFC 9051 6.2.1)
    literal_sink = function                     asked for a sink when a large literal of a FETCH
                                                begins; the event then has Streamed in its place

What it may read: `capabilities` (capitals; empty until told), `enabled`, `is_utf8`.

RFC 9051    2.2, 5.5, 7   RFC 7888 literals
"""

import binascii
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from correo.base.blobs import BlobSlice, Chunk
from correo.base.errors import PeerError, UsageError
from correo.wire.imap.framing import InputBuffer, LineTooLong, literal_mark
from correo.wire.imap.quick_fetch import whole_fetches
from correo.wire.imap.response_reader import read_status, read_untagged, tagged
from correo.wire.imap.response_types import (
    Capabilities,
    Continuation,
    Enabled,
    Greeting,
    Response,
    StatusLine,
    Verdict,
)
from correo.wire.imap.values import Streamed

__all__ = ["ImapClientEngine", "Literal", "LiteralSink"]

LINE_LIMIT = 16 * 1024 * 1024  # octets; a SEARCH in a mailbox of a million messages has 7 MB
LITERAL_LIMIT = 256 * 1024 * 1024  # octets kept in memory for one response
LITERAL_OVERHEAD = 64  # octets an empty literal costs us
SINK_THRESHOLD = 64 * 1024  # octets; smaller literals are not worth a sink
LITERAL_MINUS_LIMIT = 4096  # RFC 7888 5

FETCH_HEAD = re.compile(rb"\* ([0-9]{1,10}) FETCH \(", re.IGNORECASE)
FETCH_LABEL = re.compile(rb"[A-Z0-9.]+(?:\[[^\]]*\](?:<[0-9]+>)?)?(?= \Z)", re.IGNORECASE)
LABEL_LENGTH = 1000  # octets before a literal in which its label is looked for


@dataclass(frozen=True, slots=True)
class Literal:
    """An argument sent as a literal: octets, or a slice of something streamed.

    is_binary: literal8, for content with NUL.
    before, after: what must stand next to it without a space: UTF8 (~{n}...).
    """

    content: Chunk
    is_binary: bool = False
    before: bytes = b""
    after: bytes = b""

    @property
    def size(self) -> int:
        if isinstance(self.content, BlobSlice):
            return self.content.length
        return len(self.content)


@dataclass(slots=True)
class Unsent:
    """A command on its way out; None among its parts: wait for "+"."""

    tag: bytes
    parts: deque[Chunk | None]


class LiteralSink(Protocol):
    """Takes a large literal while it arrives."""

    def write(self, octets: bytes) -> object: ...


class ImapClientEngine:
    """One connection, the client's side."""

    def __init__(self) -> None:
        self.capabilities: frozenset[str] = frozenset()
        self.enabled: set[str] = set()
        self.is_utf8 = False
        self.is_closed = False
        self.literal_sink: Callable[[int, bytes, int], LiteralSink | None] | None = None
        self._output: list[Chunk] = []
        self._unsent: deque[Unsent] = deque()  # the first waits for "+"
        self._tags = 0
        self._greeted = False
        self._buffer = InputBuffer()
        self._events: list[Response] = []
        self._step: Callable[[], bool] = self._read_line
        self._text = bytearray()
        self._literals: list[bytes | Streamed] = []
        self._literal_left = 0
        self._literal_octets = 0
        self._sink: LiteralSink | None = None

    # the driver's side

    def receive(self, octets: bytes) -> list[Response]:
        """Take octets; the responses that are whole now.

        Raises:
            PeerError: this is not IMAP, or a line or literal is beyond all measure.
        """
        if octets:
            self._buffer.add(octets)
        while self._step():
            pass
        events = self._events
        self._events = []
        return events

    def receive_eof(self) -> list[Response]:
        """Raises: PeerError, if the server stopped in the middle of a response."""
        if len(self._buffer) or self._text:
            raise PeerError("the server stopped in the middle of a response")
        self.is_closed = True
        return []

    def take_output(self) -> list[Chunk]:
        output = self._output
        self._output = []
        return output

    @property
    def buffered(self) -> int:
        return len(self._buffer)

    # the client's side

    def command(self, name: bytes, *arguments: bytes | Literal) -> bytes:
        """Send a command, its arguments separated by spaces; returns its tag."""
        self._tags += 1
        tag = b"C%d" % self._tags
        parts: deque[Chunk | None] = deque([tag + b" " + name])
        for argument in arguments:
            if isinstance(argument, bytes):
                parts.append(b" " + argument)
            else:
                self._add_literal(parts, argument)
        parts.append(b"\r\n")
        self._unsent.append(Unsent(tag, parts))
        if len(self._unsent) == 1:
            self._push()
        return tag

    def _add_literal(self, parts: deque[Chunk | None], argument: Literal) -> None:
        mode = self._literal_mode(argument.size)
        tilde = b"~" if argument.is_binary else b""
        parts.append(b" %b%b{%d%b}\r\n" % (argument.before, tilde, argument.size, mode))
        if not mode:
            parts.append(None)
        parts.append(argument.content)
        if argument.after:
            parts.append(argument.after)

    def _literal_mode(self, size: int) -> bytes:
        if "LITERAL+" in self.capabilities:
            return b"+"
        if size <= LITERAL_MINUS_LIMIT and not self.capabilities.isdisjoint(
            ("LITERAL-", "IMAP4REV2")
        ):
            return b"+"
        return b""

    def _push(self) -> None:
        """Move to the output what need not wait."""
        ready: list[bytes] = []
        while self._unsent:
            parts = self._unsent[0].parts
            while parts:
                part = parts[0]
                if part is None:
                    self._put(ready)
                    return
                parts.popleft()
                if isinstance(part, bytes):
                    ready.append(part)
                else:
                    self._put(ready)
                    ready = []
                    self._output.append(part)
            self._unsent.popleft()
        self._put(ready)

    def _put(self, ready: list[bytes]) -> None:
        if ready:
            self._output.append(b"".join(ready))

    def respond(self, octets: bytes) -> None:
        """Answer a challenge."""
        self._output.append(binascii.b2a_base64(octets, newline=False) + b"\r\n")

    def cancel(self) -> None:
        """Give AUTHENTICATE up; the server answers BAD."""
        self._output.append(b"*\r\n")

    def done(self) -> None:
        """End IDLE."""
        self._output.append(b"DONE\r\n")

    def tls_started(self) -> None:
        """What was learnt in clear is forgotten; ask for the capabilities again."""
        if self._unsent:
            raise UsageError("a command is under way")
        self.capabilities = frozenset()
        self._buffer.clear()

    # reading responses

    def _read_line(self) -> bool:
        if not self._text and self._greeted and self._buffer.read(self._read_fetches):
            return True
        try:
            line = self._buffer.line(LINE_LIMIT - len(self._text))
        except LineTooLong:
            raise PeerError("the server sent a line that is too long") from None
        if line is None:
            return False
        if b"\x00" in line:
            line = line.replace(b"\x00", b"")
        mark = literal_mark(line)
        if mark is None:
            self._text += line
            self._complete()
            return True
        self._text += line[: mark.start]
        self._begin_literal(mark.size)
        self._text += b"\x00"
        return True

    def _read_fetches(self, octets: bytearray) -> int:
        largest = LITERAL_LIMIT if self.literal_sink is None else SINK_THRESHOLD - 1
        understood = 0
        for data, end in whole_fetches(octets, largest):
            self._events.append(data)
            understood = end
        return understood

    def _begin_literal(self, size: int) -> None:
        self._literal_left = size
        self._sink = self._ask_sink(size) if size >= SINK_THRESHOLD else None
        if self._sink is not None:
            self._literals.append(Streamed(size))
            self._step = self._stream_literal
            return
        self._literal_octets += size + LITERAL_OVERHEAD
        if self._literal_octets > LITERAL_LIMIT:
            raise PeerError("the server sent a literal that is too large")
        self._step = self._read_literal

    def _ask_sink(self, size: int) -> LiteralSink | None:
        if self.literal_sink is None:
            return None
        head = FETCH_HEAD.match(self._text)
        label = FETCH_LABEL.search(bytes(self._text[-LABEL_LENGTH:]))
        if head is None or label is None:
            return None
        return self.literal_sink(int(head[1]), label.group().upper(), size)

    def _read_literal(self) -> bool:
        if len(self._buffer) < self._literal_left:
            return False
        self._literals.append(self._buffer.take(self._literal_left))
        self._step = self._read_line
        return True

    def _stream_literal(self) -> bool:
        assert self._sink is not None
        octets = self._buffer.take(self._literal_left)
        if octets:
            self._literal_left -= len(octets)
            self._sink.write(octets)
        if self._literal_left:
            return False
        self._sink = None
        self._step = self._read_line
        return True

    def _complete(self) -> None:
        line = bytes(self._text)
        literals = self._literals
        self._text = bytearray()
        self._literals = []
        self._literal_octets = 0
        if line.startswith(b"* "):
            self._untagged(line[2:], literals)
        elif line.startswith(b"+"):
            self._continuation(line[1:].removeprefix(b" "))
        elif line:
            self._tagged(line)

    def _untagged(self, line: bytes, literals: list[bytes | Streamed]) -> None:
        response = read_untagged(line.rstrip(b" "), literals, utf8=self.is_utf8)
        if isinstance(response, Capabilities):
            self.capabilities = response.names
        elif isinstance(response, Enabled):
            self.enabled.update(response.names)
            self.is_utf8 = not self.enabled.isdisjoint(("IMAP4REV2", "UTF8=ACCEPT"))
        elif isinstance(response, StatusLine):
            self._learn(response)
            response = self._greet(response)
        elif not self._greeted:
            raise PeerError("the server's greeting is not IMAP")
        self._events.append(response)

    def _greet(self, status: StatusLine) -> StatusLine:
        if self._greeted:
            return status
        self._greeted = True
        return Greeting(status.verdict, status.text, status.code)

    def _learn(self, status: StatusLine) -> None:
        code = status.code
        if code is not None and code.name == "CAPABILITY":
            self.capabilities = frozenset(
                value.decode("utf-8", "replace").upper()
                for value in code.values
                if isinstance(value, bytes)
            )
        if status.verdict is Verdict.BYE:
            self.is_closed = True

    def _continuation(self, text: bytes) -> None:
        if not self._greeted:
            raise PeerError("the server's greeting is not IMAP")
        if self._unsent:
            self._unsent[0].parts.popleft()
            self._push()
            self._events.append(Continuation(text, for_literal=True))
        else:
            self._events.append(Continuation(text))

    def _tagged(self, line: bytes) -> None:
        tag, _, rest = line.partition(b" ")
        status = read_status(rest)
        if status is None or not self._greeted:
            raise PeerError("the server sent something that is not IMAP")
        self._learn(status)
        if self._unsent and self._unsent[0].tag == tag:
            self._unsent.popleft()  # an answer instead of "+": the rest of it is not wanted
            self._push()
        self._events.append(tagged(tag, status))
