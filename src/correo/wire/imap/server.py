"""Speak the server's side of IMAP: commands in as events, answers out as octets.

`receive` gives the events of `wire.imap.commands`. One command is open at a time: until it is
finished, what the client pipelined waits in the buffer. The engine answers by itself CAPABILITY,
LOGOUT, syntax errors, commands in the wrong state and literals that are too large. Untagged
responses go out whenever the session sees fit; the engine holds none back.

What a session calls:

    set_capabilities(b"IMAP4rev2 IMAP4rev1 ...")   what CAPABILITY shows from now on
    greet(text), greet_preauthenticated(text)       the greeting
    bye(text, code=b"")                             farewell; is_closed from then on
    send_untagged(octets)                           one response without "* " and CRLF
    send_lines(chunks)                              ready lines, blob slices among them
    deselect()                                      the mailbox is gone
    finish(tag, Condition.OK, text, code=b"")       the tagged answer; closes the open command
                                                    and moves the state along (`states`)
    begin_tls(tag)              to StartTls: OK; what the client sent after it is dropped
    tls_started()               after begin_tls(tag, hold=True), once TLS is in force
    challenge(octets)           to Authenticate and AuthenticateResponse
    enable(tag, names)          to Enable; then finish
    accept_idle()               to Idle; then untagged responses until IdleDone
    accept_message(receiver)    to AppendMessage
    refuse_append(text, code)   to AppendMessage: NO; the rest of the command is thrown away

What it may read: `state`, `enabled` (names in capitals), `is_utf8`, `open_tag`, `limits`.

RFC 9051, 3501        commands, states, continuation requests
RFC 7888              non-synchronizing literals; 4: too large ones
RFC 2177              IDLE; RFC 4959 initial responses; RFC 3207-like rules for STARTTLS (6.2.1)

Cost: about 10 µs per command besides its arguments.
"""

import binascii
from collections.abc import Callable
from typing import Any

from correo.base.errors import UsageError
from correo.wire.imap import codes
from correo.wire.imap.answers import Answers
from correo.wire.imap.append import SPACES, Append, Receiver, begin, is_message_next
from correo.wire.imap.arguments import Arguments, BadCommand, RefusedCommand
from correo.wire.imap.commands import (
    AppendAborted,
    AppendComplete,
    Authenticate,
    AuthenticateCancelled,
    AuthenticateResponse,
    Command,
    Idle,
    IdleDone,
    StartTls,
)
from correo.wire.imap.discarding import Discarding, TooMuch
from correo.wire.imap.draft import Draft, tag_of
from correo.wire.imap.framing import InputBuffer, LineTooLong, LiteralMark, literal_mark
from correo.wire.imap.limits import ServerLimits
from correo.wire.imap.parsers import TABLE
from correo.wire.imap.parsers.session import decode_base64
from correo.wire.imap.responses import capability
from correo.wire.imap.states import Condition, State, state_after

__all__ = ["Condition", "ImapServerEngine", "State"]


class ImapServerEngine(Answers):
    """One connection, the server's side."""

    def __init__(self, limits: ServerLimits | None = None) -> None:
        super().__init__()
        self.limits = limits or ServerLimits()
        self.open_tag: bytes | None = None
        self._open_type: type[Command] = Command
        self._buffer = InputBuffer()
        self._events: list[Any] = []
        self._step: Callable[[], bool] = self._read_line
        self._errors = 0
        self._draft = Draft()
        self._append: Append | None = None
        self._rest: Discarding | None = None  # of a bad command, thrown away before the answer
        self._verdict = BadCommand("")
        self._idle_broken = False

    # the driver's side

    def receive(self, octets: bytes) -> list[Any]:
        """Take octets (b"" asks for what is already buffered); events up to the next open one."""
        if self.is_closed:
            return []
        if octets:
            self._buffer.add(octets)
        while self._step():
            pass
        if self.state is State.LOGOUT:
            self._buffer.clear()
        events = self._events
        self._events = []
        return events

    def receive_eof(self) -> list[Any]:
        """The client will send nothing more: an APPEND under way is off."""
        self._abort_append()
        self._buffer.clear()
        self.is_closed = self.is_closed or self.open_tag is None
        events = self._events
        self._events = []
        return events

    @property
    def buffered(self) -> int:
        """Octets received and not yet understood."""
        return len(self._buffer)

    # the session's side

    def finish(self, tag: bytes, condition: Condition, text: str, code: bytes = b"") -> None:
        """The tagged answer to the open command."""
        if self.open_tag is None or self.open_tag != tag:
            raise UsageError(f"no command {tag!r} is open")
        if self._idle_broken:
            condition, text, code = Condition.BAD, "expected DONE", b""
            self._idle_broken = False
        self._tagged(tag, condition, text, code)
        self.state = state_after(self.state, self._open_type, condition)
        self._append = None
        self._next_command()

    def begin_tls(self, tag: bytes, *, hold: bool = False) -> None:
        """Answer StartTls; whoever calls this changes the transport next.

        Args:
            hold: read nothing until `tls_started`, so that no command is answered with what was
                true in clear (the capabilities).
        """
        self._expect(StartTls)
        self._tagged(tag, Condition.OK, "begin TLS negotiation now", b"")
        self._buffer.clear()  # CVE-2011-0411: nothing said in clear survives
        self._next_command()
        if hold:
            self._step = self._wait

    def tls_started(self) -> None:
        """TLS is in force, and the capabilities are those of now: go on reading."""
        self._next_command()

    def challenge(self, octets: bytes) -> None:
        """Ask the client for the next step of its mechanism."""
        self._expect(Authenticate, AuthenticateResponse)
        coded = binascii.b2a_base64(octets, newline=False)
        self._output.append(b"+ %b\r\n" % coded)
        self._step = self._read_response

    def accept_idle(self) -> None:
        """Answer Idle."""
        self._expect(Idle)
        self._output.append(b"+ idling\r\n")
        self._step = self._read_done

    def accept_message(self, receiver: Receiver) -> None:
        """Let the announced message in."""
        append = self._open_append()
        append.receivers.append(receiver)
        assert append.mark is not None
        if append.mark.is_synchronizing:
            self._output.append(b"+ go ahead\r\n")
        self._step = self._read_message

    def refuse_append(self, text: str, code: bytes = b"") -> None:
        """Turn the announced message, and with it the whole command, away."""
        append = self._open_append()
        assert append.mark is not None
        append.abort()
        self._append = None
        self._reject(RefusedCommand(text, code), append.mark)

    def _open_append(self) -> Append:
        if self._append is None or self.open_tag is None:
            raise UsageError("no APPEND is open")
        return self._append

    def _expect(self, *commands: type[Command]) -> None:
        if self.open_tag is None or self._open_type not in commands:
            raise UsageError(f"no {commands[0].__name__} is open")

    # reading commands

    def _next_command(self) -> None:
        self.open_tag = None
        self._open_type = Command
        self._draft = Draft()
        self._step = self._read_line

    def _wait(self) -> bool:
        """A command is open; nothing is read."""
        return False

    def _open(self, command: Command) -> bool:
        self.open_tag = command.tag
        self._open_type = type(command)
        self._events.append(command)
        self._step = self._wait
        return False

    def _read_line(self) -> bool:
        """One line of a command, from its beginning or behind a literal."""
        if self.is_closed:
            return False
        limit = self.limits.login_line if self._is_stranger else self.limits.line
        try:
            line = self._buffer.line(limit - len(self._draft))
        except LineTooLong:
            return self._line_too_long()
        if line is None:
            return False
        try:
            self._understand(line)
        except BadCommand as bad:
            self._reject(bad, literal_mark(line))
        return True

    @property
    def _is_stranger(self) -> bool:
        return self.state is State.NOT_AUTHENTICATED

    def _understand(self, line: bytes) -> None:
        draft = self._draft
        if not draft.name:
            line = draft.begin(line, self.state)
        mark = literal_mark(line)
        draft.add(line, mark)
        if mark is None:
            self._complete()
        elif is_message_next(draft.name, draft.spaces):
            self._begin_append(mark)
        else:
            self._begin_literal(mark)

    def _begin_literal(self, mark: LiteralMark) -> None:
        self._check_non_synchronizing(mark)
        limits = self.limits
        self._draft.announce(mark, limits.login_literals if self._is_stranger else limits.literals)
        if mark.is_synchronizing:
            self._output.append(b"+ go ahead\r\n")
        self._step = self._read_literal

    def _check_non_synchronizing(self, mark: LiteralMark) -> None:
        limit = self.limits.non_synchronizing
        if limit is not None and not mark.is_synchronizing and mark.size > limit:
            raise BadCommand(f"a literal over {limit} octets must be synchronizing", codes.TOOBIG)

    def _read_literal(self) -> bool:
        left = self._draft.literal_left
        if len(self._buffer) < left:
            return False
        self._draft.add_literal(self._buffer.take(left))
        self._step = self._read_line
        return True

    def _arguments(self) -> Arguments:
        return self._draft.arguments(utf8=self.is_utf8, utf8_accept="UTF8=ACCEPT" in self.enabled)

    def _complete(self) -> None:
        """All of a command is here."""
        arguments = self._arguments()
        if self._draft.name == b"CAPABILITY":
            arguments.end()
            self._output.append(capability(self.capabilities))
            self._answer("capabilities listed")
        elif self._draft.name == b"LOGOUT":
            arguments.end()
            tag = self._draft.tag
            self.bye("logging out")
            self._tagged(tag, Condition.OK, "logged out", b"")
        elif self._draft.name in SPACES:
            raise BadCommand(f"{self._draft.name.decode('ascii')} needs a literal")
        else:
            command = TABLE[self._draft.name](self._draft.tag, arguments)
            self._errors = 0
            self._open(command)

    def _answer(self, text: str) -> None:
        self._errors = 0
        self._tagged(self._draft.tag, Condition.OK, text, b"")
        self._next_command()

    # APPEND

    def _begin_append(self, mark: LiteralMark) -> None:
        arguments = self._arguments()
        if self._draft.name == b"REPLACE" and "UIDONLY" in self.enabled:
            raise BadCommand("UIDONLY is enabled: use UID REPLACE", codes.UIDREQUIRED)
        self._append = begin(self._draft.tag, self._draft.name, arguments)
        self._announce(self._append, arguments, mark)

    def _announce(self, append: Append, arguments: Arguments, mark: LiteralMark) -> None:
        self._check_non_synchronizing(mark)
        self._open(append.message(arguments, mark, self.limits.append))

    def _read_message(self) -> bool:
        append = self._open_append()
        octets = self._buffer.take(append.left)
        if octets:
            append.write(octets)
        if append.left:
            return False
        self._step = self._read_after_message
        return True

    def _read_after_message(self) -> bool:
        append = self._open_append()
        try:
            line = self._buffer.line(self.limits.line)
        except LineTooLong:
            return self._line_too_long()
        if line is None:
            return False
        try:
            self._after_message(append, line)
        except BadCommand as bad:
            self._reject(bad, literal_mark(line))
        return True

    def _after_message(self, append: Append, line: bytes) -> None:
        rest = append.after_message(line)
        mark = literal_mark(rest)
        if mark is not None:
            arguments = Arguments(rest[: mark.start], [], utf8=self.is_utf8)
            self._announce(append, arguments, mark)
        elif rest:
            raise BadCommand("expected another message, or the end of the command")
        else:
            self._errors = 0
            self._open(AppendComplete(append.tag, append.mailbox, append.count, append.replaced))

    def _abort_append(self) -> None:
        if self._append is not None:
            self._append.abort()
            if self._append.count:
                self._events.append(AppendAborted(self._append.tag))
            self._append = None

    # AUTHENTICATE and IDLE

    def _read_answer_line(self) -> bytes | None:
        """What a command under way waits for; None if it is not here, or too long."""
        try:
            return self._buffer.line(self.limits.login_line)
        except LineTooLong:
            self.bye("line too long")
            return None

    def _read_response(self) -> bool:
        assert self.open_tag is not None
        line = self._read_answer_line()
        if line is None:
            return False
        try:
            if line == b"*":
                raise BadCommand("authentication cancelled")
            octets = decode_base64(line)
        except BadCommand as bad:
            self._events.append(AuthenticateCancelled(self.open_tag))
            self._reject(bad, None)
            return True
        self._events.append(AuthenticateResponse(self.open_tag, octets))
        self._step = self._wait
        return False

    def _read_done(self) -> bool:
        assert self.open_tag is not None
        line = self._read_answer_line()
        if line is None:
            return False
        self._idle_broken = line.upper() != b"DONE"
        self._open(IdleDone(self.open_tag))
        return False

    # bad commands

    def _reject(self, bad: BadCommand, mark: LiteralMark | None) -> None:
        """Answer a bad command, after the rest of it that comes unasked has been thrown away."""
        self._abort_append()
        self._verdict = bad
        if mark is not None and not mark.is_synchronizing:
            self._rest = Discarding(self._buffer, mark)
            self._step = self._discard
        else:
            self._pronounce()

    def _line_too_long(self) -> bool:
        if not self._draft.name:
            self._draft.tag = tag_of(self._buffer.beginning(256))
        self._abort_append()
        self._verdict = BadCommand("the command line is too long", codes.TOOBIG)
        self._rest = Discarding(self._buffer, None)
        self._step = self._discard
        return True

    def _discard(self) -> bool:
        assert self._rest is not None
        try:
            limits = self.limits
            limit = limits.login_discard if self._is_stranger else limits.discard
            if not self._rest.go_on(limit):
                return False
        except TooMuch as much:
            self.bye(str(much), codes.TOOBIG)
            return False
        self._rest = None
        self._pronounce()
        return True

    def _pronounce(self) -> None:
        bad, tag = self._verdict, self._draft.tag
        refused = isinstance(bad, RefusedCommand) and tag != b"*"
        self._tagged(tag, Condition.NO if refused else Condition.BAD, bad.text, bad.code)
        self._next_command()
        if not refused:
            self._count_error()

    def _count_error(self) -> None:
        self._errors += 1
        if self._errors >= (self.limits.login_errors if self._is_stranger else self.limits.errors):
            self.bye("too many bad commands")
