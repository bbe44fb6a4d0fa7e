"""Say what has happened between two looks at what NOTIFY watches.

RFC 5465    5.1 to 5.3   STATUS of mailboxes that are not selected
            5.4, 5.5 LIST of what was made, deleted, renamed, subscribed to
            5.6, 5.7 METADATA
            5.9      \\NoAccess

Departures: a mailbox that is renamed into, or out of, what is watched looks like one that is made
or deleted; so does the one that RENAME INBOX makes.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from correo.servers.imap.listing import Folder, attributes
from correo.servers.imap.status import status_line
from correo.servers.imap.survey import Key, Survey, Watched
from correo.store.model import HIERARCHY_DELIMITER, Mailbox
from correo.wire.imap import responses
from correo.wire.imap.commands import StatusItem
from correo.wire.imap.notifications import MESSAGE_EVENTS, EventType

if TYPE_CHECKING:
    from correo.servers.imap.session import ImapSession

__all__ = ["Notices", "status_at_first"]

COUNTS = (StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.UIDVALIDITY)
MODSEQ = (StatusItem.HIGHESTMODSEQ,)
GONE = ("\\NonExistent",)
NO_ACCESS = ("\\NoAccess",)


class Notices:
    """The lines for one session, from one look to the next.

    Args:
        quiet: names of what the client itself has changed.
        selected: the mailbox of whose messages it is told otherwise.
    """

    def __init__(
        self,
        session: "ImapSession",
        before: Survey,
        now: Survey,
        *,
        quiet: Collection[str] = (),
        selected: Key | None = None,
    ) -> None:
        self._session = session
        self._before = before
        self._now = now
        self._quiet = quiet
        self._selected = selected
        self._listed: dict[str, bytes] = {}  # a LIST line for each name
        self._had = before.by_name()

    def lines(self) -> list[bytes]:
        """What the client is to be told, in order."""
        for key, watched in self._before.watched.items():
            if key not in self._now.watched and watched.name not in self._quiet:
                self._gone(watched)
        counts: list[bytes] = []
        for key, watched in self._now.watched.items():
            before = self._before.watched.get(key)
            if watched.name not in self._quiet:
                self._made(watched) if before is None else self._changed(before, watched)
            if key != self._selected and watched.is_readable:
                counts += self._counts(before, watched)
        return [*self._listed.values(), *counts, *self._notes()]

    # names

    def _gone(self, watched: Watched) -> None:
        name = watched.name
        if EventType.MAILBOX_NAME in watched.events:
            self._list(name, None, has_children=self._has_children(name))
            self._tell_parent(name)
        elif not watched.place.is_own and not MESSAGE_EVENTS.isdisjoint(watched.events):
            self._listed[name] = self._line(NO_ACCESS, name)

    def _made(self, watched: Watched) -> None:
        if EventType.MAILBOX_NAME in watched.events:
            self._list_mailbox(watched)
            self._tell_parent(watched.name)

    def _changed(self, before: Watched, now: Watched) -> None:
        if now.name != before.name:
            if EventType.MAILBOX_NAME in now.events and not self._came_along(before, now):
                self._list_mailbox(now, old_name=before.name)
        elif now.is_subscribed != before.is_subscribed:
            if EventType.SUBSCRIPTION_CHANGE in now.events:
                self._list_mailbox(now)
        elif now.is_readable != before.is_readable:
            self._list_mailbox(now)

    def _came_along(self, before: Watched, now: Watched) -> bool:
        """Whether it was renamed because a level above it was."""
        above, above_now = parent(before.name), parent(now.name)
        while above and above_now and below(before.name, above) == below(now.name, above_now):
            if above != above_now and above in self._had:
                return above not in self._now.names
            above, above_now = parent(above), parent(above_now)
        return False

    def _tell_parent(self, name: str) -> None:
        """The level above is affected as well, whether it is a mailbox or not."""
        above = parent(name)
        if not above or above in self._listed:
            return
        watched = self._now.by_name().get(above)
        if watched is not None and EventType.MAILBOX_NAME in watched.events:
            self._list_mailbox(watched)
        elif above not in self._now.names:
            self._list(above, None, has_children=self._has_children(above))

    def _list_mailbox(self, watched: Watched, old_name: str | None = None) -> None:
        if watched.is_readable or MESSAGE_EVENTS.isdisjoint(watched.events):
            has_children = self._has_children(watched.name)
            self._list(watched.name, watched, has_children=has_children, old_name=old_name)
        else:
            self._listed[watched.name] = self._line(NO_ACCESS, watched.name)

    def _list(
        self, name: str, watched: Watched | None, *, has_children: bool, old_name: str | None = None
    ) -> None:
        told: tuple[str, ...]
        if watched is None:
            told = (*GONE, "\\HasChildren") if has_children else GONE
        else:
            mailbox, subscribed = watched.place.mailbox, watched.is_subscribed
            folder = Folder(name, mailbox, subscribed, has_children)
            told = attributes(folder, tells_subscribed=True)
        self._listed[name] = self._line(told, name, old_name)

    def _line(self, told: Iterable[str], name: str, old_name: str | None = None) -> bytes:
        utf8 = self._session.engine.is_utf8
        return responses.list_line(told, name, utf8=utf8, old_name=old_name)

    def _has_children(self, name: str) -> bool:
        return any(each.startswith(name + HIERARCHY_DELIMITER) for each in self._now.names)

    # messages

    def _counts(self, before: Watched | None, now: Watched) -> list[bytes]:
        mailbox = now.place.mailbox
        if before is None:
            is_known = now.name in self._had or mailbox.messages
            return [self._status(mailbox, now)] if is_known else []
        known = before.place.mailbox
        counts = (mailbox.messages, mailbox.uid_next)
        if mailbox.highest_modseq == known.highest_modseq or counts == before.awaited:
            return []
        has_condstore = "CONDSTORE" in self._session.engine.enabled
        if counts != (known.messages, known.uid_next):
            return [self._status(mailbox, now)]
        if EventType.FLAG_CHANGE in now.events and (
            has_condstore or mailbox.unseen != known.unseen
        ):
            return [self._status(mailbox, now, (StatusItem.UIDVALIDITY,))]
        return []

    def _status(
        self, mailbox: Mailbox, watched: Watched, items: tuple[StatusItem, ...] = COUNTS
    ) -> bytes:
        if EventType.FLAG_CHANGE in watched.events:
            items += (StatusItem.UNSEEN,)
        if "CONDSTORE" in self._session.engine.enabled:
            items += MODSEQ
        return status_line(self._session, mailbox, items)

    # annotations

    def _notes(self) -> list[bytes]:
        utf8, lines = self._session.engine.is_utf8, []
        for key, now in self._now.watched.items():
            before = self._before.watched.get(key)
            entries = differing(before.notes if before is not None else {}, now.notes)
            if entries and now.name not in self._quiet:
                lines.append(responses.metadata_changed(now.name, entries, utf8=utf8))
        entries = differing(self._before.notes, self._now.notes)
        if entries and "" not in self._quiet:
            lines.append(responses.metadata_changed("", entries, utf8=utf8))
        return lines


def status_at_first(session: "ImapSession", watched: Watched) -> bytes:
    """What NOTIFY SET STATUS tells of a mailbox (RFC 5465 3.1)."""
    items: tuple[StatusItem, ...] = COUNTS
    if EventType.FLAG_CHANGE in watched.events:
        items += (StatusItem.UNSEEN, *MODSEQ)
    return status_line(session, watched.place.mailbox, items)


def differing(before: Mapping[str, bytes], now: Mapping[str, bytes]) -> list[str]:
    entries = sorted({*before, *now})
    return [entry for entry in entries if before.get(entry) != now.get(entry)]


def parent(name: str) -> str:
    return name.rpartition(HIERARCHY_DELIMITER)[0]


def below(name: str, above: str) -> str:
    return name[len(above) :]
