"""APPEND, MULTIAPPEND and REPLACE on the server: read what stands before each message, then let it stream.

The messages never lie in memory here: the session hands a receiver over for each, and the engine
passes on what arrives.

RFC 9051    6.3.12   APPEND
RFC 3502    6.3.11   several messages, all or none; an empty literal cancels
RFC 8508    3.2      REPLACE, UID REPLACE: one message, and which it replaces
RFC 6855    4        UTF8 (~{n} ...)
RFC 3516    4.4      literal8
"""

from typing import Protocol

from correo.wire.imap.arguments import Arguments, BadCommand, RefusedCommand
from correo.wire.imap.codes import TOOBIG
from correo.wire.imap.commands import AppendMessage, Replaced
from correo.wire.imap.dates import parse_date_time
from correo.wire.imap.framing import LiteralMark

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
        replaced = Replaced(arguments.nz_number(), name.startswith(b"UID"))
        arguments.space()
    return Append(tag, arguments.mailbox(), replaced)


class Receiver(Protocol):
    """Takes one message while it arrives; `mailbox.spool` has one."""

    def write(self, octets: bytes) -> object: ...

    def abort(self) -> object:
        """The APPEND failed; forget everything. May come after the last octet."""


class Append:
    """One APPEND command under way."""

    __slots__ = (
        "_close_expected", "count", "left", "mailbox", "mark", "receivers", "replaced", "tag",
    )  # fmt: skip

    def __init__(self, tag: bytes, mailbox: str, replaced: Replaced | None = None) -> None:
        self.tag = tag
        self.mailbox = mailbox
        self.replaced = replaced
        self.count = 0
        self.left = 0
        self.mark: LiteralMark | None = None
        self.receivers: list[Receiver] = []
        self._close_expected = False

    def message(self, arguments: Arguments, mark: LiteralMark, limit: int) -> AppendMessage:
        """Read flags and date before a literal, and say what is to come.

        Raises:
            BadCommand, RefusedCommand
        """
        if self.replaced is not None and self.count:
            raise BadCommand("one message replaces another, not several")
        self.mark = mark
        arguments.space()
        flags: tuple[str, ...] = ()
        moment, zone = None, 0
        if arguments.has(b"("):
            flags = arguments.flags()
            arguments.space()
        if arguments.has(b'"'):
            moment, zone = date_time(arguments)
            arguments.space()
        is_utf8 = arguments.octets[arguments.at :].upper() == b"UTF8 ("
        if not is_utf8:
            arguments.end()
        elif not mark.is_binary:
            raise BadCommand("UTF8 needs a literal8")
        self._check_size(mark.size, limit)
        self._close_expected = is_utf8
        self.left = mark.size
        self.count += 1
        return AppendMessage(
            self.tag,
            self.mailbox,
            self.count - 1,
            flags,
            moment,
            zone,
            mark.size,
            mark.is_binary,
            is_utf8,
            self.replaced,
        )

    def _check_size(self, size: int, limit: int) -> None:
        if not size:
            raise RefusedCommand("an empty message cancels the APPEND")
        if size > limit:
            raise RefusedCommand(f"a message may have {limit} octets at most", TOOBIG)

    def after_message(self, line: bytes) -> bytes:
        """The line after a message, with what belongs to the message taken off."""
        if not self._close_expected:
            return line
        if not line.startswith(b")"):
            raise BadCommand("expected a closing parenthesis after UTF8 (")
        self._close_expected = False
        return line[1:]

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
