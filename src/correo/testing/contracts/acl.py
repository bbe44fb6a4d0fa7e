"""What every account store must do with access control lists."""

import pytest

from correo.base.errors import NotFound, TooManyIdentifiers
from correo.store.model import (
    IDENTIFIERS_LIMIT,
    INBOX,
    AccountId,
    FlagMode,
    MailboxId,
    RightsMode,
)
from correo.testing.contracts.scene import Scene, StoreContract, scenario

__all__ = ["AclContract"]


class AclContract(StoreContract):
    @scenario
    async def test_nobody_but_the_owner_has_rights_at_first(self, scene: Scene) -> None:
        assert await scene.account.acl(INBOX) == {}
        assert await scene.account.acls() == {}

    @scenario
    async def test_rights_are_replaced_added_and_removed(self, scene: Scene) -> None:
        account = scene.account
        for identifier, mode, rights, left in [
            ("bob", RightsMode.REPLACE, "rl", {"bob": "lr"}),
            ("anyone", RightsMode.ADD, "l", {"anyone": "l", "bob": "lr"}),
            ("bob", RightsMode.ADD, "wr", {"anyone": "l", "bob": "lrw"}),
            ("bob", RightsMode.REMOVE, "lx", {"anyone": "l", "bob": "rw"}),
            ("-bob", RightsMode.REPLACE, "r", {"-bob": "r", "anyone": "l", "bob": "rw"}),
            ("anyone", RightsMode.REMOVE, "l", {"-bob": "r", "bob": "rw"}),
            ("bob", RightsMode.REPLACE, "", {"-bob": "r"}),
            ("nobody", RightsMode.REMOVE, "a", {"-bob": "r"}),
        ]:
            await account.change_acl(INBOX, identifier, mode, rights)
            assert await account.acl(INBOX) == left
            assert await account.acls() == {INBOX: left}

    @scenario
    async def test_each_mailbox_has_its_own_list(self, scene: Scene) -> None:
        work = (await scene.account.create_mailbox("Work")).id
        await scene.account.change_acl(INBOX, "bob", RightsMode.REPLACE, "lr")
        await scene.account.change_acl(work, "bob", RightsMode.REPLACE, "lri")
        assert await scene.account.acls() == {INBOX: {"bob": "lr"}, work: {"bob": "lri"}}
        other = await scene.store.create(AccountId("bob"))
        assert await other.acls() == {}

    @scenario
    async def test_a_new_mailbox_has_the_list_of_the_level_above(self, scene: Scene) -> None:
        above = (await scene.account.create_mailbox("a")).id
        await scene.account.change_acl(above, "bob", RightsMode.REPLACE, "lrk")
        made = await scene.account.create_mailbox("a/b/c")
        assert await scene.account.acl(made.id) == {"bob": "lrk"}
        assert await scene.account.acl(await scene.named("a/b")) == {"bob": "lrk"}
        await scene.account.change_acl(made.id, "bob", RightsMode.REPLACE, "")
        assert await scene.account.acl(above) == {"bob": "lrk"}

    @scenario
    async def test_a_list_stays_when_its_mailbox_is_renamed(self, scene: Scene) -> None:
        work = (await scene.account.create_mailbox("Work")).id
        await scene.account.create_mailbox("Home")
        await scene.account.change_acl(work, "bob", RightsMode.REPLACE, "lr")
        await scene.account.rename_mailbox("Work", "Home/Work")
        assert await scene.account.acls() == {await scene.named("Home/Work"): {"bob": "lr"}}

    @scenario
    async def test_a_list_goes_with_its_mailbox(self, scene: Scene) -> None:
        for _ in range(2):
            work = (await scene.account.create_mailbox("Work")).id
            assert await scene.account.acls() == {}
            await scene.account.change_acl(work, "bob", RightsMode.REPLACE, "lr")
            await scene.account.delete_mailbox("Work")
            with pytest.raises(NotFound):
                await scene.account.acl(work)
            with pytest.raises(NotFound):
                await scene.account.change_acl(work, "bob", RightsMode.REPLACE, "lr")

    @scenario
    async def test_a_list_names_only_so_many(self, scene: Scene) -> None:
        change = scene.account.change_acl
        for number in range(IDENTIFIERS_LIMIT):
            await change(INBOX, f"id{number}", RightsMode.REPLACE, "l")
        with pytest.raises(TooManyIdentifiers):
            await change(INBOX, "one more", RightsMode.REPLACE, "l")
        await change(INBOX, "id7", RightsMode.ADD, "r")
        assert len(await scene.account.acl(INBOX)) == IDENTIFIERS_LIMIT

    @scenario
    async def test_whoever_watches_hears_of_a_changed_list(self, scene: Scene) -> None:
        woken: list[MailboxId | None] = []
        watch = scene.account.watch(woken.append)
        await scene.account.change_acl(INBOX, "bob", RightsMode.REPLACE, "l")
        await scene.settle()
        assert None in woken
        watch.close()

    @scenario
    async def test_flags_that_need_another_right_stay_as_they_are(self, scene: Scene) -> None:
        before = "\\Answered \\Deleted \\Seen $Old"
        for mode, flags, rights, after in [
            (FlagMode.REPLACE, "\\Flagged", "w", "\\Flagged \\Deleted \\Seen"),
            (FlagMode.REPLACE, "\\Flagged", "s", "\\Answered \\Deleted $Old"),
            (FlagMode.REPLACE, "", "t", "\\Answered \\Seen $Old"),
            (FlagMode.REPLACE, "", "st", "\\Answered $Old"),
            (FlagMode.REPLACE, "\\Flagged", "swt", "\\Flagged"),
            (FlagMode.REMOVE, "\\Seen \\Deleted $Old", "w", "\\Answered \\Deleted \\Seen"),
            (FlagMode.ADD, "\\Flagged \\Draft", "st", before),
            (FlagMode.REPLACE, "\\Flagged", "", before),
        ]:
            [appended] = await scene.append(before)
            await scene.account.store_flags(INBOX, [appended.uid], mode, flags, rights=rights)
            assert (await scene.flags())[appended.uid] == after
