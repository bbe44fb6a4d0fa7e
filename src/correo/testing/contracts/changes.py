"""What every account store must tell of what has happened, and whom it must wake."""

import asyncio

from correo.store.model import INBOX, AccountId, FlagMode, MailboxChanges, MailboxId
from correo.testing.contracts.scene import Scene, StoreContract, scenario

__all__ = ["ChangesContract", "eventful_day"]


def summary(changes: MailboxChanges) -> tuple[dict[int, str], list[int]]:
    return {change.uid: change.flags for change in changes.changed}, changes.vanished


async def eventful_day(scene: Scene) -> None:
    """A bit of everything, in INBOX."""
    account = scene.account
    sent = await scene.named("Sent")
    await scene.append("", "\\Seen", "")
    await account.store_flags(INBOX, [1, 3], FlagMode.ADD, "\\Flagged")
    await account.copy(INBOX, [1, 2], sent)
    await scene.append("\\Deleted")
    await account.expunge(INBOX, None)
    await account.move(sent, [1, 2], INBOX)
    await account.store_flags(INBOX, [2, 5, 6], FlagMode.REPLACE, "done")
    await account.move(INBOX, [1], sent)
    await account.create_mailbox("Work")
    await account.expunge(INBOX, [2, 6], only_deleted=False)
    await scene.append("")


class ChangesContract(StoreContract):
    @scenario
    async def test_nothing_has_happened_since_now(self, scene: Scene) -> None:
        await scene.append("", "")
        changes = await scene.account.changes_since(INBOX, await scene.modseq())
        assert summary(changes) == ({}, [])
        assert (changes.uid_next, changes.exists) == (3, True)

    @scenario
    async def test_new_and_changed_entries_and_expunged_uids_are_told(self, scene: Scene) -> None:
        await scene.append("", "", "", "")
        before = await scene.modseq()
        await scene.account.store_flags(INBOX, [2, 3], FlagMode.ADD, "x")
        await scene.account.expunge(INBOX, [1, 3], only_deleted=False)
        await scene.append("y")
        changes = await scene.account.changes_since(INBOX, before)
        assert summary(changes) == ({2: "x", 5: "y"}, [1, 3])
        assert (changes.uid_next, changes.highest_modseq) == (6, await scene.modseq())

    @scenario
    async def test_changes_of_other_mailboxes_are_not_told(self, scene: Scene) -> None:
        await scene.append("")
        before = await scene.modseq()
        sent = await scene.named("Sent")
        await scene.append("", mailbox=sent)
        await scene.account.copy(INBOX, [1], sent)
        assert summary(await scene.account.changes_since(INBOX, before)) == ({}, [])
        assert await scene.modseq() == before

    @scenario
    async def test_the_whole_history_can_be_caught_up_with_from_any_moment(
        self, scene: Scene
    ) -> None:
        await eventful_day(scene)
        final = await scene.flags()
        last = await scene.modseq()
        now = await scene.account.snapshot(INBOX)
        for since in range(last + 2):
            changes = await scene.account.changes_since(INBOX, since)
            changed, vanished = summary(changes)
            newer = {
                uid: flags
                for uid, flags, modseq in zip(now.uids, now.flags, now.modseqs, strict=True)
                if modseq > since
            }
            assert changed == newer
            assert final.keys().isdisjoint(vanished)
            assert changes.highest_modseq == last
        everything = await scene.account.changes_since(INBOX, 0)
        assert summary(everything) == (final, [1, 2, 4, 6])

    @scenario
    async def test_the_highest_mod_sequence_is_at_least_that_of_every_entry(
        self, scene: Scene
    ) -> None:
        await eventful_day(scene)
        for mailbox in await scene.account.mailboxes():
            snapshot = await scene.account.snapshot(mailbox.id)
            assert max(snapshot.modseqs, default=0) <= mailbox.highest_modseq
            assert snapshot.mailbox == mailbox
            assert snapshot.uids == sorted(snapshot.uids)

    # watching

    @scenario
    async def test_who_watches_is_woken_after_the_commit_and_never_at_once(
        self, scene: Scene
    ) -> None:
        woken: list[MailboxId | None] = []
        scene.account.watch(woken.append)
        assert woken == []
        await scene.append("")
        await scene.settle()
        assert woken == [INBOX]

    @scenario
    async def test_a_burst_wakes_once_per_mailbox(self, scene: Scene) -> None:
        woken: list[MailboxId | None] = []
        scene.account.watch(woken.append)
        await asyncio.gather(*(scene.append("") for _ in range(30)))
        await scene.settle()
        assert 1 <= len(woken) < 30
        assert set(woken) == {INBOX}

    @scenario
    async def test_each_change_names_the_mailboxes_it_touched(self, scene: Scene) -> None:
        sent = await scene.named("Sent")
        account = scene.account
        await scene.append("", "")
        expected: list[tuple[object, set[MailboxId | None]]] = [
            (account.store_flags(INBOX, [1], FlagMode.ADD, "x"), {INBOX}),
            (account.store_flags(INBOX, [1], FlagMode.ADD, "x"), set()),
            (account.copy(INBOX, [1], sent), {sent}),
            (account.move(INBOX, [1], sent), {INBOX, sent}),
            (account.expunge(INBOX, None), set()),
            (account.expunge(sent, None, only_deleted=False), {sent}),
            (account.create_mailbox("Work"), {None}),
            (account.rename_mailbox("Work", "Play"), {None}),
            (account.delete_mailbox("Sent"), {sent, None}),
        ]
        await scene.settle()
        for doing, touched in expected:
            woken: set[MailboxId | None] = set()
            watch = account.watch(woken.add)
            await doing  # type: ignore[misc]  # coroutines of several types
            await scene.settle()
            watch.close()
            assert woken == touched

    @scenario
    async def test_a_closed_watch_is_silent_and_other_accounts_never_wake_it(
        self, scene: Scene
    ) -> None:
        bob = await scene.store.create(AccountId("bob"))
        await scene.settle()
        woken: list[MailboxId | None] = []
        watch = scene.account.watch(woken.append)
        bob_woken: list[MailboxId | None] = []
        bob.watch(bob_woken.append)
        watch.close()
        watch.close()
        await scene.append("")
        await scene.settle()
        assert woken == bob_woken == []
