"""Lead the client's side of one SMTP, submission or LMTP dialogue, without any I/O.

What is to be said is queued by the methods below and leaves through `take_output` as soon as the
protocol allows: with PIPELINING in groups, without it one command at a time. Each reply comes
out of `receive` as `Answered`, with the command it belongs to.

RFC 5321    SMTP; 4.2 replies, 3.8 a 421 may come at any time
RFC 2920    3.1 the commands that may only end a group: LAST_OF_GROUP; content may begin one, so that
            RSET and MAIL of the next message leave with it
RFC 2033    4.2 LMTP: as many replies after the content as recipients were accepted
RFC 3030    BDAT;  RFC 3207 STARTTLS;  RFC 4954 AUTH
"""

import base64
import binascii
from collections import deque
from dataclasses import dataclass

from correo.base.blobs import Chunk
from correo.base.errors import PeerError, UsageError
from correo.wire.smtp.client.extensions import Extensions
from correo.wire.smtp.data import DataWriter
from correo.wire.smtp.lines import Lines
from correo.wire.smtp.parameters import (
    MailParameters,
    RecipientParameters,
    write_mail_parameters,
    write_recipient_parameters,
)
from correo.wire.smtp.paths import write_path
from correo.wire.smtp.replies import Reply, ReplyReader

__all__ = ["Answered", "ClientEngine", "ClientEvent", "Dismissed", "decoded_challenge"]

LAST_OF_GROUP = frozenset(
    {"EHLO", "LHLO", "HELO", "DATA", "VRFY", "EXPN", "HELP", "QUIT", "NOOP"}
    | {"STARTTLS", "AUTH", "XCLIENT", "GREETING"}
)


@dataclass(slots=True)
class Answered:
    """A reply to what we said.

    verb: the command, "GREETING" for the first words, "CONTENT" for the message after DATA.
    recipient: which accepted recipient of an LMTP message this is about, from 0; else 0.
    """

    verb: str
    reply: Reply
    recipient: int = 0


@dataclass(slots=True)
class Dismissed:
    """The server ends the dialogue unasked (421), or refuses content while it arrives."""

    reply: Reply


ClientEvent = Answered | Dismissed


@dataclass(slots=True)
class Command:
    """One command with its octets; `ends_message` for the last of an LMTP message."""

    verb: str
    octets: bytes
    ends_message: bool = False


class ClientEngine:
    """One connection. The server's greeting is the first event."""

    __slots__ = (
        "_accepted",
        "_answered",
        "_awaited",
        "_chunk_left",
        "_closed",
        "_input",
        "_output",
        "_queue",
        "_replies",
        "_writer",
        "extensions",
        "is_lmtp",
    )

    def __init__(self, *, is_lmtp: bool = False) -> None:
        self.is_lmtp = is_lmtp
        self.extensions = Extensions()
        self._input = Lines()
        self._replies = ReplyReader()
        self._output: list[Chunk] = []
        self._queue: deque[Command] = deque()
        self._awaited: deque[Command] = deque([Command("GREETING", b"")])
        self._writer: DataWriter | None = None
        self._accepted = 0  # recipients of the transaction
        self._answered = 0  # of them, after the content (LMTP)
        self._chunk_left = 0  # octets of a BDAT still to be given
        self._closed = False

    # what the driver calls

    def receive(self, octets: bytes) -> list[ClientEvent]:
        """Understand replies. Raises PeerError for what is none, or answers nothing."""
        if octets:
            self._input.feed(octets)
        events: list[ClientEvent] = []
        while not self._closed:
            reply = self._replies.next_reply(self._input)
            if reply is None:
                break
            events.append(self._understand(reply))
        return events

    def receive_eof(self) -> list[ClientEvent]:
        self._closed = True
        return []

    def take_output(self) -> list[Chunk]:
        """What may be said now; what the replies so far have not settled stays queued."""
        self._say_what_may_be_said()
        output, self._output = self._output, []
        return output

    @property
    def buffered(self) -> int:
        return len(self._input)

    @property
    def is_closed(self) -> bool:
        """Whether the dialogue is over: QUIT is answered, or the server has ended it."""
        return self._closed

    @property
    def awaited(self) -> str:
        """The verb whose answer is due next, said or still queued; "" for none."""
        due = self._awaited or self._queue
        return due[0].verb if due else ""

    # what to say

    def hello(self, name: str) -> None:
        """EHLO, or LHLO."""
        self._say("LHLO" if self.is_lmtp else "EHLO", name.encode())

    def old_hello(self, name: str) -> None:
        self._say("HELO", name.encode())

    def start_tls(self) -> None:
        """After the 220: the handshake, then `tls_started`, then `hello` again."""
        self._say("STARTTLS")

    def tls_started(self) -> None:
        """Forget what the server said in clear (RFC 3207 4.2)."""
        self.extensions = Extensions()

    def authenticate(self, mechanism: str, initial_response: bytes | None) -> None:
        if initial_response is None:
            self._say("AUTH", mechanism.encode())
        else:
            self._say("AUTH", b"%b %b" % (mechanism.encode(), encoded(initial_response)))

    def answer_challenge(self, response: bytes) -> None:
        """After a 334."""
        self._put(Command("AUTH", base64.b64encode(response) + b"\r\n"))

    def cancel_authentication(self) -> None:
        self._put(Command("AUTH", b"*\r\n"))

    def mail(self, reverse_path: str, parameters: MailParameters) -> None:
        """Raises ValueError for a path that cannot be written."""
        path = write_path(reverse_path) + write_mail_parameters(parameters)
        self._put(Command("MAIL", b"MAIL FROM:%b\r\n" % path))

    def recipient(
        self, forward_path: str, parameters: RecipientParameters, *, smtputf8: bool = False
    ) -> None:
        """Raises ValueError for a path that cannot be written."""
        path = write_path(forward_path)
        path += write_recipient_parameters(parameters, smtputf8=smtputf8)
        self._put(Command("RCPT", b"RCPT TO:%b\r\n" % path))

    def data(self) -> None:
        """After the 354: `content` as often as needed, then `end_content`."""
        self._say("DATA")

    def begin_chunk(self, size: int, *, is_last: bool) -> None:
        """BDAT, whose octets follow by `content`; when nothing else is to be said before it."""
        self.chunk(b"", is_last=is_last, size=size)
        self._say_what_may_be_said()
        if self._queue:
            raise UsageError("something else has to be said first")
        self._chunk_left = size

    def content(self, octets: bytes) -> None:
        """Octets of the message, dots not doubled."""
        if not octets:
            return
        if self._chunk_left:
            if len(octets) > self._chunk_left:
                raise UsageError("more content than BDAT announced")
            self._chunk_left -= len(octets)
            self._output.append(octets)
        elif self._writer is not None:
            encoded_octets = self._writer.write(octets)
            if encoded_octets:
                self._output.append(encoded_octets)
        else:
            raise UsageError("no content is wanted")

    def end_content(self) -> None:
        if self._writer is None:
            raise UsageError("no 354 has come")
        last, self._writer = self._writer.finish(), None
        self._queue.appendleft(Command("CONTENT", last, ends_message=True))

    def chunk(self, octets: bytes, *, is_last: bool, size: int | None = None) -> None:
        """BDAT with its octets, as they are."""
        length = len(octets) if size is None else size
        line = b"BDAT %d%b\r\n" % (length, b" LAST" if is_last else b"")
        self._put(Command("BDAT", line + octets, ends_message=is_last))

    def reset(self) -> None:
        """RSET."""
        self._say("RSET")

    def noop(self) -> None:
        self._say("NOOP")

    def quit(self) -> None:
        self._say("QUIT")

    def verify(self, name: str) -> None:
        self._say("VRFY", name.encode())

    def expand(self, name: str) -> None:
        self._say("EXPN", name.encode())

    def help(self, topic: str = "") -> None:
        self._say("HELP", topic.encode())

    def withdraw(self) -> int:
        """Do not say what is queued and not said yet; how many commands that was."""
        count = len(self._queue)
        self._queue.clear()
        return count

    # inside

    @property
    def _is_amid_content(self) -> bool:
        return self._writer is not None or self._chunk_left > 0

    def _say(self, verb: str, argument: bytes = b"") -> None:
        if b"\r" in argument or b"\n" in argument:
            raise ValueError(f"a line end in the argument of {verb}")
        line = f"{verb} ".encode() + argument if argument else verb.encode()
        self._put(Command(verb, line + b"\r\n"))

    def _put(self, command: Command) -> None:
        self._queue.append(command)

    def _say_what_may_be_said(self) -> None:
        while self._queue and not self._is_amid_content and not self._closed:
            if self._awaited and (
                "PIPELINING" not in self.extensions or self._awaited[-1].verb in LAST_OF_GROUP
            ):
                return
            command = self._queue.popleft()
            self._output.append(command.octets)
            self._awaited.append(command)

    def _understand(self, reply: Reply) -> ClientEvent:
        if not self._awaited:
            return self._dismissed(reply)
        command = self._awaited[0]
        event = Answered(command.verb, reply)
        if command.ends_message and self.is_lmtp and self._accepted and reply.code != 421:
            event.recipient = self._answered
            self._answered += 1
            if self._answered < self._accepted:
                return event
        self._awaited.popleft()
        self._learn(command, reply)
        return event

    def _dismissed(self, reply: Reply) -> Dismissed:
        if reply.code == 421 or (self._is_amid_content and reply.code >= 400):
            self._closed = True
            return Dismissed(reply)
        raise PeerError(f"the server answers what nobody asked: {reply}")

    def _learn(self, command: Command, reply: Reply) -> None:
        verb = command.verb
        is_ok = 200 <= reply.code < 300
        if verb in ("EHLO", "LHLO"):
            self.extensions = Extensions.read(reply) if is_ok else Extensions()
        elif verb == "HELO":
            self.extensions = Extensions()
        elif verb == "MAIL":
            self._accepted = self._answered = 0
        elif verb == "RCPT" and is_ok:
            self._accepted += 1
        elif verb == "DATA" and reply.code == 354:
            self._writer = DataWriter()
        if reply.code == 421 or verb == "QUIT":
            self._closed = True


def encoded(initial_response: bytes) -> bytes:
    """RFC 4954 4: an empty initial response is "="."""
    return base64.b64encode(initial_response) or b"="


def decoded_challenge(reply: Reply) -> bytes:
    """What a 334 carries. Raises PeerError."""
    try:
        return base64.b64decode(reply.lines[0], validate=True)
    except (binascii.Error, ValueError) as error:
        raise PeerError("the server's challenge is not base64") from error
