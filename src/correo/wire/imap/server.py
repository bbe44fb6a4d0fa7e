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
    accept_url(size)            to AppendUrl
    refuse_append(text, code)   to both: NO; the rest of the command is thrown away

What it may read: `state`, `enabled` (names in capitals), `is_utf8`, `open_tag`, `limits`.

RFC 9051, 3501        commands, states, continuation requests
RFC 7888              non-synchronizing literals; 4: too large ones
RFC 2177              IDLE; RFC 4959 initial responses; RFC 3207-like rules for STARTTLS (6.2.1)
"""

import binascii
from typing import Any

from correo.base.errors import UsageError
from correo.wire.imap.arguments import BadCommand
from correo.wire.imap.catenating import Catenating
from correo.wire.imap.commands import (
    Authenticate,
    AuthenticateCancelled,
    AuthenticateResponse,
    Command,
    Idle,
    IdleDone,
    StartTls,
)
from correo.wire.imap.framing import LineTooLong
from correo.wire.imap.limits import ServerLimits
from correo.wire.imap.parsers.session import decode_base64
from correo.wire.imap.states import Condition, State, state_after

__all__ = ["Condition", "ImapServerEngine", "State"]


class ImapServerEngine(Catenating):
    """One connection, the server's side."""

    def __init__(self, limits: ServerLimits | None = None) -> None:
        super().__init__(limits)
        self._idle_broken = False

    def receive_eof(self) -> list[Any]:
        """The client will send nothing more: an APPEND under way is off."""
        self._forget_messages()
        self._buffer.clear()
        self.is_closed = self.is_closed or self.open_tag is None
        events = self._events
        self._events = []
        return events

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

    def _expect(self, *commands: type[Command]) -> None:
        if self.open_tag is None or self._open_type not in commands:
            raise UsageError(f"no {commands[0].__name__} is open")

    # lines within a command

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
