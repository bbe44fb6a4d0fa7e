"""Name mailboxes by what they are: those of a search over many, or of NOTIFY.

RFC 5465    6, 8     filter-mailboxes
RFC 7377    2.2, 4   subtree-one; "selected-delayed" is read by NOTIFY
"""

from dataclasses import dataclass
from enum import Enum

from correo.wire.imap.arguments import Arguments, BadCommand

__all__ = ["Source", "SourceKind", "read_source", "read_sources"]

NAMED_LIMIT = 1000  # mailboxes named in one command; ours


class SourceKind(Enum):
    SELECTED = "SELECTED"
    INBOXES = "INBOXES"
    PERSONAL = "PERSONAL"
    SUBSCRIBED = "SUBSCRIBED"
    SUBTREE = "SUBTREE"  # the mailboxes named and all below them
    SUBTREE_ONE = "SUBTREE-ONE"  # ... and those immediately below
    MAILBOXES = "MAILBOXES"  # these mailboxes


NAMING = {SourceKind.SUBTREE, SourceKind.SUBTREE_ONE, SourceKind.MAILBOXES}


@dataclass(frozen=True, slots=True)
class Source:
    """mailboxes: for the kinds that name some; they need not exist."""

    kind: SourceKind
    mailboxes: tuple[str, ...] = ()


def read_sources(arguments: Arguments) -> tuple[Source, ...]:
    """A list in parentheses. Raises BadCommand."""
    arguments.open()
    found = [read_source(arguments)]
    while not arguments.skip(b")"):
        arguments.space()
        found.append(read_source(arguments))
    return tuple(found)


def read_source(arguments: Arguments) -> Source:
    word = arguments.word()
    try:
        kind = SourceKind(word)
    except ValueError:
        raise BadCommand(f"unknown kind of mailboxes {word}") from None
    if kind not in NAMING:
        return Source(kind)
    arguments.space()
    if not arguments.skip(b"("):
        return Source(kind, (arguments.mailbox(),))
    names = [arguments.mailbox()]
    while not arguments.skip(b")"):
        arguments.space()
        names.append(arguments.mailbox())
        if len(names) > NAMED_LIMIT:
            raise BadCommand(f"more than {NAMED_LIMIT} mailboxes are named")
    return Source(kind, tuple(names))
