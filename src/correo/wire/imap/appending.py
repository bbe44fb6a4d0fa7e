"""APPEND, MULTIAPPEND and REPLACE on the server: let each message stream to a receiver.

`append` reads what stands before a message; this is the dialogue around it: the session takes or
refuses each message as it is announced, and what arrives never lies in memory here.

RFC 9051    6.3.12   APPEND
RFC 3502, 8508       MULTIAPPEND, REPLACE
"""

from correo.base.errors import UsageError
from correo.wire.imap import codes
from correo.wire.imap.append import Append, Receiver, begin
from correo.wire.imap.arguments import Arguments, BadCommand, RefusedCommand
from correo.wire.imap.commands import AppendAborted, AppendComplete
from correo.wire.imap.framing import LineTooLong, LiteralMark, literal_mark
from correo.wire.imap.limits import ServerLimits
from correo.wire.imap.reading import Reading

__all__ = ["Appending"]


class Appending(Reading):
    """A server that takes messages."""

    def __init__(self, limits: ServerLimits | None = None) -> None:
        super().__init__(limits)
        self._append: Append | None = None

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
        append.abort()
        self._append = None
        self._reject(RefusedCommand(text, code), append.mark)

    def _open_append(self) -> Append:
        if self._append is None or self.open_tag is None:
            raise UsageError("no APPEND is open")
        return self._append

    def _begin_message(self, mark: LiteralMark | None) -> None:
        arguments = self._arguments()
        if self._draft.name == b"REPLACE" and "UIDONLY" in self.enabled:
            raise BadCommand("UIDONLY is enabled: use UID REPLACE", codes.UIDREQUIRED)
        self._append = begin(self._draft.tag, self._draft.name, arguments)
        self._announce(self._append, arguments, mark)

    def _announce(self, append: Append, arguments: Arguments, mark: LiteralMark | None) -> None:
        if mark is not None:
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
        append.go_on(line, utf8=self.is_utf8)
        self._next_message(append)

    def _next_message(self, append: Append) -> None:
        """Behind a message: another one, or the end of the command."""
        assert append.line is not None
        if not append.line.at_end or append.mark is not None:
            self._announce(append, append.line, append.mark)
        else:
            self._errors = 0
            self._open(AppendComplete(append.tag, append.mailbox, append.count, append.replaced))

    def _forget_messages(self) -> None:
        if self._append is not None:
            self._append.abort()
            if self._append.count:
                self._events.append(AppendAborted(self._append.tag))
            self._append = None
