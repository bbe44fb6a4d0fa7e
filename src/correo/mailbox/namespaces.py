"""Tell the names of one's own mailboxes from those of other users' mailboxes.

What others share is below `Shared/`, then the owner's address, then the mailbox's name in the
owner's account: `Shared/ana@correo.test/INBOX`. That is the usual prefix of Dovecot's shared
namespaces. A second level without "@" is nobody's address, so an own mailbox that was called
`Shared/Recipes` before stays what it is.

RFC 2342    5        the Other Users' Namespace: the next level is the user name
RFC 9051    6.3.10   NAMESPACE

Departures: "/" in an address is written "%2F", and "%" is "%25", for an address is one level.

Cost: a comparison of the first characters for an own mailbox.
"""

import unicodedata

from correo.mailbox.names import canonical
from correo.store.model import HIERARCHY_DELIMITER

__all__ = ["OTHERS", "is_others", "prefix_of", "split_name"]

OTHERS = "Shared/"
ESCAPES = (("%", "%25"), ("/", "%2F"))  # in this order when writing


def is_others(name: str) -> bool:
    """Whether a name is, or would be, that of another user's mailbox."""
    return name.startswith(OTHERS) and split_name(name) is not None


def split_name(name: str) -> tuple[str, str] | None:
    """The owner's address and the name in the owner's account; None for an own mailbox.

    The name is canonical, and "" for the level of the owner itself.
    """
    if not name.startswith(OTHERS):
        return None
    level, _, rest = name[len(OTHERS) :].partition(HIERARCHY_DELIMITER)
    if "@" not in level:
        return None
    for character, escape in reversed(ESCAPES):
        level = level.replace(escape, character)
    return level, canonical(rest)


def prefix_of(address: str) -> str:
    """What stands before the names of an owner's mailboxes, with the delimiter."""
    level = unicodedata.normalize("NFC", address)
    for character, escape in ESCAPES:
        level = level.replace(character, escape)
    return f"{OTHERS}{level}{HIERARCHY_DELIMITER}"
