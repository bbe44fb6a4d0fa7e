"""Bring mailbox names to the form under which they are stored: NFC, "INBOX" in capitals.

Callers that make mailboxes have checked the name before (`mailbox.names`); what is refused here
would break the hierarchy itself.

RFC 9051    5.1      mailbox naming, INBOX
RFC 5198    2        net-Unicode: NFC
"""

import unicodedata

from correo.base.errors import Refusal
from correo.store.model import HIERARCHY_DELIMITER, Mailbox

__all__ = ["in_order", "normal", "parents", "under"]


def normal(name: str) -> str:
    """The stored form of a name. Raises Refusal if a level of it is empty."""
    name = unicodedata.normalize("NFC", name)
    first, delimiter, rest = name.partition(HIERARCHY_DELIMITER)
    if first.upper() == "INBOX":
        name = "INBOX" + delimiter + rest
    if "" in name.split(HIERARCHY_DELIMITER):
        raise Refusal("5.5.4", "a mailbox name has no empty level")
    return name


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
