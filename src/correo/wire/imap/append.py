"""APPEND, MULTIAPPEND and REPLACE on the server: read what stands before each message, then let it stream.

The messages never lie in memory here: the session hands a receiver over for each, and the engine
passes on what arrives.

RFC 9051    6.3.12   APPEND
RFC 3502    6.3.11   several messages, all or none; an empty literal cancels
RFC 8508    3.2      REPLACE, UID REPLACE: one message, and which it replaces
RFC 6855    4        UTF8 (~{n} ...)
RFC 3516    4.4      literal8
RFC 4469    3        CATENATE; its parts are read by `catenate`
"""

from typing import Protocol

from correo.wire.imap.arguments import Arguments, BadCommand, RefusedCommand
from correo.wire.imap.catenate import BEGINNING
from correo.wire.imap.codes import TOOBIG
from correo.wire.imap.commands import AppendMessage, Replaced
from correo.wire.imap.dates import parse_date_time
from correo.wire.imap.framing import LiteralMark, literal_mark

__all__ = ["SPACES", "Append", "Receiver", "begin", "is_message_next"]


SPACES = {b"APPEND": 1, b"REPLACE": 2, b"UID REPLACE": 2}  # before the mailbox


def is_message_next(name: bytes, spaces: int) -> bool:
    """Whether a literal behind so many spaces is a message; False if it is an argument."""
    return spaces > SPACES.get(name, spaces)


def begin(tag: bytes, name: bytes, arguments: Arguments) -> "Append":
    """Read what stands before flags and date. Raises BadCommand, RefusedCommand."""
    arguments.space()
    replaced = None
    if name != b"APPEND":
        replaced = Replaced(arguments.seq_number(), name.startswith(b"UID"))
        arguments.space()
    return Append(tag, arguments.mailbox(), replaced)


class Receiver(Protocol):
    """Takes one message while it arrives; `mailbox.spool` has one."""

    def write(self, octets: bytes) -> object: ...

    def abort(self) -> object:
        """The APPEND failed; forget everything. May come after the last octet."""


class Append:
    """One APPEND command under way.

    line, mark: the line that is being read, and the literal it ends with announcing.
    is_catenated: the message is put together of parts; `has_parts`, `size` and `url` are about
        those that have come, and the URL that has come as a literal.
    """

    __slots__ = (
        "_close_expected", "count", "has_parts", "is_catenated", "left", "line", "mailbox", "mark",
        "receivers", "replaced", "size", "tag", "url",
    )  # fmt: skip

    def __init__(self, tag: bytes, mailbox: str, replaced: Replaced | None = None) -> None:
        self.tag = tag
        self.mailbox = mailbox
        self.replaced = replaced
        self.count = 0
        self.left = 0
        self.line: Arguments | None = None
        self.mark: LiteralMark | None = None
        self.receivers: list[Receiver] = []
        self.is_catenated = self.has_parts = False
        self.size = 0
        self.url: bytes | None = None
        self._close_expected = False

    def message(self, arguments: Arguments, mark: LiteralMark | None, limit: int) -> AppendMessage:
        """Read flags and date before a literal or CATENATE, and say what is to come.

        Raises:
            BadCommand, RefusedCommand
        """
        if self.replaced is not None and self.count:
            raise BadCommand("one message replaces another, not several")
        self.line, self.mark = arguments, mark
        if mark is None and arguments.at_end:
            raise BadCommand("expected a literal or CATENATE")
        arguments.space()
        flags: tuple[str, ...] = ()
        moment, zone = None, 0
        if arguments.has(b"("):
            flags = arguments.flags()
            arguments.space()
        if arguments.has(b'"'):
            moment, zone = date_time(arguments)
            arguments.space()
        begun = BEGINNING.match(arguments.octets, arguments.at)
        if begun is not None:
            arguments.at = begun.end()
            self.is_catenated, self.has_parts, self.size = True, False, 0
            size, is_binary, is_utf8 = 0, False, False
        else:
            size, is_binary, is_utf8 = self._literal(arguments, mark, limit)
        self.count += 1
        return AppendMessage(
            self.tag,
            self.mailbox,
            self.count - 1,
            flags,
            moment,
            zone,
            size,
            is_binary,
            is_utf8,
            self.replaced,
        )

    def _literal(
        self, arguments: Arguments, mark: LiteralMark | None, limit: int
    ) -> tuple[int, bool, bool]:
        """Size, and whether it is a literal8 and UTF8 (...), of a message that is one literal."""
        is_utf8 = arguments.octets[arguments.at :].upper() == b"UTF8 ("
        if mark is None:
            raise BadCommand("expected a literal or CATENATE")
        if not is_utf8:
            arguments.end()
        elif not mark.is_binary:
            raise BadCommand("UTF8 needs a literal8")
        self._check_size(mark.size, limit)
        self._close_expected = is_utf8
        self.left = mark.size
        return mark.size, mark.is_binary, is_utf8

    def begin_text(self, size: int, limit: int, *, is_utf8: bool) -> None:
        """A text of a catenated message comes next. Raises RefusedCommand."""
        if self.size + size > limit:
            raise RefusedCommand(f"a message may have {limit} octets at most", TOOBIG)
        self.size += size
        self.left = size
        self._close_expected = is_utf8

    def _check_size(self, size: int, limit: int) -> None:
        if not size:
            raise RefusedCommand("an empty message cancels the APPEND")
        if size > limit:
            raise RefusedCommand(f"a message may have {limit} octets at most", TOOBIG)

    def go_on(self, line: bytes, *, utf8: bool) -> None:
        """Take the line after a literal, with what belongs to the literal taken off.

        Raises:
            BadCommand
        """
        self.mark = literal_mark(line)
        if b"\x00" in line:
            raise BadCommand("NUL is not allowed in a command")
        self.line = Arguments(line if self.mark is None else line[: self.mark.start], [], utf8=utf8)
        if self._close_expected and not self.line.skip(b")"):
            raise BadCommand("expected a closing parenthesis after UTF8 (")
        self._close_expected = False

    def write(self, octets: bytes) -> None:
        self.left -= len(octets)
        self.receivers[-1].write(octets)

    def abort(self) -> None:
        for receiver in self.receivers:
            receiver.abort()
        self.receivers = []


def date_time(arguments: Arguments) -> tuple[int, int]:
    try:
        return parse_date_time(arguments.string())
    except ValueError as error:
        raise BadCommand(str(error)) from None
