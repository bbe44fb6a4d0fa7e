"""The POP3 client's side of a dialogue: commands out, each reply one event, messages to receivers.

Any number of commands may be sent before their replies are read; replies come in their order.
Whether a server bears that (PIPELINING), and in which state it is, the caller knows.

RFC 1939             commands and responses
RFC 2449    8        response codes, in any case
RFC 2595    4        STLS
RFC 5034    4        AUTH
RFC 6856    2, 3     UTF8, LANG; text and names in UTF-8

Departures: reply lines may be longer than 512 octets (MAX_REPLY), servers greet at length. A
dot that is not doubled is dropped all the same (RFC 1939 3 says to strip it).

Cost: 10 microseconds for a command; content in whole chunks, 1 GB/s.
"""

import base64
import binascii
import hashlib
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from correo.base.blobs import Chunk
from correo.base.errors import PeerError, UsageError
from correo.wire.pop3.lines import TOO_LONG, Lines
from correo.wire.pop3.stuffing import Unstuffer

__all__ = ["Challenge", "ClientEngine", "Greeting", "Receiver", "Reply"]

MAX_REPLY = 8192  # octets of one line; RFC 2449 4 asks for 512
MAX_LISTING = 64 * 1024 * 1024  # octets of one listing: about a million messages

REPLY = re.compile(
    rb"(\+OK|-ERR)(?: *\[([^\]\r\n]{1,100})\])?[ \t]*(.*)", re.IGNORECASE | re.DOTALL
)
TIMESTAMP = re.compile(rb"<[^<>\s]+@[^<>\s]+>")


class Receiver(Protocol):
    """Takes a message while it arrives, dot-stuffing undone."""

    def write(self, octets: bytes, /) -> object: ...


@dataclass(slots=True)
class Greeting:
    """The first word. timestamp: the APOP challenge, "" if none."""

    ok: bool
    text: str
    timestamp: str


@dataclass(slots=True)
class Reply:
    """What came of one command.

    code: the response code in capitals, "IN-USE", "SYS/TEMP", "" if none.
    lines: of a listing, dot-stuffing undone, without CRLF.
    size: octets given to the receiver.
    """

    command: str
    ok: bool
    code: str
    text: str
    lines: list[bytes] = field(default_factory=list)
    size: int = 0


@dataclass(slots=True)
class Challenge:
    """AUTH goes on: call respond or cancel."""

    octets: bytes


Event = Greeting | Reply | Challenge


@dataclass(slots=True)
class Sent:
    """A command whose reply is to come. receiver: of a message; is_listing: collect the lines."""

    command: str
    is_listing: bool = False
    receiver: Receiver | None = None


class ClientEngine:
    """One connection to a server.

    Args:
        message_limit: octets of one message before the server is taken for mad.
    """

    def __init__(self, *, message_limit: int = 2**31) -> None:
        self.octets_received = 0  # of all sorts: whether the server is still at it
        self._message_limit = message_limit
        self._lines = Lines()
        self._output: list[Chunk] = []
        self._sent: deque[Sent] = deque()
        self._is_greeted = False
        self._is_closed = False
        self._timestamp = ""
        self._body: Unstuffer | None = None
        self._reply = Reply("", ok=False, code="", text="")
        self._collected: list[bytes] = []

    # the driver's side

    def receive(self, octets: bytes) -> list[Event]:
        """Take octets; the events they complete.

        Raises:
            PeerError: not POP3, or over a limit.
        """
        if octets:
            self.octets_received += len(octets)
            self._lines.feed(octets)
        events: list[Event] = []
        while not self._is_closed:
            if self._body is not None:
                if not self._take_body(self._body):
                    break
                events.append(self._finish())
                continue
            line = self._lines.next(MAX_REPLY)
            if line is None:
                break
            event = self._understand(line)
            if event is not None:
                events.append(event)
        return events

    def receive_eof(self) -> list[Event]:
        """Raises PeerError if the server owes a reply."""
        if not self._is_closed and (self._sent or not self._is_greeted):
            raise PeerError("the server closed the connection before it had answered")
        self._is_closed = True
        return []

    def take_output(self) -> list[Chunk]:
        output, self._output = self._output, []
        return output

    @property
    def buffered(self) -> int:
        return self._lines.buffered

    @property
    def is_closed(self) -> bool:
        """Whether QUIT has been answered."""
        return self._is_closed

    @property
    def waiting(self) -> int:
        """Commands whose replies are still to come."""
        return len(self._sent)

    # commands; each gives one Reply

    def capa(self) -> None:
        self._send("CAPA", is_listing=True)

    def stls(self) -> None:
        self._send("STLS")

    def utf8(self) -> None:
        self._send("UTF8")

    def user(self, name: str) -> None:
        self._send("USER", name)

    def password(self, password: str) -> None:
        self._send("PASS", password)

    def apop(self, name: str, secret: str) -> None:
        """Raises UsageError if the greeting had no timestamp."""
        if not self._timestamp:
            raise UsageError("the server offers no APOP")
        octets = f"{self._timestamp}{secret}".encode()
        digest = hashlib.md5(octets, usedforsecurity=False).hexdigest()
        self._send("APOP", name, digest)

    def auth(self, mechanism: str, initial: bytes | None) -> None:
        """Gives Challenges before its Reply. None: the server shall speak first."""
        if initial is None:
            self._send("AUTH", mechanism)
        else:
            self._send("AUTH", mechanism, base64.b64encode(initial).decode() or "=")

    def respond(self, octets: bytes) -> None:
        """Answer a Challenge."""
        self._output.append(base64.b64encode(octets) + b"\r\n")

    def cancel(self) -> None:
        """Answer a Challenge by giving up; the Reply says so."""
        self._output.append(b"*\r\n")

    def stat(self) -> None:
        self._send("STAT")

    def list(self, number: int | None = None) -> None:
        self._numbered("LIST", number)

    def uidl(self, number: int | None = None) -> None:
        self._numbered("UIDL", number)

    def retr(self, number: int, receiver: Receiver) -> None:
        self._send("RETR", str(number), receiver=receiver)

    def top(self, number: int, lines: int, receiver: Receiver) -> None:
        self._send("TOP", str(number), str(lines), receiver=receiver)

    def dele(self, number: int) -> None:
        self._send("DELE", str(number))

    def rset(self) -> None:
        self._send("RSET")

    def noop(self) -> None:
        self._send("NOOP")

    def quit(self) -> None:
        self._send("QUIT")

    # inside

    def _numbered(self, command: str, number: int | None) -> None:
        if number is None:
            self._send(command, is_listing=True)
        else:
            self._send(command, str(number))

    def _send(
        self, *words: str, is_listing: bool = False, receiver: Receiver | None = None
    ) -> None:
        line = " ".join(words)
        if "\r" in line or "\n" in line or "\0" in line:
            raise UsageError(f"a line end within the arguments of {words[0]}")
        self._output.append(line.encode() + b"\r\n")
        self._sent.append(Sent(words[0], is_listing, receiver))

    def _understand(self, line: bytes) -> Event | None:
        """One line that is not within a multi-line response."""
        if line == TOO_LONG:
            raise PeerError("the server's reply is too long a line")
        if not self._sent and self._is_greeted:
            raise PeerError(f"the server speaks without being asked: {shown(line)}")
        if self._is_greeted and self._sent[0].command == "AUTH" and line.startswith(b"+ "):
            return Challenge(challenge_of(line[2:]))
        match = REPLY.fullmatch(line)
        if match is None:
            if self._is_greeted and self._sent[0].command == "AUTH" and line == b"+":
                return Challenge(b"")
            raise PeerError(f"the server's reply is not POP3: {shown(line)}")
        ok = match[1][:1] == b"+"
        text = match[3].decode("utf-8", "replace")
        if not self._is_greeted:
            return self._greeting(line, ok=ok, text=text)
        code = (match[2] or b"").decode("ascii", "replace").upper()
        self._reply = Reply(self._sent[0].command, ok, code, text)
        if ok and (self._sent[0].is_listing or self._sent[0].receiver is not None):
            self._body = Unstuffer()
            return None
        return self._finish()

    def _greeting(self, line: bytes, *, ok: bool, text: str) -> Greeting:
        self._is_greeted = True
        self._is_closed = not ok
        found = TIMESTAMP.search(line)
        self._timestamp = found[0].decode("ascii", "replace") if found and ok else ""
        return Greeting(ok, text, self._timestamp)

    def _take_body(self, body: Unstuffer) -> bool:
        """Whether the multi-line response is complete now."""
        octets = self._lines.take_all()
        if not octets:
            return False
        content = body.write(octets)
        self._reply.size += len(content)
        receiver = self._sent[0].receiver
        limit = MAX_LISTING if receiver is None else self._message_limit
        if self._reply.size > limit:
            raise PeerError("the server's reply does not end")
        if content:
            if receiver is None:
                self._collected.append(content)
            else:
                receiver.write(content)
        if body.rest is None:
            return False
        self._lines.feed(body.rest)
        return True

    def _finish(self) -> Reply:
        """The reply to the oldest command is complete."""
        sent = self._sent.popleft()
        if self._body is not None and sent.is_listing:
            content = b"".join(self._collected)
            self._reply.lines = content.removesuffix(b"\r\n").split(b"\r\n") if content else []
        self._collected = []
        self._body = None
        if sent.command == "QUIT":
            self._is_closed = True
        return self._reply


def challenge_of(octets: bytes) -> bytes:
    try:
        return base64.b64decode(octets.strip(), validate=True)
    except binascii.Error as error:
        raise PeerError("the server's challenge is not base64") from error


def shown(line: bytes) -> str:
    """A server's line for a message to people."""
    return ascii(line[:80].decode("utf-8", "replace"))
