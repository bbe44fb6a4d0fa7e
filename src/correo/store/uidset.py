"""Write many UIDs short: runs of neighbours, in the form of an IMAP sequence set ("1:5,7").

RFC 9051    9        sequence-set
"""

from collections.abc import Iterable, Sequence

__all__ = ["ascending", "compress", "count", "expand", "run"]


def ascending(uids: Iterable[int]) -> list[int]:
    """The same UIDs, each once, in order."""
    return sorted(set(uids))


def compress(uids: Sequence[int]) -> str:
    """The runs of ascending UIDs."""
    if not uids:
        return ""
    if uids[-1] - uids[0] == len(uids) - 1:
        return run(uids[0], uids[-1])
    runs = []
    first = last = uids[0]
    for uid in uids:
        if uid > last + 1:
            runs.append(run(first, last))
            first = uid
        last = uid
    runs.append(run(first, last))
    return ",".join(runs)


def count(sets: Iterable[str]) -> int:
    """How many UIDs are in some sets, as `compress` makes them."""
    total = 0
    for each in sets:
        for span in each.split(",") if each else ():
            low, _, high = span.partition(":")
            total += int(high) - int(low) + 1 if high else 1
    return total


def run(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}:{last}"


def expand(sets: Iterable[str]) -> list[int]:
    """All UIDs of some sets, each once, in order."""
    found: set[int] = set()
    for each in sets:
        for part in each.split(","):
            first, _, last = part.partition(":")
            found.update(range(int(first), int(last or first) + 1))
    return sorted(found)
