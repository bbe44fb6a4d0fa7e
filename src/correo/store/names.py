"""Bring mailbox names to the form under which they are stored: NFC, "INBOX" in capitals.

Callers that make mailboxes have checked the name before (`mailbox.names`); what is refused here
would break the hierarchy itself.

RFC 9051    5.1      mailbox naming, INBOX
RFC 5198    2        net-Unicode: NFC
"""

import unicodedata

from correo.base.errors import NotFound, Refusal
from correo.store.model import HIERARCHY_DELIMITER, Mailbox
from correo.store.texts import is_storable

__all__ = ["canonical", "in_order", "looked_up", "normal", "parents", "under"]


def canonical(name: str) -> str:
    """The one form of a name, whether or not there can be such a mailbox."""
    if not name.isascii():
        name = unicodedata.normalize("NFC", name)
    first, delimiter, rest = name.partition(HIERARCHY_DELIMITER)
    return "INBOX" + delimiter + rest if first.upper() == "INBOX" else name


def normal(name: str) -> str:
    """The stored form of a name that is to be made. Raises Refusal if there can be none."""
    name = canonical(name)
    if "" in name.split(HIERARCHY_DELIMITER):
        raise Refusal("5.5.4", "a mailbox name has no empty level")
    if not is_storable(name):
        raise Refusal("5.5.4", "a mailbox name has no halves of characters")
    return name


def looked_up(name: str) -> str:
    """The stored form of a name that should be there. Raises NotFound if it cannot be."""
    try:
        return normal(name)
    except Refusal:
        raise NotFound(f"there is no mailbox {name!a}") from None


def parents(name: str) -> list[str]:
    """The levels above, nearest last: "a/b/c" -> ["a", "a/b"]."""
    levels = name.split(HIERARCHY_DELIMITER)
    return [HIERARCHY_DELIMITER.join(levels[:depth]) for depth in range(1, len(levels))]


def under(name: str, above: str) -> bool:
    """Whether a mailbox lies anywhere below another."""
    return name.startswith(above + HIERARCHY_DELIMITER)


def in_order(mailboxes: list[Mailbox]) -> list[Mailbox]:
    """INBOX first, then by name."""
    return sorted(mailboxes, key=lambda mailbox: (mailbox.name != "INBOX", mailbox.name))
