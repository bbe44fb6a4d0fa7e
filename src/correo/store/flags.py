"""Change flags the way STORE says, on the canonical strings of `store.model`.

What comes in is canonical already (`mailbox.flags` sees to it), so nothing is checked here.

RFC 9051    2.3.2    flags and keywords; their case does not matter
            6.4.6    STORE
RFC 4314    4        ... by somebody who may not change all flags

Cost: 0.1 µs for a change seen before; whole-mailbox work asks once per distinct set.
"""

from functools import lru_cache

from correo.store.model import FLAG_RIGHTS, SYSTEM_FLAGS, FlagMode
from correo.store.rights import permitted

__all__ = ["changed"]

RANK = {flag.lower(): f"{rank}" for rank, flag in enumerate(SYSTEM_FLAGS)}


@lru_cache(maxsize=4096)
def changed(flags: str, mode: FlagMode, change: str, rights: str = FLAG_RIGHTS) -> str:
    """The flags after a STORE; of two spellings of a keyword the one that is there stays.

    Args:
        rights: of whoever changes them; flags that need another right stay as they are.
    """
    if rights is not FLAG_RIGHTS:
        change = permitted(change, rights)
    if mode is FlagMode.REPLACE:
        return change if rights is FLAG_RIGHTS else replaced(flags, change, rights)
    there = {flag.lower(): flag for flag in flags.split()}
    if mode is FlagMode.ADD:
        for flag in change.split():
            there.setdefault(flag.lower(), flag)
    else:
        for flag in change.split():
            there.pop(flag.lower(), None)
    return " ".join(there[folded] for folded in sorted(there, key=place))


def replaced(flags: str, change: str, rights: str) -> str:
    mine = permitted(flags, rights).split()
    kept = [flag for flag in flags.split() if flag not in mine]
    return changed(" ".join(kept), FlagMode.ADD, change)


def place(folded: str) -> str:
    """System flags in their order, then keywords by their lower-case form."""
    return RANK.get(folded) or f"9{folded}"
