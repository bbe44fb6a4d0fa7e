"""Find and count in octets that lie in memory or in a mapped file, at the same speed.

`mmap` has no `count`, and its `find` compares octet by octet; so a mapped file is looked at
through windows of ordinary bytes. Callers: `scan`, `mime`, `preview`.

Cost: that of `bytes.find` and `bytes.count`; a mapped file costs one copy of each window
looked at, WINDOW octets at a time.
"""

from collections.abc import Callable
from mmap import mmap

__all__ = ["Octets", "count_newlines", "finder"]

Octets = bytes | mmap

WINDOW = 256 * 1024  # octets copied at a time from a mapped file


def finder(octets: Octets) -> Callable[[bytes, int, int], int]:
    """A function (needle, start, end) -> position or -1, as `bytes.find`.

    The end must be given and not be negative; a needle must fit into [start, end) whole.
    """
    if isinstance(octets, bytes):
        return octets.find

    def find(needle: bytes, start: int, end: int) -> int:
        overlap = len(needle) - 1
        for position in range(start, end, WINDOW):
            window = octets[position : min(position + WINDOW + overlap, end)]
            found = window.find(needle)
            if found >= 0:
                return position + found
        return -1

    return find


def count_newlines(octets: Octets, start: int, end: int) -> int:
    """How many LF stand in [start, end)."""
    if isinstance(octets, bytes):
        return octets.count(b"\n", start, end)
    return sum(
        octets[position : min(position + WINDOW, end)].count(b"\n")
        for position in range(start, end, WINDOW)
    )
