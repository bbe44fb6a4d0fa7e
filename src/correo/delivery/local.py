"""Bring a message home: into the INBOX of accounts on this node.

Two callers: `intake`, through its `Handoff`, with a message it has just accepted; and the runner,
with one that had to wait or asked for a report. Either way the message is indexed once, however
many mailboxes it goes to.

RFC 5321    4.4      Return-Path in front at final delivery
RFC 3461    5.2.3    "delivered" means: in the mailbox, ready for IMAP and POP3

Cost: one hop to a storage thread and one fsync per account, all accounts at once; deliveries that
wait for the same account share a commit.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from correo.base.errors import NotFound, OverQuota, Refusal
from correo.delivery.verdict import Verdict
from correo.mailbox.append import Prepared, prepare
from correo.mailbox.home import mail_of
from correo.message.trace_fields import return_path
from correo.store.api import AccountStore, Store
from correo.store.directory import Account
from correo.store.model import AccountId, MailboxId, StoredBlob
from correo.store.queue import QueuedMessage, RecipientState

__all__ = ["LocalDelivery"]

INBOX = "INBOX"
REMEMBERED = 1000  # accounts kept at hand, the ones last delivered to


class LocalDelivery:
    """Files messages; an `intake.handoff.Handoff`. One per process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._homes: OrderedDict[AccountId, tuple[AccountStore, MailboxId]] = OrderedDict()

    async def deliver(self, message: Prepared, accounts: Sequence[Account]) -> list[Refusal | None]:
        """File one message in each account's INBOX, in parallel; why not, where it failed."""
        if len(accounts) == 1:
            return [await self._file(message, accounts[0])]
        return list(await asyncio.gather(*(self._file(message, each) for each in accounts)))

    async def check_room(self, account: Account, octets: int) -> None:
        """Raises OverQuota if a message of this size would not fit."""
        if not account.quota:
            return
        store = await mail_of(self._store, account.id)
        used, _ = await store.usage()
        if used + max(octets, 1) > account.quota:
            raise OverQuota("the mailbox is full")

    async def bring_home(
        self, message: QueuedMessage, accounts: Sequence[Account]
    ) -> list[Verdict]:
        """Deliver a message from the queue; one verdict per account."""
        try:
            prepared = await self._prepare(message)
        except Refusal as error:
            return [verdict_of(error)] * len(accounts)
        return [verdict_of(outcome) for outcome in await self.deliver(prepared, accounts)]

    async def _prepare(self, message: QueuedMessage) -> Prepared:
        blobs = self._store.blobs
        content = message.content
        whole = await blobs.read_all(content) if isinstance(content, StoredBlob) else content
        return await prepare(whole, blobs, prefix=return_path(message.reverse_path))

    async def _file(self, message: Prepared, account: Account) -> Refusal | None:
        try:
            if account.quota:
                await self.check_room(account, message.index.size)
            store, inbox = await self._home(account.id)
            try:
                await store.append(inbox, [message.new()])
            except NotFound:  # the account was made anew
                self._homes.pop(account.id, None)
                store, inbox = await self._home(account.id)
                await store.append(inbox, [message.new()])
        except Refusal as error:
            return error
        return None

    async def _home(self, account: AccountId) -> tuple[AccountStore, MailboxId]:
        known = self._homes.pop(account, None)
        if known is None:
            store = await mail_of(self._store, account)
            known = store, (await store.mailbox(INBOX)).id
            while len(self._homes) >= REMEMBERED:
                self._homes.popitem(last=False)
        self._homes[account] = known  # the last one used stands last
        return known


def verdict_of(error: Refusal | None) -> Verdict:
    if error is None:
        return Verdict(RecipientState.DELIVERED, "2.1.5", "delivered to the mailbox")
    state = RecipientState.WAITING if error.is_temporary else RecipientState.FAILED
    return Verdict(state, error.status, error.text)
