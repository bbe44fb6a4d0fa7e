"""Decide which mailbox names can be, and bring each to its one form.

A name is Unicode in NFC, its levels separated by "/"; "INBOX" is written in capitals, alone and
as the first level. Creating and renaming are strict, looking up is not: what cannot exist is
simply not found.

RFC 9051    5.1      mailbox naming, INBOX
            6.3.4    a trailing delimiter in CREATE announces children
RFC 5198    2        net-Unicode: NFC, no control characters

Departures: "*" and "%" are allowed in names, as clients migrate mailboxes that have them.
"""

import unicodedata

from correo.base.errors import Refusal
from correo.store.model import HIERARCHY_DELIMITER
from correo.store.names import canonical, parents

__all__ = ["DEPTH_LIMIT", "NAME_LIMIT", "canonical", "parents", "valid"]

NAME_LIMIT = 1000  # octets of UTF-8; ours, as Dovecot has 4096 and Cyrus 490
DEPTH_LIMIT = 50  # levels; ours
FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, surrogates, line separators


def valid(name: str) -> str:
    """The one form of a name that is to be made; a trailing delimiter is taken off.

    Raises:
        Refusal: there can be no such mailbox; the text says why.
    """
    name = canonical(name.removesuffix(HIERARCHY_DELIMITER))
    levels = name.split(HIERARCHY_DELIMITER)
    if "" in levels:
        raise Refusal("5.5.4", "a mailbox name has no empty level")
    if len(name.encode("utf-8", "surrogatepass")) > NAME_LIMIT or len(levels) > DEPTH_LIMIT:
        raise Refusal("5.5.4", "the mailbox name is too long")
    if any(unicodedata.category(character) in FORBIDDEN for character in name):
        raise Refusal("5.5.4", "a mailbox name has no control characters")
    if name.startswith("#"):
        raise Refusal("5.5.4", "names in # are kept for other namespaces")
    return name
