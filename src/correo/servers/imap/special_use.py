"""Say which special uses a mailbox may have, and read those that a client names.

RFC 6154    2, 3     CREATE (USE ...); USEATTR
            4        the entry /private/specialuse is checked in the same way
RFC 8457    3        \\Important
"""

from collections.abc import Iterable

from correo.base.errors import Refusal

__all__ = ["ENTRY", "NoSuchUse", "read_uses"]

ENTRY = "/private/specialuse"
# \All and \Flagged would be views of other mailboxes, which we have not
KNOWN = {
    use.lower(): use
    for use in ("\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash", "\\Important")
}


class NoSuchUse(Refusal):
    """A mailbox cannot have this special use."""

    def __init__(self, text: str = "there is no such special use here") -> None:
        super().__init__("5.5.4", text)


def read_uses(words: Iterable[str]) -> list[str]:
    """The uses as they are written in LIST. Raises NoSuchUse."""
    uses = [KNOWN.get(word.lower()) for word in words]
    found = [use for use in uses if use is not None]
    if len(found) < len(uses):
        raise NoSuchUse
    return found
