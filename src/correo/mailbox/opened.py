"""Keep the mailboxes that sessions of this process have selected, each once, current by one watch.

A process has one OpenMailboxes; `select` gives a session its view. The first view of an account
begins to watch the store, the last one ends it. When the store reports a change, mailboxes with a
view that wants it at once (IDLE) are refreshed at once; the others when their sessions next ask.

RFC 2177, RFC 9051 6.3.13    IDLE

Cost: nothing at rest: no timer, no task, no polling. One task per burst of changes.
"""

import asyncio
from collections.abc import Callable

from correo.base.errors import Refusal
from correo.mailbox.live import LiveMailbox
from correo.mailbox.resting import Resting
from correo.mailbox.view import View
from correo.store.api import AccountStore, Watch
from correo.store.model import AccountId, Mailbox, MailboxId

__all__ = ["OpenMailboxes"]


class OpenMailboxes:
    """All live mailboxes of this process. Make one per event loop.

    A mailbox that nobody shows any more is kept for a while as it was, with what was worked out
    of its messages: mail programs come back to it, and webmail makes a session for each page.
    """

    def __init__(self) -> None:
        self._accounts: dict[AccountId, _OpenAccount] = {}
        self._resting = Resting()

    async def select(
        self, account: AccountStore, mailbox: Mailbox, woken: Callable[[], None]
    ) -> View:
        """A view of the mailbox as it is now. Close it with `release`.

        Raises:
            NotFound: the mailbox is gone.
        """
        opened = self._accounts.get(account.account_id)
        if opened is None:
            opened = _OpenAccount(account, self._resting)
            self._accounts[account.account_id] = opened
        try:
            return View(await opened.live(mailbox.id), woken)
        finally:
            self._forget_unused(opened)

    def release(self, view: View) -> None:
        """The session has left the mailbox."""
        view.close()
        opened = self._accounts.get(view.live.account.account_id)
        if opened is not None:
            self._forget_unused(opened)

    def _forget_unused(self, opened: "_OpenAccount") -> None:
        if not opened.forget_unused() and opened.opening == 0:
            opened.watch.close()
            self._accounts.pop(opened.account.account_id, None)


class _OpenAccount:
    """The live mailboxes of one account, and the watch that keeps them current."""

    __slots__ = ("_refreshing", "_resting", "_wakings", "account", "lives", "opening", "watch")

    def __init__(self, account: AccountStore, resting: Resting) -> None:
        self.account = account
        self._resting = resting
        self.lives: dict[MailboxId, LiveMailbox] = {}
        self.opening = 0  # sessions waiting for their first look
        self._refreshing: asyncio.Task[None] | None = None
        self._wakings = 0
        self.watch: Watch = account.watch(self._woken)

    async def live(self, mailbox: MailboxId) -> LiveMailbox:
        self.opening += 1
        try:
            live = self.lives.get(mailbox)
            if live is not None and not live.is_gone:
                await live.refresh()
            if live is None or live.is_gone:
                live = await self._first_look(mailbox)
            return live
        finally:
            self.opening -= 1

    async def _first_look(self, mailbox: MailboxId) -> LiveMailbox:
        wakings = self._wakings
        fresh = await self._resting.woken(self.account, mailbox)
        if fresh is None:
            fresh = LiveMailbox(self.account, await self.account.snapshot(mailbox))
        fresh.is_stale = wakings != self._wakings  # something happened meanwhile
        live = self.lives.get(mailbox)
        if live is None or live.is_gone:  # no other session was quicker
            live = self.lives[mailbox] = fresh
        await live.refresh_if_stale()
        return live

    def forget_unused(self) -> bool:
        """Drop mailboxes nobody shows; whether any is left."""
        for mailbox in [key for key, live in self.lives.items() if not live.views]:
            if self.opening == 0:
                self._resting.put(self.lives.pop(mailbox))
        return bool(self.lives)

    def _woken(self, mailbox: MailboxId | None) -> None:
        self._wakings += 1
        for key, live in self.lives.items():
            if mailbox is None or key == mailbox:
                live.is_stale = True
        if self._refreshing is None and any(live.wants_news for live in self.lives.values()):
            self._refreshing = asyncio.get_running_loop().create_task(self._refresh())

    async def _refresh(self) -> None:
        try:
            while stale := [x for x in self.lives.values() if x.is_stale and x.wants_news]:
                for live in stale:
                    await live.refresh_if_stale()
        except Refusal:
            return  # the sessions meet it themselves with their next command
        finally:
            self._refreshing = None
