"""Find the mailbox a command names: one's own, or somebody else's as far as one may know of it.

RFC 4314    4        rights; 6 what may not be seen is answered as what is not there
RFC 2342             names of other users' mailboxes

Cost: for an own mailbox nothing but the look-up itself.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from correo.base.errors import NotFound, Refusal
from correo.mailbox import names
from correo.mailbox.namespaces import OTHERS, prefix_of, split_name
from correo.mailbox.sharing import NO_SUCH, Share, Sharing, as_seen, rights_in
from correo.servers.imap.refusals import NotPermitted
from correo.servers.imap.rights import check_named, needs_of
from correo.store.api import AccountStore
from correo.store.model import HIERARCHY_DELIMITER, AccountId, Mailbox
from correo.store.rights import ALL
from correo.trace.trouble import log_own_trouble
from correo.wire.imap.commands import Command

__all__ = ["Place", "Places", "Room"]

log = logging.getLogger("correo.imap")


@dataclass(slots=True)
class Place:
    """A mailbox.

    mailbox: under the name by which the client knows it.
    prefix: how far that differs from its name in its account; "" for an own one.
    """

    account: AccountStore
    mailbox: Mailbox
    rights: str = ALL
    prefix: str = ""

    @property
    def is_own(self) -> bool:
        return not self.prefix

    @property
    def local_name(self) -> str:
        """Its name in its account."""
        return self.mailbox.name[len(self.prefix) :]

    def is_same(self, account: AccountStore, mailbox: Mailbox) -> bool:
        return self.mailbox.id == mailbox.id and self.account.account_id == account.account_id


@dataclass(frozen=True, slots=True)
class Room:
    """Where a mailbox may be made: the account, and its name there."""

    account: AccountStore
    name: str
    is_own: bool


class Places:
    """What one user can name. One for each session."""

    __slots__ = ("_own", "_sharing")

    def __init__(self, own: AccountStore, sharing: Sharing) -> None:
        self._own = own
        self._sharing = sharing

    @property
    def user(self) -> AccountId:
        return self._own.account_id

    async def find(self, command: Command, name: str) -> Place:
        """The mailbox of this name, if the command may be done with it.

        Raises NotFound, NotPermitted.
        """
        parts = split_name(name)
        if parts is None:
            return Place(self._own, await self._own.mailbox(names.canonical(name)))
        place = await self._others(*parts)
        check_named(command, place.rights)
        return place

    async def room(self, command: Command, name: str) -> Room:
        """Where the mailbox of this name may be made.

        Raises:
            Refusal: there can be no such mailbox. NotPermitted: or not by this user.
        """
        valid = names.valid(name)
        parts = split_name(valid)
        if parts is not None:
            return await self._room_elsewhere(command, *parts)
        if (valid + HIERARCHY_DELIMITER).startswith(OTHERS):
            raise Refusal("5.5.4", f"names in {OTHERS} are kept for other users' mailboxes")
        return Room(self._own, valid, is_own=True)

    async def can_make(self, command: Command, name: str) -> bool:
        """Whether the user could make the mailbox that the command names and that is not there."""
        try:
            await self.room(command, name)
        except Refusal:
            return False
        return True

    async def others(self, is_wanted: Callable[[str], bool]) -> list[Place]:
        """Other users' mailboxes where this user has any right.

        Args:
            is_wanted: told the prefix of an owner; of the others nothing is looked at.
        """
        found: list[Place] = []
        for owner in await self._sharing.owners(self.user):
            if not is_wanted(prefix_of(owner.address)):
                continue
            try:
                share = await self._sharing.opened(owner)
                shared = await self._sharing.mailboxes(self.user, share)
            except Refusal as refusal:  # removed just now, or damaged: others can be shown
                log_own_trouble(log, refusal)
                continue
            found += [Place(share.mail, x.mailbox, x.rights, share.prefix) for x in shared]
        return found

    # inside

    async def _others(self, address: str, name: str) -> Place:
        """Raises NotFound, which says the same of what is not there and of a stranger's."""
        share = await self._sharing.share_of(self.user, address)
        try:
            mailbox = await share.mail.mailbox(name)
            acl = await share.mail.acl(mailbox.id)
        except NotFound:
            raise NotFound(NO_SUCH) from None
        return Place(share.mail, as_seen(mailbox, share), rights_in(acl, self.user), share.prefix)

    async def _room_elsewhere(self, command: Command, address: str, name: str) -> Room:
        try:
            share = await self._sharing.share_of(self.user, address)
            rights = await self._rights_above(share, name)
        except NotFound:
            rights = ""
        if not name or not set(needs_of(command).parent or "k").issubset(rights):
            raise NotPermitted("you may not make a mailbox there")
        return Room(share.mail, name, is_own=False)

    async def _rights_above(self, share: Share, name: str) -> str:
        """In the nearest level above that is there. Raises NotFound if there is none."""
        for level in reversed(names.parents(name)):
            try:
                mailbox = await share.mail.mailbox(level)
            except NotFound:
                continue
            return rights_in(await share.mail.acl(mailbox.id), self.user)
        raise NotFound("there is no level above")
