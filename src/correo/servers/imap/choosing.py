"""Find the mailboxes that a search over many, or NOTIFY, speaks of.

RFC 5465    6        kinds of sources; a name that is not there, or may not be known, is nothing
RFC 7377    2.2      subtree-one

Cost: one look at the account, and two at each other user's of whom a source may speak.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from correo.mailbox import names
from correo.mailbox.namespaces import OTHERS
from correo.mailbox.view import View
from correo.servers.imap.places import Place
from correo.servers.imap.session import ImapSession
from correo.store.model import HIERARCHY_DELIMITER
from correo.wire.imap.sources import Source, SourceKind

__all__ = ["Candidates", "candidates", "chosen", "tops_of"]


@dataclass(frozen=True, slots=True)
class Candidates:
    """All mailboxes that some sources may mean, in the order of LIST; other users' come last.

    subscribed: names; read only where that matters.
    """

    places: list[Place]
    subscribed: Collection[str]
    selected: View | None

    def are_meant(self, place: Place, source: Source) -> bool:
        """Whether this source speaks of this mailbox."""
        mailbox = place.mailbox
        match source.kind:
            case SourceKind.SELECTED:
                live = self.selected.live if self.selected is not None else None
                return live is not None and place.is_same(live.account, live.mailbox)
            case SourceKind.INBOXES:
                return mailbox.name == "INBOX"
            case SourceKind.PERSONAL:
                return place.is_own
            case SourceKind.SUBSCRIBED:
                return "l" in place.rights and mailbox.name in self.subscribed
        named = [top for top in source.mailboxes if is_named(mailbox.name, top, source.kind)]
        return bool(named) and ("l" in place.rights or mailbox.name in named)


async def candidates(
    session: ImapSession, sources: Sequence[Source], *, needs_subscribed: bool = False
) -> Candidates:
    """What may be meant; more than is meant."""
    own = session.account
    subscribed: Collection[str] = ()
    if needs_subscribed or any(source.kind is SourceKind.SUBSCRIBED for source in sources):
        subscribed = frozenset(await own.subscriptions())
    places = [Place(own, mailbox) for mailbox in await own.mailboxes()]
    is_wanted = owners_wanted(session, sources, subscribed)
    if is_wanted is not None:
        places += await session.places.others(is_wanted)
    return Candidates(places, subscribed, session.selected)


async def chosen(session: ImapSession, sources: Sequence[Source], right: str) -> list[Place]:
    """The mailboxes meant where the user has this right, each once."""
    found = await candidates(session, sources)
    return [
        place
        for place in found.places
        if right in place.rights and any(found.are_meant(place, source) for source in sources)
    ]


def owners_wanted(
    session: ImapSession, sources: Sequence[Source], subscribed: Collection[str]
) -> Callable[[str], bool] | None:
    """A test for the prefix of an owner of whom some source may speak; None if there is none."""
    tops = tops_of(sources, subscribed)
    if session.guest is not None:
        tops.append(session.guest.prefix)
    if not tops:
        return None
    return lambda prefix: any(prefix.startswith(top) or top.startswith(prefix) for top in tops)


def tops_of(sources: Sequence[Source], subscribed: Collection[str]) -> list[str]:
    """The names among those of other users' mailboxes, each with a delimiter behind it."""
    named = [*(name for source in sources for name in source.mailboxes), *subscribed]
    tops = [name + HIERARCHY_DELIMITER for name in named]
    return [top for top in tops if top.startswith(OTHERS)]


def is_named(name: str, top: str, kind: SourceKind) -> bool:
    top = names.canonical(top)
    if name == top:
        return True
    below = name.removeprefix(top + HIERARCHY_DELIMITER)
    if below == name or kind is SourceKind.MAILBOXES:
        return False
    return kind is SourceKind.SUBTREE or HIERARCHY_DELIMITER not in below
