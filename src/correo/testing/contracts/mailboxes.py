"""What every account store must do with mailboxes, their names and subscriptions."""

import pytest

from correo.base.errors import AlreadyExists, NotFound, Refusal, TooManyAnnotations
from correo.store.model import ANNOTATIONS_LIMIT, INBOX, AccountId, Column, Quota
from correo.testing.contracts.scene import Scene, StoreContract, scenario

__all__ = ["MailboxesContract"]


async def names(scene: Scene) -> list[str]:
    return [mailbox.name for mailbox in await scene.account.mailboxes()]


class MailboxesContract(StoreContract):
    @scenario
    async def test_a_new_account_has_inbox_and_the_usual_mailboxes(self, scene: Scene) -> None:
        mailboxes = await scene.account.mailboxes()
        assert [mailbox.name for mailbox in mailboxes] == [
            "INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash",
        ]  # fmt: skip
        assert mailboxes[0].id == INBOX
        assert mailboxes[0].special_use == ()
        assert all(mailbox.special_use == (f"\\{mailbox.name}",) for mailbox in mailboxes[1:])
        assert all(mailbox.subscribed for mailbox in mailboxes)
        assert all(mailbox.uid_next == 1 for mailbox in mailboxes)
        assert all(mailbox.highest_modseq >= 1 for mailbox in mailboxes)
        assert len({mailbox.object_id for mailbox in mailboxes}) == 6

    @scenario
    async def test_creating_an_account_again_gives_the_one_that_is_there(
        self, scene: Scene
    ) -> None:
        await scene.append()
        again = await scene.store.create(AccountId("ana"))
        assert (await again.mailbox("INBOX")).messages == 1

    @scenario
    async def test_an_unknown_account_is_not_found(self, scene: Scene) -> None:
        with pytest.raises(NotFound):
            await scene.store.open(AccountId("nobody"))

    @scenario
    async def test_a_removed_account_is_not_found_and_starts_empty_when_made_again(
        self, scene: Scene
    ) -> None:
        await scene.append()
        await scene.store.remove(AccountId("ana"))
        with pytest.raises(NotFound):
            await scene.store.open(AccountId("ana"))
        with pytest.raises(NotFound):
            await scene.append()
        again = await scene.store.create(AccountId("ana"))
        assert (await again.mailbox("INBOX")).messages == 0

    @scenario
    async def test_accounts_do_not_see_each_other(self, scene: Scene) -> None:
        other = await scene.store.create(AccountId("bob"))
        await scene.append()
        await scene.account.create_mailbox("Work")
        assert (await other.mailbox("INBOX")).messages == 0
        with pytest.raises(NotFound):
            await other.mailbox("Work")

    @scenario
    async def test_creating_makes_the_levels_above(self, scene: Scene) -> None:
        made = await scene.account.create_mailbox("a/b/c", special_use=["\\Archive"])
        assert made.special_use == ("\\Archive",)
        assert (await names(scene))[-3:] == ["a", "a/b", "a/b/c"]
        assert (await scene.account.mailbox("a/b")).special_use == ()
        assert not (await scene.account.mailbox("a/b")).subscribed

    @scenario
    async def test_a_name_is_taken_once(self, scene: Scene) -> None:
        await scene.account.create_mailbox("a/b")
        for name in ("a/b", "a", "INBOX", "inbox"):
            with pytest.raises(AlreadyExists):
                await scene.account.create_mailbox(name)

    @scenario
    async def test_names_are_stored_composed_and_case_counts_but_in_inbox(
        self, scene: Scene
    ) -> None:
        made = await scene.account.create_mailbox("Mu\u0308nchen")
        assert made.name == "M\u00fcnchen"
        assert (await scene.account.mailbox("Mu\u0308nchen")).id == made.id
        assert (await scene.account.create_mailbox("m\u00fcnchen")).id != made.id
        assert (await scene.account.mailbox("iNbOx")).id == INBOX
        assert (await scene.account.create_mailbox("inbox/a")).name == "INBOX/a"

    @scenario
    async def test_a_name_that_cannot_be_is_refused_and_never_found(self, scene: Scene) -> None:
        before = await names(scene)
        for name in ("", "/", "a//b", "/a", "a/", "half a character: \ud800"):
            with pytest.raises(Refusal):
                await scene.account.create_mailbox(name)
            with pytest.raises(Refusal):
                await scene.account.rename_mailbox("Sent", name)
            with pytest.raises(NotFound):
                await scene.account.mailbox(name)
            with pytest.raises(NotFound):
                await scene.account.delete_mailbox(name)
        assert await names(scene) == before

    @scenario
    async def test_deleting_leaves_the_levels_below(self, scene: Scene) -> None:
        await scene.account.create_mailbox("a/b")
        await scene.account.delete_mailbox("a")
        assert (await names(scene))[-1] == "a/b"
        with pytest.raises(NotFound):
            await scene.account.delete_mailbox("a")

    @scenario
    async def test_inbox_cannot_be_deleted(self, scene: Scene) -> None:
        await scene.append()
        with pytest.raises(Refusal):
            await scene.account.delete_mailbox("Inbox")
        assert (await scene.account.mailbox("INBOX")).messages == 1

    @scenario
    async def test_a_mailbox_made_again_under_its_name_is_another_one(self, scene: Scene) -> None:
        first = await scene.account.create_mailbox("Work")
        await scene.append("", "", mailbox=first.id)
        await scene.account.delete_mailbox("Work")
        second = await scene.account.create_mailbox("Work")
        assert second.id != first.id
        assert second.object_id != first.object_id
        assert second.uid_validity > first.uid_validity
        assert (second.messages, second.uid_next) == (0, 1)
        assert not (await scene.account.changes_since(first.id, 0)).exists
        with pytest.raises(NotFound):
            await scene.append(mailbox=first.id)
        with pytest.raises(NotFound):
            await scene.account.snapshot(first.id)
        assert await scene.rows([1, 2], Column.UID, mailbox=first.id) == []

    @scenario
    async def test_uid_validity_grows_even_if_the_clock_stands_still(self, scene: Scene) -> None:
        given = []
        for _ in range(3):
            given.append((await scene.account.create_mailbox("Work")).uid_validity)
            await scene.account.delete_mailbox("Work")
        assert given == sorted(set(given))

    @scenario
    async def test_renaming_takes_the_levels_below_along(self, scene: Scene) -> None:
        await scene.account.create_mailbox("a/b/c")
        await scene.account.create_mailbox("ab")
        before = await scene.account.mailbox("a/b")
        await scene.append("\\Seen", mailbox=before.id)
        await scene.account.rename_mailbox("a", "x/y")
        assert (await names(scene))[-5:] == ["ab", "x", "x/y", "x/y/b", "x/y/b/c"]
        after = await scene.account.mailbox("x/y/b")
        assert (after.id, after.uid_validity) == (before.id, before.uid_validity)
        assert after.object_id == before.object_id
        assert after.messages == 1

    @scenario
    async def test_renaming_to_a_name_in_use_changes_nothing(self, scene: Scene) -> None:
        await scene.account.create_mailbox("a/b")
        await scene.account.create_mailbox("x/b")
        await scene.account.delete_mailbox("x")
        before = await names(scene)
        for new in ("Sent", "inbox", "x", "a"):  # "x" is free, but "x/b" is not
            with pytest.raises(AlreadyExists):
                await scene.account.rename_mailbox("a", new)
        with pytest.raises(NotFound):
            await scene.account.rename_mailbox("nothing", "new")
        with pytest.raises(Refusal):
            await scene.account.rename_mailbox("a", "a/b/c")
        assert await names(scene) == before

    @scenario
    async def test_renaming_inbox_moves_its_messages_out(self, scene: Scene) -> None:
        await scene.account.create_mailbox("INBOX/sub")
        await scene.append("\\Seen", "\\Flagged")
        await scene.account.set_quota(Quota(400))
        before = await scene.account.mailbox("INBOX")
        await scene.account.rename_mailbox("INBOX", "Old/Mail")
        after = await scene.account.mailbox("INBOX")
        moved = await scene.account.mailbox("Old/Mail")
        assert (after.id, after.uid_validity, after.messages) == (INBOX, before.uid_validity, 0)
        assert after.uid_next == 3
        assert (await scene.account.changes_since(INBOX, before.highest_modseq)).vanished == [1, 2]
        assert moved.messages == 2
        assert await scene.flags(moved.id) == {1: "\\Seen", 2: "\\Flagged"}
        assert "INBOX/sub" in await names(scene)

    @scenario
    async def test_subscriptions_need_no_mailbox_and_survive_it(self, scene: Scene) -> None:
        for name in ("Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"):
            await scene.account.subscribe(name, subscribed=False)
        await scene.account.create_mailbox("Work")
        for name in ("Work", "Work", "nothing", "inbox"):
            await scene.account.subscribe(name, subscribed=True)
        assert await scene.account.subscriptions() == ["INBOX", "Work", "nothing"]
        assert (await scene.account.mailbox("Work")).subscribed
        assert not (await scene.account.mailbox("Sent")).subscribed
        await scene.account.delete_mailbox("Work")
        await scene.account.subscribe("nothing", subscribed=False)
        await scene.account.subscribe("never", subscribed=False)
        assert await scene.account.subscriptions() == ["INBOX", "Work"]

    # special uses

    @scenario
    async def test_a_special_use_is_replaced_and_taken_away(self, scene: Scene) -> None:
        made = await scene.account.create_mailbox("Gone out", special_use=["\\Sent"])
        await scene.account.set_special_use(made.id, ["\\Archive", "\\Important"])
        assert (await scene.account.mailbox("Gone out")).special_use == ("\\Archive", "\\Important")
        await scene.account.set_special_use(made.id, [])
        assert (await scene.account.mailbox("Gone out")).special_use == ()
        await scene.account.delete_mailbox("Gone out")
        with pytest.raises(NotFound):
            await scene.account.set_special_use(made.id, ["\\Sent"])

    # annotations

    @scenario
    async def test_what_is_noted_stays_with_its_mailbox(self, scene: Scene) -> None:
        account = scene.account
        box = await account.create_mailbox("box")
        await account.annotate(box.id, {"/private/b": b"2", "/private/a": b"1"})
        await account.annotate(None, {"/private/a": b"of the account"})
        await account.rename_mailbox("box", "other")
        assert await account.annotations(box.id) == {"/private/a": b"1", "/private/b": b"2"}
        await account.annotate(box.id, {"/private/a": None, "/private/b": b"3"})
        assert await account.annotations(box.id) == {"/private/b": b"3"}
        assert await account.annotations(None) == {"/private/a": b"of the account"}
        await account.delete_mailbox("other")
        with pytest.raises(NotFound):
            await account.annotations(box.id)
        with pytest.raises(NotFound):
            await account.annotate(box.id, {"/private/a": b"1"})

    @scenario
    async def test_too_many_annotations_are_refused_together(self, scene: Scene) -> None:
        many = {f"/private/{number}": b"x" for number in range(ANNOTATIONS_LIMIT)}
        await scene.account.annotate(None, many)
        with pytest.raises(TooManyAnnotations):
            await scene.account.annotate(None, {"/private/more": b"x", "/private/1": b"y"})
        assert await scene.account.annotations(None) == dict(sorted(many.items()))

    # access keys

    @scenario
    async def test_an_access_key_stays_until_it_is_replaced(self, scene: Scene) -> None:
        account = scene.account
        box = await account.create_mailbox("box")
        assert await account.access_key(box.id) is None
        assert await account.set_access_key(box.id, b"first", replace=False) == b"first"
        assert await account.set_access_key(box.id, b"other", replace=False) == b"first"
        await account.rename_mailbox("box", "renamed")
        assert await account.access_key(box.id) == b"first"
        assert await account.set_access_key(box.id, b"second", replace=True) == b"second"
        assert await account.access_key(box.id) == b"second"
        assert await account.access_key(INBOX) is None

    @scenario
    async def test_access_keys_go_with_their_mailbox_and_all_at_once(self, scene: Scene) -> None:
        account = scene.account
        box = await account.create_mailbox("box")
        for mailbox in (box.id, INBOX):
            await account.set_access_key(mailbox, b"key", replace=True)
        await account.delete_mailbox("box")
        for refused in (
            account.access_key(box.id),
            account.set_access_key(box.id, b"x", replace=True),
        ):
            with pytest.raises(NotFound):
                await refused
        assert await account.access_key(INBOX) == b"key"
        await account.forget_access_keys()
        assert await account.access_key(INBOX) is None
