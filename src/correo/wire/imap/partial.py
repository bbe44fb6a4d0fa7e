"""Name a window of a long list of results: PARTIAL of SEARCH and UID FETCH.

RFC 9394    3.1      counted from the first result, or with "-" from the last
            4        partial-range
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["PartialRange"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PartialRange:
    """Places as given, both above 0 or both below it, in either order."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many results it can have."""
        return abs(self.last - self.first) + 1

    def window(self, results: Sequence[T]) -> Sequence[T]:
        """Those of the results that are within, in their order."""
        low, high = sorted((self.first, self.last))
        if low > 0:
            return results[low - 1 : high]
        count = len(results)
        return results[max(count + low, 0) : max(count + high + 1, 0)]

    def encode(self) -> bytes:
        return b"%d:%d" % (self.first, self.last)
