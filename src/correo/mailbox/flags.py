"""Bring flags to the one form in which equal sets are equal strings.

The form is the store's: system flags first, in the order of SYSTEM_FLAGS, then keywords sorted
regardless of case, one space between. It is also, in ASCII, the inside of an IMAP flag list.

RFC 9051    2.3.2    flags and keywords; their case does not matter
RFC 5788             registered keywords

Departures: \\Recent is left out wherever it comes in: no session of ours is told that it is the
first (RFC 9051 appendix E), and clients that copy mailboxes send it back.

Cost: half a microsecond for a set seen before.
"""

from collections.abc import Iterable
from functools import lru_cache

from correo.base.errors import Refusal
from correo.store.flags import changed
from correo.store.model import SYSTEM_FLAGS

__all__ = ["KEYWORD_LIMIT", "canonical", "changed", "has", "is_keyword", "keywords_of"]

KEYWORD_LIMIT = 255  # octets of one keyword; ours
NOT_IN_ATOMS = frozenset('(){ %*"\\]')  # atom-specials and resp-specials, RFC 9051 9
SYSTEM_ORDER = {flag.lower(): (rank, flag) for rank, flag in enumerate(SYSTEM_FLAGS)}


def canonical(flags: Iterable[str]) -> str:
    """One string for this set; of two spellings of a keyword the first stays.

    Raises:
        Refusal: a flag that is neither a system flag nor a possible keyword.
    """
    return _canonical(tuple(flags))


def has(flags: str, flag: str) -> bool:
    """Whether a canonical string holds this flag, in any case."""
    return flag.lower() in flags.lower().split(" ")


def keywords_of(flags: str) -> list[str]:
    """The keywords in a canonical string."""
    return [flag for flag in flags.split() if not flag.startswith("\\")]


def is_keyword(flag: str) -> bool:
    """Whether it is an atom (RFC 9051 9, flag-keyword)."""
    return (
        0 < len(flag) <= KEYWORD_LIMIT
        and flag.isascii()
        and flag.isprintable()
        and NOT_IN_ATOMS.isdisjoint(flag)
    )


@lru_cache(maxsize=1024)
def _canonical(flags: tuple[str, ...]) -> str:
    system: set[tuple[int, str]] = set()
    keywords: dict[str, str] = {}
    for flag in flags:
        folded = flag.lower()
        if folded in SYSTEM_ORDER:
            system.add(SYSTEM_ORDER[folded])
        elif folded == "\\recent":
            continue
        elif is_keyword(flag):
            keywords.setdefault(folded, flag)
        else:
            raise Refusal("5.5.4", f"{flag[:40]!a} cannot be a flag")
    ordered = [flag for _, flag in sorted(system)]
    ordered.extend(keywords[folded] for folded in sorted(keywords))
    return " ".join(ordered)
