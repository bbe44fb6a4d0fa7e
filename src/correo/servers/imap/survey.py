"""Look at all that NOTIFY watches, as it is now.

RFC 5465    3.1, 5   "l" and "r" in other users' mailboxes
            6        sources; several may speak of one mailbox

Cost: that of a LIST of everything; with MailboxMetadataChange a look at each mailbox besides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from correo.base.errors import NotFound
from correo.servers.imap.choosing import candidates
from correo.servers.imap.notes import PRIVATE, SHARED, notes_in
from correo.servers.imap.places import Place
from correo.servers.imap.rights import READ
from correo.servers.imap.session import ImapSession
from correo.store.model import AccountId, MailboxId
from correo.wire.imap.notifications import EventGroup, EventType

__all__ = ["Key", "Survey", "Watched", "key_of", "look_around"]

Key = tuple[AccountId, MailboxId]


@dataclass(slots=True)
class Watched:
    """A mailbox as the client knows it.

    events: what it wants to hear of it.
    notes: its annotations, if it wants to hear of them.
    awaited: (messages, uid_next) as the client's own doings leave them, if it has done any.
    """

    place: Place
    events: frozenset[EventType]
    is_subscribed: bool
    notes: Mapping[str, bytes] = field(default_factory=dict)
    awaited: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        return self.place.mailbox.name

    @property
    def is_readable(self) -> bool:
        return READ in self.place.rights


@dataclass(slots=True)
class Survey:
    """All that is watched.

    names: of all mailboxes of the accounts looked at, watched or not.
    notes: annotations of the account, if the client wants to hear of them.
    """

    watched: dict[Key, Watched] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    notes: Mapping[str, bytes] = field(default_factory=dict)

    def by_name(self) -> dict[str, Watched]:
        return {each.name: each for each in self.watched.values()}


def key_of(place: Place) -> Key:
    return place.account.account_id, place.mailbox.id


async def look_around(session: ImapSession, groups: Sequence[EventGroup]) -> Survey:
    """What the groups (none of them of the selected mailbox) speak of, now."""
    if not groups:
        return Survey()
    events = frozenset[EventType]().union(*(group.events for group in groups))
    found = await candidates(
        session,
        [group.source for group in groups],
        needs_subscribed=EventType.SUBSCRIPTION_CHANGE in events,
    )
    survey = Survey(names=frozenset(place.mailbox.name for place in found.places))
    for place in found.places:
        wanted = [
            g.events for g in groups if "l" in place.rights and found.are_meant(place, g.source)
        ]
        if not any(wanted):
            continue
        is_subscribed = place.mailbox.subscribed or place.mailbox.name in found.subscribed
        watched = Watched(place, frozenset[EventType]().union(*wanted), is_subscribed)
        if EventType.MAILBOX_METADATA_CHANGE in watched.events:
            watched.notes = await notes_of(session, place)
        survey.watched[key_of(place)] = watched
    if EventType.SERVER_METADATA_CHANGE in events:
        survey.notes = shown(await session.account.annotations(None))
    return survey


async def notes_of(session: ImapSession, place: Place) -> Mapping[str, bytes]:
    try:
        return await notes_in(session.account, place)
    except NotFound:  # gone just now
        return {}


def shown(notes: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Without what the account notes of other users' mailboxes (`notes`)."""
    return {key: value for key, value in notes.items() if key.startswith((PRIVATE, SHARED))}
