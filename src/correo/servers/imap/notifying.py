"""Watch for a session what it wants to hear of all its mailboxes, the selected one and others.

Made by NOTIFY, ended by the next one or with the session. A change wakes it; when the session is
at rest it looks at what has changed, tells the difference, and remembers what it has told. So a
client that reads slowly costs no more than one picture of its mailboxes.

RFC 5465    3.1      lasts until the next NOTIFY
            4        IDLE tells the same
            5        what the client has done itself is not told
            5.8      NOTIFICATIONOVERFLOW
            5.9      rights come and go

Cost: about 500 octets for each mailbox watched; a change of messages one look at that mailbox, any
other one look at everything.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from correo.base.errors import NotFound, Refusal
from correo.mailbox import names
from correo.mailbox.namespaces import split_name
from correo.mailbox.view import View
from correo.servers.imap.choosing import tops_of
from correo.servers.imap.notices import Notices
from correo.servers.imap.places import Place
from correo.servers.imap.session import ImapSession
from correo.servers.imap.survey import Key, Survey, Watched, key_of, look_around
from correo.store.api import AccountStore, Watch
from correo.store.model import AccountId, MailboxId
from correo.wire.imap import codes, responses
from correo.wire.imap.notifications import EventGroup

__all__ = ["MAILBOXES_LIMIT", "Notifying", "TooMuch"]

MAILBOXES_LIMIT = 5000  # watched by one session; ours


class TooMuch(Refusal):
    """More mailboxes are to be watched than one session may."""

    def __init__(self) -> None:
        super().__init__("5.5.4", f"more than {MAILBOXES_LIMIT} mailboxes are to be watched")


class Notifying:
    """What one session wants to be told.

    Args:
        groups: of NOTIFY SET; none for NOTIFY NONE.
    """

    def __init__(self, session: ImapSession, groups: Sequence[EventGroup]) -> None:
        self._session = session
        self.selected = next((group for group in groups if group.is_selected), None)
        self._groups = [group for group in groups if not group.is_selected and group.events]
        self._watches: dict[AccountId, Watch] = {}
        self._known = Survey()
        self._dirty: set[Key] = set()
        self._is_all_dirty = False
        self._quiet: set[str] = set()

    @property
    def is_silent(self) -> bool:
        """Whether nothing is to be told of the messages of the selected mailbox."""
        return self.selected is None or not self.selected.events

    @property
    def watched(self) -> Collection[Watched]:
        """What is watched besides the selected mailbox."""
        return self._known.watched.values()

    def is_selected(self, watched: Watched) -> bool:
        return key_of(watched.place) == self._selected_key()

    async def begin(self) -> None:
        """Watch from now on. Raises TooMuch."""
        if self._groups:
            await self._watch_owners()
            self._known = await self._look()

    def close(self) -> None:
        for watch in self._watches.values():
            watch.close()
        self._watches.clear()

    # what the session does itself

    def changed_itself(self, name: str) -> None:
        """The client is about to change this mailbox itself, or one below it; "" the account."""
        if self._groups:
            self._quiet.update((name, *names.parents(name)))

    def filed_itself(self, target: Place, uids: Collection[int]) -> None:
        """The client has put messages there itself."""
        watched = self._known.watched.get(key_of(target))
        if watched is None or not uids:
            return
        mailbox = watched.place.mailbox
        messages, uid_next = watched.awaited or (mailbox.messages, mailbox.uid_next)
        if uid_next == min(uids):
            watched.awaited = (messages + len(uids), max(uids) + 1)

    def left(self, view: View) -> None:
        """The session leaves a mailbox; what it has not been told yet, it is told now."""
        key = view.live.account.account_id, view.live.mailbox.id
        watched = self._known.watched.get(key)
        if watched is None:
            return
        mailbox = replace(
            watched.place.mailbox,
            messages=view.exists,
            uid_next=view.uid_next,
            highest_modseq=view.told_modseq,
        )
        watched.place = replace(watched.place, mailbox=mailbox)
        self._dirty.add(key)
        self._session.attention.tell_soon()

    # telling

    async def tell(self) -> None:
        """Put what has happened since the last time into the session's engine."""
        if not self._dirty and not self._is_all_dirty:
            return
        try:
            now = await self._look_again()
        except Refusal as refusal:
            self._overflow(str(refusal))
            return
        before, self._known = self._known, now
        selected, quiet = self._selected_key(), frozenset(self._quiet)
        self._quiet.clear()
        notices = Notices(self._session, before, now, quiet=quiet, selected=selected)
        self._session.engine.send_lines(notices.lines())

    def _overflow(self, text: str) -> None:
        """From now on as after NOTIFY NONE (RFC 5465 5.8)."""
        self.close()
        self.selected, self._groups = None, []
        self._known = Survey()
        self._session.engine.send_lines([responses.ok_line(codes.NOTIFICATIONOVERFLOW, text)])

    # inside

    async def _look_again(self) -> Survey:
        dirty, self._dirty = self._dirty, set()
        is_all, self._is_all_dirty = self._is_all_dirty, False
        if is_all:
            await self._watch_owners()
            return await self._look()
        fresh: dict[Key, Watched] = {}
        for key in dirty & self._known.watched.keys():
            watched = self._known.watched[key]
            place = await self._look_at(watched.place)
            if place is None:  # renamed or deleted, or somebody else's
                return await self._look()
            fresh[key] = replace(watched, place=place, awaited=None)
        return replace(self._known, watched={**self._known.watched, **fresh})

    async def _look_at(self, place: Place) -> Place | None:
        if not place.is_own:
            return None
        try:
            mailbox = await place.account.mailbox(place.mailbox.name)
        except NotFound:
            return None
        return replace(place, mailbox=mailbox) if mailbox.id == place.mailbox.id else None

    async def _look(self) -> Survey:
        survey = await look_around(self._session, self._groups)
        if len(survey.watched) > MAILBOXES_LIMIT:
            raise TooMuch
        for watched in survey.watched.values():
            self._watch(watched.place.account)
        return survey

    async def _watch_owners(self) -> None:
        """Watch the own account, and those that are named, for rights that may be granted."""
        self._watch(self._session.account)
        sources = [group.source for group in self._groups]
        for top in tops_of(sources, await self._session.account.subscriptions()):
            parts = split_name(top)
            if parts is not None:
                mail = await self._session.services.sharing.mail_of(parts[0])
                if mail is not None:
                    self._watch(mail)

    def _watch(self, account: AccountStore) -> None:
        key = account.account_id
        if key not in self._watches:
            self._watches[key] = account.watch(lambda mailbox: self._woken(key, mailbox))

    def _woken(self, account: AccountId, mailbox: MailboxId | None) -> None:
        if mailbox is None:
            self._is_all_dirty = True
        else:
            self._dirty.add((account, mailbox))
        self._session.attention.tell_soon()

    def _selected_key(self) -> Key | None:
        view = self._session.selected
        return None if view is None else (view.live.account.account_id, view.live.mailbox.id)
