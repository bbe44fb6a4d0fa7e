"""Say who may do what with whose mailboxes, and let owners change it.

The access control list of a mailbox lies in its account's file and names accounts by their id, so
that a new account with the address of a removed one inherits nothing. An owner may do everything,
for ever, and stands in no list. Of everybody else, rights are what is granted to their account
and to `anyone`, less what is taken away ("-" before the identifier) from either.

The directory knows in addition who has granted anything to whom, so that nobody has to look
through all accounts to find what is shared with one. It may name too many for a moment, or after
a crash, but never too few: it is told before a right is granted, and of what is left afterwards.

RFC 4314    2        identifiers, negative rights; 3 identifiers are prepared with SASLprep
            6        who may not know of a mailbox finds nothing there

Departures: identifiers are the addresses of accounts (a local part alone, where there is one
domain) and `anyone`, which is every account of the node; there are no groups.

Cost: rights in one mailbox a look into the owner's file, 20 microseconds.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from correo.accounts.directory import Directory
from correo.base.errors import NotFound
from correo.mailbox.namespaces import prefix_of
from correo.store.api import AccountStore, Store
from correo.store.directory import ANYONE, Account
from correo.store.model import AccountId, Mailbox, MailboxId, RightsMode
from correo.store.rights import in_order
from correo.store.texts import is_storable
from correo.wire.sasl import saslprep

__all__ = ["NO_SUCH", "Share", "Shared", "Sharing", "as_seen", "rights_in"]

NEGATIVE = "-"
NO_SUCH = "there is no such mailbox"  # whatever the reason


@dataclass(frozen=True, slots=True)
class Share:
    """Somebody else's mail, of which a user may know something."""

    owner: Account
    mail: AccountStore

    @property
    def prefix(self) -> str:
        return prefix_of(self.owner.address)


@dataclass(frozen=True, slots=True)
class Shared:
    """A mailbox of somebody else. mailbox: as the user sees it. rights: at least one."""

    share: Share
    mailbox: Mailbox
    rights: str


class Sharing:
    """One per process."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory

    # what a user may do

    async def owners(self, user: AccountId) -> list[Account]:
        """Who seems to share anything with this account. No account's file is looked into."""
        return await self._directory.store.sharers(user)

    async def share_of(self, user: AccountId, address: str) -> Share:
        """What the owner with this address shares. Raises NotFound if that is nothing."""
        owner = None
        if is_storable(address):
            owner = await self._directory.account_for_login(address)
        if owner is None or owner.id not in {each.id for each in await self.owners(user)}:
            raise NotFound(NO_SUCH)
        return await self.opened(owner)

    async def opened(self, owner: Account) -> Share:
        """Raises NotFound."""
        try:
            return Share(owner, await self._store.open(owner.id))
        except NotFound:  # no mail yet, or no longer
            raise NotFound(NO_SUCH) from None

    async def mail_of(self, address: str) -> AccountStore | None:
        """The mail of the account with this address, to watch what it may come to share."""
        if not is_storable(address):
            return None
        owner = await self._directory.account_for_login(address)
        try:
            return None if owner is None else await self._store.open(owner.id)
        except NotFound:  # no mail yet
            return None

    async def mailboxes(self, user: AccountId, share: Share) -> list[Shared]:
        """Those in which the user has any right, in the order of the owner's."""
        acls = await share.mail.acls()
        return [
            Shared(share, as_seen(mailbox, share), rights)
            for mailbox in (await share.mail.mailboxes() if acls else ())
            if (rights := rights_in(acls.get(mailbox.id, {}), user))
        ]

    # what is granted

    async def identifier(self, text: str) -> str:
        """How the lists write what a client calls an identifier. Raises NotFound."""
        prepared = saslprep(text)
        if prepared.startswith(NEGATIVE):
            return NEGATIVE + await self._positive(prepared[1:])
        return await self._positive(prepared)

    async def named(self, acl: Mapping[str, str]) -> dict[str, str]:
        """A list as people read it: accounts by their addresses; sorted, and without those
        that are gone."""
        shown = {}
        for identifier, rights in acl.items():
            name = await self._shown(identifier)
            if name is not None:
                shown[name] = rights
        return dict(sorted(shown.items()))

    async def address_of(self, account: AccountId) -> str:
        """Raises NotFound if the account is gone."""
        found = await self._directory.store.account(account)
        if found is None:
            raise NotFound("the account is gone")
        return found.address

    async def change(
        self,
        mail: AccountStore,
        mailbox: MailboxId,
        identifier: str,
        mode: RightsMode,
        rights: str = "",
    ) -> None:
        """Change what an identifier, as `identifier` gives it, may do; durable on return.

        Raises NotFound, TooManyIdentifiers.
        """
        if rights and mode is not RightsMode.REMOVE and not identifier.startswith(NEGATIVE):
            await self._directory.store.add_grantee(mail.account_id, identifier)
        await mail.change_acl(mailbox, identifier, mode, rights)
        await self.note(mail)

    async def note(self, mail: AccountStore) -> None:
        """Let the directory know what the lists of an account say now.

        Whoever changes a list does this afterwards, and looks again after each correction; so of
        two who do it at once, the one that ends last leaves what is true.
        """
        directory = self._directory.store
        while True:
            lists = (await mail.acls()).values()
            granted = {each for acl in lists for each in acl if not each.startswith(NEGATIVE)}
            if granted == await directory.grantees(mail.account_id):
                return
            await directory.set_grantees(mail.account_id, granted)

    async def forget(self, account: AccountId) -> None:
        """Take an account that is to be removed out of the lists of all who have granted it
        anything."""
        for owner in await self.owners(account):
            with suppress(NotFound):  # another change was quicker
                await self._forget_in((await self.opened(owner)).mail, account)

    # inside

    async def _forget_in(self, mail: AccountStore, account: AccountId) -> None:
        for mailbox in await mail.acls():
            for identifier in (account, NEGATIVE + account):
                await mail.change_acl(mailbox, identifier, RightsMode.REPLACE, "")

    async def _positive(self, text: str) -> str:
        if text == ANYONE:
            return ANYONE
        account = await self._directory.account_for_login(text)
        if account is None:
            raise NotFound("there is no such account here")
        return account.id

    async def _shown(self, identifier: str) -> str | None:
        sign = NEGATIVE if identifier.startswith(NEGATIVE) else ""
        bare = identifier[len(sign) :]
        if bare == ANYONE:
            return sign + ANYONE
        account = await self._directory.store.account(AccountId(bare))
        return None if account is None else sign + account.address


def rights_in(acl: Mapping[str, str], user: AccountId) -> str:
    """What a list lets somebody do who is not the owner."""
    if not acl:
        return ""
    granted = {*acl.get(user, ""), *acl.get(ANYONE, "")}
    taken = {*acl.get(NEGATIVE + user, ""), *acl.get(NEGATIVE + ANYONE, "")}
    return in_order(granted - taken)


def as_seen(mailbox: Mailbox, share: Share) -> Mailbox:
    """Under the name by which others know it; its special use and subscription are its owner's."""
    return replace(mailbox, name=share.prefix + mailbox.name, special_use=(), subscribed=False)
