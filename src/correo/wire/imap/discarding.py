"""Throw away the rest of a bad command before it is answered.

A client sends non-synchronizing literals without asking, so what comes behind the mistake belongs
to the same command: read as commands, it would let a message's text speak.

RFC 7888    4        literals that are not wanted
RFC 9051    4.3      a client may not go on after a synchronizing one that was refused
"""

from correo.base.errors import CorreoError
from correo.wire.imap.framing import InputBuffer, LiteralMark

__all__ = ["Discarding", "TooMuch"]


class TooMuch(CorreoError):
    """The rest is longer than anybody should send."""


class Discarding:
    """The rest of one command.

    Args:
        mark: of the literal that comes next; None if the rest of a line does.
    """

    __slots__ = ("_buffer", "_dropped", "_is_in_line", "_literal_left")

    def __init__(self, buffer: InputBuffer, mark: LiteralMark | None) -> None:
        self._buffer = buffer
        self._dropped = 0
        self._literal_left = mark.size if mark is not None else 0
        self._is_in_line = mark is None

    def go_on(self, limit: int) -> bool:
        """Throw away what has come; whether that was all of it.

        Raises:
            TooMuch: it is over the limit, or is going to be.
        """
        while True:
            if not self._is_in_line and not self._literal_is_over(limit):
                return False
            before = len(self._buffer)
            found = self._buffer.discard_line()
            self._count(before - len(self._buffer), limit)
            if found is None:
                self._is_in_line = True
                return False
            mark = found[1]
            if mark is None or mark.is_synchronizing:
                return True
            self._literal_left, self._is_in_line = mark.size, False

    def _literal_is_over(self, limit: int) -> bool:
        dropped = len(self._buffer.take(self._literal_left))
        self._literal_left -= dropped
        self._count(dropped, limit)
        return not self._literal_left

    def _count(self, dropped: int, limit: int) -> None:
        self._dropped += dropped
        if self._dropped + self._literal_left > limit:
            raise TooMuch("too much of a bad command")
