"""A mailbox that was left is as it is now when somebody comes back to it, and what is kept is little."""

import asyncio

import pytest

from correo.mailbox import resting
from correo.mailbox.append import prepare
from correo.mailbox.opened import OpenMailboxes
from correo.mailbox.resting import Resting
from correo.store.api import AccountStore
from correo.store.memory.store import MemoryStore
from correo.store.model import INBOX, AccountId, FlagMode
from correo.testing.clock import FakeClock
from correo.testing.imap_world import message


async def account_with(store: MemoryStore, name: str, messages: int) -> AccountStore:
    account = await store.create(AccountId(name))
    letter = await prepare(message(), store.blobs)
    await account.append(INBOX, [letter.new() for _ in range(messages)])
    return account


def test_who_comes_back_sees_what_happened_meanwhile() -> None:
    async def main() -> None:
        store = MemoryStore(FakeClock())
        account = await account_with(store, "ana", 3)
        mailboxes = OpenMailboxes()
        mailbox = await account.mailbox("INBOX")
        first = await mailboxes.select(account, mailbox, lambda: None)
        kept = first.live
        mailboxes.release(first)
        await account.store_flags(INBOX, [2], FlagMode.ADD, "\\Seen")
        await account.expunge(INBOX, [1], only_deleted=False)
        await account.append(INBOX, [(await prepare(message(), store.blobs)).new()])
        again = await mailboxes.select(account, mailbox, lambda: None)
        assert again.live is kept
        assert again.live.uids.tolist() == [2, 3, 4]
        assert again.live.flags == ["\\Seen", "", ""]
        assert (again.exists, again.uid_next) == (3, 5)
        mailboxes.release(again)

    asyncio.run(main())


def test_a_mailbox_that_is_gone_is_not_kept() -> None:
    async def main() -> None:
        store = MemoryStore(FakeClock())
        account = await account_with(store, "ana", 0)
        box = await account.create_mailbox("x")
        mailboxes = OpenMailboxes()
        view = await mailboxes.select(account, box, lambda: None)
        mailboxes.release(view)
        await account.delete_mailbox("x")
        new = await account.create_mailbox("x")
        again = await mailboxes.select(account, new, lambda: None)
        assert again.live is not view.live
        with pytest.raises(Exception, match="gone"):
            await mailboxes.select(account, box, lambda: None)

    asyncio.run(main())


def test_what_is_too_much_or_too_old_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr(resting, "VALUES", 10)
        store = MemoryStore(FakeClock())
        mailboxes, kept = OpenMailboxes(), Resting()
        lives = []
        for name, messages in (("a", 4), ("b", 4), ("c", 4)):
            account = await account_with(store, name, messages)
            view = await mailboxes.select(account, await account.mailbox("INBOX"), lambda: None)
            lives.append(view.live)
            view.close()
            kept.put(view.live)
        accounts = [live.account for live in lives]
        assert await kept.woken(accounts[0], INBOX) is None  # 12 values were too much
        assert await kept.woken(accounts[1], INBOX) is lives[1]
        assert await kept.woken(accounts[1], INBOX) is None  # somebody has it
        monkeypatch.setattr(resting, "KEPT_S", -1.0)
        assert await kept.woken(accounts[2], INBOX) is None

    asyncio.run(main())
