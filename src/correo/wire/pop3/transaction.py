"""The TRANSACTION state: list, retrieve and mark messages; nothing is removed here.

RFC 1939    5        STAT, LIST, RETR, DELE, NOOP, RSET
            7        TOP, UIDL

Cost: 1 to 2 microseconds a command, besides the octets.
"""

from correo.wire.pop3.events import Event, MessageWanted
from correo.wire.pop3.maildrop import Maildrop
from correo.wire.pop3.phrases import Phrase
from correo.wire.pop3.replies import Replies
from correo.wire.pop3.stuffing import Stuffer, TopCutter, stuffed

__all__ = ["Transaction"]


class Transaction:
    """Args: maildrop: as it was when the login succeeded."""

    __slots__ = ("_cutter", "_replies", "_stuffer", "_wanted", "maildrop")

    def __init__(self, replies: Replies, maildrop: Maildrop) -> None:
        self._replies = replies
        self.maildrop = maildrop
        self._wanted = MessageWanted(0, None)
        self._stuffer = Stuffer()
        self._cutter: TopCutter | None = None

    def noop(self) -> Event | None:
        self._replies.ok(Phrase.NOTHING_DONE)
        return None

    def stat(self) -> Event | None:
        self._replies.send(b"+OK %d %d\r\n" % self.maildrop.drop_listing())
        return None

    def list(self, number: bytes | None) -> Event | None:
        if number is None:
            self._replies.ok(Phrase.LISTING, *self.maildrop.drop_listing())
            self._replies.listing(self.maildrop.scan_listing())
        elif found := self._existing(number):
            self._replies.send(b"+OK %d %d\r\n" % (found, self.maildrop.size(found)))
        return None

    def uidl(self, number: bytes | None) -> Event | None:
        if number is None:
            self._replies.ok(Phrase.UNIQUE_IDS)
            self._replies.listing(self.maildrop.unique_id_listing())
        elif found := self._existing(number):
            unique_id = self.maildrop.unique_id(found).encode()
            self._replies.send(b"+OK %d %b\r\n" % (found, unique_id))
        return None

    def retr(self, number: bytes) -> Event | None:
        return self._want(self._existing(number), None)

    def top(self, number: bytes, lines: bytes) -> Event | None:
        return self._want(self._existing(number), int(lines))

    def dele(self, number: bytes) -> Event | None:
        if found := self._existing(number):
            self.maildrop.deleted.add(found)
            self._replies.ok(Phrase.DELETED, found)
        return None

    def rset(self) -> Event | None:
        self.maildrop.deleted.clear()
        self._replies.ok(Phrase.MAILDROP, *self.maildrop.drop_listing())
        return None

    # the message wanted last

    def send(self, octets: bytes) -> None:
        """All of it; TOP is cut here."""
        if self._wanted.lines is None:
            self._replies.ok(Phrase.OCTETS, len(octets))
        else:
            self._replies.ok(Phrase.TOP_FOLLOWS)
            octets = TopCutter(self._wanted.lines).cut(octets)
        for chunk in stuffed(octets):
            self._replies.send(chunk)

    def begin(self, size: int) -> None:
        self._stuffer = Stuffer()
        if self._wanted.lines is None:
            self._cutter = None
            self._replies.ok(Phrase.OCTETS, size)
        else:
            self._cutter = TopCutter(self._wanted.lines)
            self._replies.ok(Phrase.TOP_FOLLOWS)

    def piece(self, octets: bytes) -> bool:
        """Whether more is wanted."""
        if self._cutter is not None:
            octets = self._cutter.cut(octets)
        self._replies.send(self._stuffer.write(octets))
        return self._cutter is None or not self._cutter.is_complete

    def end(self) -> None:
        self._replies.send(self._stuffer.finish())

    # inside

    def _want(self, number: int, lines: int | None) -> Event | None:
        if not number:
            return None
        self._wanted = MessageWanted(number, lines)
        return self._wanted

    def _existing(self, number: bytes) -> int:
        """The number of a message that is there and not marked; else 0, and it is said."""
        value = int(number)
        if not self.maildrop.exists(value):
            self._replies.fail(Phrase.NO_SUCH_MESSAGE, self.maildrop.messages)
            return 0
        if value in self.maildrop.deleted:
            self._replies.fail(Phrase.ALREADY_DELETED, value)
            return 0
        return value
