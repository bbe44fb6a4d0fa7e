"""Put sets of rights into the one form in which equal sets are equal strings.

A set of rights is a str of letters, each once, in the order of ALL, "" for none.

RFC 4314    2.1      the standard rights; 3.1 how SETACL changes a set
            4        which right each flag needs
"""

from functools import lru_cache

from correo.store.model import FLAG_RIGHTS, RightsMode

__all__ = ["ALL", "changed", "in_order", "permitted", "right_for"]

ALL = "lrswipkxtea"
RIGHT_OF_FLAG = {"\\seen": "s", "\\deleted": "t"}  # "w" for all others


def in_order(rights: set[str]) -> str:
    """The form of a set of letters; what is no right is left out."""
    return "".join(right for right in ALL if right in rights)


def changed(rights: str, mode: RightsMode, change: str) -> str:
    """The rights after a SETACL."""
    if mode is RightsMode.REPLACE:
        return in_order(set(change))
    if mode is RightsMode.ADD:
        return in_order({*rights, *change})
    return in_order(set(rights).difference(change))


def right_for(flag: str) -> str:
    """The right without which a flag is neither set nor cleared: one of FLAG_RIGHTS."""
    return RIGHT_OF_FLAG.get(flag.lower(), "w")


@lru_cache(maxsize=1024)
def permitted(flags: str, rights: str) -> str:
    """Those of some flags (canonical) that may be changed with these rights."""
    if set(rights).issuperset(FLAG_RIGHTS):
        return flags
    return " ".join(flag for flag in flags.split() if right_for(flag) in rights)
