"""Name messages by number: the sequence sets of FETCH, STORE, COPY, SEARCH and the like.

A set is kept as it was said, `*` included; whoever knows the mailbox asks for `spans`. Ranges
stay ranges: `1:4294967295` costs nothing.

RFC 9051    9        sequence-set, seq-range, seq-last-command
RFC 5182             `$`, the result of the last SEARCH RETURN (SAVE)
RFC 7162    7        known-uids (`*` not allowed)
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["EMPTY_SET", "STAR", "SequenceSet", "compress", "format_set"]

STAR = 0  # stands for "*" in a range; no message has this number
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Sequence numbers or UIDs; the command says which.

    ranges: (first, last) as given, STAR for "*", in any order and overlapping.
    saved: whether "$" is a member; its meaning is the session's (RFC 5182 2.1).
    """

    ranges: tuple[Span, ...]
    saved: bool = False

    @property
    def has_star(self) -> bool:
        return any(STAR in span for span in self.ranges)

    def spans(self, largest: int) -> list[Span]:
        """Ascending, disjoint, joined (low, high) pairs.

        Args:
            largest: what "*" means: the number of messages, or the last UID (in an empty
                mailbox 0: then "*" names nothing).

        Numbers above `largest` are kept; "$" is not in it.
        """
        given = []
        for first, last in self.ranges:
            low, high = first or largest, last or largest
            if low and high:
                given.append((low, high) if low <= high else (high, low))
        if len(given) < 2:
            return given
        given.sort()
        joined = [given[0]]
        for low, high in given[1:]:
            if low <= joined[-1][1] + 1:
                if high > joined[-1][1]:
                    joined[-1] = (joined[-1][0], high)
            else:
                joined.append((low, high))
        return joined

    def numbers(self, largest: int) -> Iterator[int]:
        """Each number once, ascending, cut at `largest`; meant for sequence numbers."""
        for low, high in self.spans(largest):
            yield from range(low, min(high, largest) + 1)

    def encode(self) -> bytes:
        """As octets for a command."""
        parts = [_encode_range(first, last) for first, last in self.ranges]
        if self.saved:
            parts.append(b"$")
        return b",".join(parts)


EMPTY_SET = SequenceSet(())


def _encode_range(first: int, last: int) -> bytes:
    low = b"%d" % first if first else b"*"
    if first == last:
        return low
    return low + (b":%d" % last if last else b":*")


def compress(numbers: Iterable[int]) -> list[Span]:
    """Ascending numbers as (low, high) pairs; order is the caller's promise."""
    spans: list[Span] = []
    low = high = -1
    for number in numbers:
        if number == high + 1 and high > 0:
            high = number
            continue
        if high > 0:
            spans.append((low, high))
        low = high = number
    if high > 0:
        spans.append((low, high))
    return spans


def format_set(numbers: Iterable[int]) -> bytes:
    """Ascending numbers as octets: b"1:3,7"; b"" for none."""
    return b",".join(_encode_range(low, high) for low, high in compress(numbers))
