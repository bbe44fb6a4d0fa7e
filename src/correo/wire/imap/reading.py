"""The server's way in: commands put together from lines and literals, and bad ones answered.

`ImapServerEngine` is this with what a session calls added. One command is open at a time: until
it is answered, what the client pipelined waits in the buffer. Answered here: CAPABILITY, LOGOUT,
syntax errors, commands in the wrong state, and literals that are too large.

RFC 9051    2.2, 4.3 commands, literals; RFC 7888 non-synchronizing ones; 4: too large ones

Cost: about 10 µs per command besides its arguments.
"""

from collections.abc import Callable
from typing import Any

from correo.base.pause import Pause
from correo.wire.imap import codes
from correo.wire.imap.answers import Answers
from correo.wire.imap.append import SPACES, is_message_next
from correo.wire.imap.arguments import Arguments, BadCommand, RefusedCommand
from correo.wire.imap.commands import Command
from correo.wire.imap.discarding import Discarding, TooMuch
from correo.wire.imap.draft import Draft, tag_of
from correo.wire.imap.framing import InputBuffer, LineTooLong, LiteralMark, literal_mark
from correo.wire.imap.limits import ServerLimits
from correo.wire.imap.parsers import TABLE
from correo.wire.imap.responses import capability
from correo.wire.imap.states import Condition, State

__all__ = ["Reading"]

STEPS_PER_TURN = 200  # lines, literals and answers before Pause


class Reading(Answers):
    """Everything a server hears, but the messages of APPEND and the lines within a command."""

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
        self._rest: Discarding | None = None  # of a bad command, thrown away before the answer
        self._verdict = BadCommand("")

    def receive(self, octets: bytes) -> list[Any]:
        """Take octets (b"" asks for what is already buffered); events up to the next open one."""
        if self.is_closed:
            return []
        if octets:
            self._buffer.add(octets)
        turn = 0
        while self._step():
            turn += 1
            if turn == STEPS_PER_TURN:
                self._events.append(Pause())
                break
        if self.state is State.LOGOUT:
            self._buffer.clear()
        events = self._events
        self._events = []
        return events

    @property
    def buffered(self) -> int:
        """Octets received and not yet understood."""
        return len(self._buffer)

    # one command

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
            self._begin_message(mark)
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
            self._begin_message(None)
        else:
            command = TABLE[self._draft.name](self._draft.tag, arguments)
            self._errors = 0
            self._open(command)

    def _answer(self, text: str) -> None:
        self._errors = 0
        self._tagged(self._draft.tag, Condition.OK, text, b"")
        self._next_command()

    # bad commands

    def _reject(self, bad: BadCommand, mark: LiteralMark | None) -> None:
        """Answer a bad command, after the rest of it that comes unasked has been thrown away."""
        self._forget_messages()
        self._verdict = bad
        if mark is not None and not mark.is_synchronizing:
            self._rest = Discarding(self._buffer, mark)
            self._step = self._discard
        else:
            self._pronounce()

    def _line_too_long(self) -> bool:
        if not self._draft.name:
            self._draft.tag = tag_of(self._buffer.beginning(256))
        self._forget_messages()
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

    # for whoever takes messages

    def _begin_message(self, mark: LiteralMark | None) -> None:
        """A message comes next, with the literal or, if there is none, put together of parts."""
        raise BadCommand("no message is expected here")

    def _forget_messages(self) -> None:
        """The command under way is off, and what has come of its messages."""
