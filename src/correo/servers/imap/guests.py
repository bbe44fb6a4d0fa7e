"""Keep a session that has somebody else's mailbox selected to what its owner allows, now.

A guest's rights are read anew before each command that is given while the mailbox is selected, so
that a change by whomever, in whichever process, counts for the next command. For IDLE, which has
no next command, the account's watch tells that a list may have changed.

RFC 4314    5.1.1    FLAGS and PERMANENTFLAGS when rights have changed; BYE when reading is no
                     longer allowed
            5.2      READ-ONLY without any right to change something

Cost: 20 microseconds a command; nothing for sessions in own mailboxes.
"""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from correo.base.errors import NotFound
from correo.mailbox.sharing import rights_in
from correo.servers.imap import news
from correo.servers.imap.places import Place
from correo.servers.imap.rights import READ, WRITE, check_selected
from correo.store.api import Watch
from correo.store.model import FLAG_RIGHTS, MailboxId
from correo.wire.imap.commands import AppendAborted

if TYPE_CHECKING:
    from correo.servers.imap.services import Handler
    from correo.servers.imap.session import ImapSession
    from correo.wire.imap.commands import Command

__all__ = ["Guest", "answer_guest"]


class Guest:
    """What the user of a session may do in the mailbox of another that it has selected."""

    __slots__ = ("_changes", "_place", "_session", "_watch", "is_stale", "rights")

    def __init__(self, session: "ImapSession", place: Place) -> None:
        self._session = session
        self._place = place
        self.rights = place.rights
        self.is_stale = False  # they may have changed since they were read
        self._changes = 0
        self._watch: Watch = place.account.watch(self._happened)

    def close(self) -> None:
        self._watch.close()

    @property
    def prefix(self) -> str:
        """What stands before the names of its owner's mailboxes."""
        return self._place.prefix

    @property
    def may_write(self) -> bool:
        return not set(WRITE).isdisjoint(self.rights)

    @property
    def flag_rights(self) -> str:
        """Those of its rights that flags need."""
        return "".join(right for right in FLAG_RIGHTS if right in self.rights)

    async def refresh(self) -> None:
        """Read the rights as they are now, and tell the client what that changes for it."""
        before, changes = self.rights, self._changes
        try:
            acl = await self._place.account.acl(self._place.mailbox.id)
        except NotFound:  # the mailbox is gone, or its owner's account
            acl = {}
        self.rights = rights_in(acl, self._session.account.account_id)
        if changes == self._changes:
            self.is_stale = False
        if self.rights != before and self._is_here:
            self._tell()

    def look_if_idle(self) -> None:
        """A client that has no next command is told of stale rights without one."""
        session = self._session
        if self.is_stale and self._is_here and session.view.wants_news:
            session.attention.tell_soon()

    # inside

    @property
    def _is_here(self) -> bool:
        """Whether the session still has the mailbox selected."""
        return self._session.guest is self and not self._session.engine.is_closed

    def _happened(self, mailbox: MailboxId | None) -> None:
        if mailbox is None:
            self.is_stale = True
            self._changes += 1
            self.look_if_idle()

    def _tell(self) -> None:
        session = self._session
        if READ in self.rights:
            session.engine.send_lines(news.flags_allowed(session.view, session.flag_rights))
        else:
            session.engine.bye("you may no longer read the mailbox")


async def answer_guest(
    session: "ImapSession", guest: Guest, command: "Command", answer: "Handler"
) -> None:
    """As the handler, if the guest may do that. Raises NotPermitted, and what the handler does."""
    if not isinstance(command, AppendAborted):  # that one is answered already
        await guest.refresh()
    if session.engine.is_closed:
        return
    check_selected(command, guest.rights)
    waiting: Coroutine[Any, Any, None] | None = answer(session, command)
    if waiting is not None:
        await waiting
    guest.look_if_idle()
