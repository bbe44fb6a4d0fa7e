"""Keep the result of a search as it changes, and say how it has changed, piece by piece.

RFC 5267    4.3.2 to 4.3.4   ADDTO and REMOVEFROM: pieces, done one after the other

Cost: 4 octets for each message found; a change costs a copy of the result.
"""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Sequence

__all__ = ["Piece", "Results"]

Piece = tuple[int, list[int]]
"""A position, counted from 1, and the UIDs that are put there, or taken from there, in order.
Position 0 is wherever they belong in the order of the mailbox."""


class Results:
    """The UIDs a search has found.

    Args:
        found: in the order of the answer.
        is_sorted: whether that is another than the order of the mailbox.
    """

    __slots__ = ("_found", "is_sorted")

    def __init__(self, found: Sequence[int], *, is_sorted: bool) -> None:
        self._found = array("I", found)
        self.is_sorted = is_sorted

    @property
    def uids(self) -> list[int]:
        return self._found.tolist()

    def among(self, uids: Collection[int]) -> list[int]:
        """Those of `uids` that are in the result, in the order given."""
        if self.is_sorted:
            found = set(self._found)
            return [uid for uid in uids if uid in found]
        return [uid for uid in uids if self._has(uid)]

    def remove(self, gone: Collection[int]) -> list[Piece]:
        """Take out these UIDs, all of which are there; the pieces, the last position first."""
        if not gone:
            return []
        left = set(gone)
        pieces = _runs(self._found, left) if self.is_sorted else [(0, sorted(gone))]
        self._found = array("I", [uid for uid in self._found if uid not in left])
        return pieces[::-1]

    def put(self, found: Sequence[int]) -> list[Piece]:
        """Take the new result, which has all there was, in the same order, and some more; the
        pieces, the first position first."""
        before = set(self._found)
        added = {uid for uid in found if uid not in before}
        if not added:
            return []
        self._found = array("I", found)
        return _runs(found, added) if self.is_sorted else [(0, sorted(added))]

    def _has(self, uid: int) -> bool:
        at = bisect_left(self._found, uid)
        return at < len(self._found) and self._found[at] == uid


def _runs(uids: Sequence[int], chosen: set[int]) -> list[Piece]:
    """The chosen ones that stand next to each other, with the position of the first."""
    runs: list[Piece] = []
    end = 0
    for position, uid in enumerate(uids, 1):
        if uid not in chosen:
            continue
        if runs and position == end + 1:
            runs[-1][1].append(uid)
        else:
            runs.append((position, [uid]))
        end = position
    return runs
