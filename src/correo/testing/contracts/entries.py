"""What every account store must do with messages in mailboxes."""

import asyncio
import hashlib

import pytest

from correo.base.blobs import Blob
from correo.base.errors import DamagedStore, NotFound, OverQuota
from correo.store.model import (
    INBOX,
    INLINE_LIMIT,
    AccountId,
    Column,
    Copied,
    FlagMode,
    MailboxId,
    Quota,
    StoredBlob,
)
from correo.testing.contracts.scene import Scene, StoreContract, new_message, scenario

__all__ = ["EntriesContract"]

GONE = MailboxId(999)


class EntriesContract(StoreContract):
    # append

    @scenario
    async def test_uids_and_mod_sequences_ascend_with_every_append(self, scene: Scene) -> None:
        before = await scene.modseq()
        appended = await scene.append("", "\\Seen") + await scene.append("")
        assert [each.uid for each in appended] == [1, 2, 3]
        modseqs = [each.modseq for each in appended]
        assert modseqs == sorted(modseqs)
        assert modseqs[0] > before
        assert await scene.modseq() == modseqs[-1]
        assert len({each.email_id for each in appended}) == 3

    @scenario
    async def test_counters_follow_what_happens(self, scene: Scene) -> None:
        await scene.append("\\Seen", "", "\\Deleted \\Seen", "\\Deleted", size=300)
        inbox = await scene.account.mailbox("INBOX")
        assert (inbox.messages, inbox.unseen, inbox.deleted) == (4, 2, 2)
        assert (inbox.size, inbox.deleted_size, inbox.uid_next) == (1200, 600, 5)
        await scene.account.store_flags(INBOX, [2, 3], FlagMode.REPLACE, "\\Seen")
        inbox = await scene.account.mailbox("INBOX")
        assert (inbox.messages, inbox.unseen, inbox.deleted, inbox.deleted_size) == (4, 1, 1, 300)
        await scene.account.expunge(INBOX, None)
        inbox = await scene.account.mailbox("INBOX")
        assert (inbox.messages, inbox.unseen, inbox.deleted, inbox.size) == (3, 0, 0, 900)

    @scenario
    async def test_a_uid_is_never_given_twice_in_a_mailbox(self, scene: Scene) -> None:
        await scene.append("", "")
        await scene.account.expunge(INBOX, None, only_deleted=False)
        [appended] = await scene.append("")
        assert appended.uid == 3

    @scenario
    async def test_an_email_id_is_never_given_twice(self, scene: Scene) -> None:
        first = await scene.append("")
        await scene.account.expunge(INBOX, None, only_deleted=False)
        second = await scene.append("")
        assert first[0].email_id != second[0].email_id

    @scenario
    async def test_appending_to_a_mailbox_that_is_gone_files_nothing(self, scene: Scene) -> None:
        with pytest.raises(NotFound):
            await scene.append("", mailbox=GONE)
        assert await scene.account.usage() == (0, 0)

    @scenario
    async def test_appends_at_the_same_time_all_get_their_own_uids(self, scene: Scene) -> None:
        appended = await asyncio.gather(*(scene.append("", "") for _ in range(20)))
        assert all(second.uid == first.uid + 1 for first, second in appended)
        uids = sorted(each.uid for pair in appended for each in pair)
        assert uids == list(range(1, 41))
        assert (await scene.account.snapshot(INBOX)).uids == uids

    @scenario
    async def test_dates_are_those_given_or_the_moment_of_the_append(self, scene: Scene) -> None:
        now = int(scene.clock.now())
        await scene.account.append(INBOX, [new_message(internal_date=5), new_message()])
        rows = await scene.rows([1, 2], Column.INTERNAL_DATE, Column.SAVE_DATE, Column.SENT_DATE)
        assert rows == [(5, now, 1_700_000_000), (now, now, 1_700_000_000)]

    # quota

    @scenario
    async def test_what_passes_the_quota_is_not_filed_at_all(self, scene: Scene) -> None:
        await scene.account.set_quota(Quota(500))
        with pytest.raises(OverQuota):
            await scene.append("", "", "", size=200)
        assert await scene.account.usage() == (0, 0)
        await scene.append("", "", size=200)
        with pytest.raises(OverQuota):
            await scene.account.copy(INBOX, [1], await scene.named("Sent"))
        await scene.account.move(INBOX, [1], await scene.named("Sent"))
        assert await scene.account.usage() == (400, 2)
        await scene.account.set_quota(Quota())
        await scene.append("", "", size=200)
        assert await scene.account.usage() == (800, 4)

    @scenario
    async def test_messages_beyond_their_number_are_not_filed_at_all(self, scene: Scene) -> None:
        account, sent = scene.account, await scene.named("Sent")
        await account.set_quota(Quota(messages=2))
        with pytest.raises(OverQuota):
            await scene.append("", "", "")
        await scene.append("", "")
        with pytest.raises(OverQuota):
            await scene.append("")
        with pytest.raises(OverQuota):
            await account.copy(INBOX, [1], sent)
        await account.move(INBOX, [1], sent)
        await account.replace(INBOX, 2, sent, new_message())
        assert (await account.usage())[1] == 2
        assert await account.quota() == Quota(messages=2)

    @scenario
    async def test_mailboxes_beyond_their_number_are_not_made(self, scene: Scene) -> None:
        account = scene.account
        there = len(await account.mailboxes())
        await account.set_quota(Quota(mailboxes=there + 2))
        with pytest.raises(OverQuota):
            await account.create_mailbox("a/b/c")
        assert len(await account.mailboxes()) == there
        await account.create_mailbox("a/b")
        for name in ("x", "a/b/c"):
            with pytest.raises(OverQuota):
                await account.create_mailbox(name)
        for old in ("INBOX", "Sent"):
            with pytest.raises(OverQuota):
                await account.rename_mailbox(old, "x/y")
        await account.rename_mailbox("Sent", "a/Sent")
        await account.delete_mailbox("Junk")
        await account.rename_mailbox("INBOX", "old")
        assert len(await account.mailboxes()) == there + 2

    @scenario
    async def test_what_is_there_when_a_limit_comes_stays(self, scene: Scene) -> None:
        await scene.append("", "")
        there = len(await scene.account.mailboxes())
        await scene.account.set_quota(Quota(0, 0, 0))
        assert (await scene.account.usage())[1] == 2
        assert len(await scene.account.mailboxes()) == there
        await scene.account.rename_mailbox("Sent", "Gone")

    @scenario
    async def test_every_entry_counts_against_the_quota(self, scene: Scene) -> None:
        await scene.append("", size=200)
        await scene.account.copy(INBOX, [1], await scene.named("Sent"))
        assert await scene.account.usage() == (400, 2)

    # fetch

    @scenario
    async def test_every_column_comes_back_as_the_index_has_it(self, scene: Scene) -> None:
        message = new_message(
            "hello",
            flags="\\Seen x",
            subject="Plan",
            message_id=b"1@x",
            in_reply_to=[b"0@x"],
            references=[b"00@x", b"0@x"],
        )
        [appended] = await scene.account.append(INBOX, [message])
        assert isinstance(message.octets, bytes)
        expected: dict[Column, object] = {
            Column.UID: 1,
            Column.MODSEQ: appended.modseq,
            Column.FLAGS: "\\Seen x",
            Column.SIZE: 200,
            Column.EMAIL_ID: appended.email_id,
            Column.ENVELOPE: b'(NIL "Plan" NIL)',
            Column.BODYSTRUCTURE: b'("TEXT" "PLAIN" NIL)',
            Column.BODY: b'("TEXT")',
            Column.HEADER: b"Subject: Plan\r\nX-Text: hello\r\n\r\n",
            Column.STRUCTURE: b"\x01structure",
            Column.OCTETS: message.octets,
            Column.BASE_SUBJECT: "Plan",
            Column.MESSAGE_ID: b"1@x",
            Column.IN_REPLY_TO: b"0@x",
            Column.REFERENCES: b"00@x 0@x",
            Column.PREVIEW: "hello",
            Column.HAS_ATTACHMENT: 0,
        }
        for column, value in expected.items():
            assert await scene.rows([1], column) == [(value,)]
        assert await scene.rows([1], *expected) == [tuple(expected.values())]
        turned = tuple(reversed(expected))
        assert await scene.rows([1], *turned) == [tuple(expected[column] for column in turned)]

    @scenario
    async def test_text_that_has_no_utf8_form_is_stored_all_the_same(self, scene: Scene) -> None:
        message = new_message("plain")
        message.index.base_subject = "half \ud83d, NUL \0, whole \U0001f600"
        message.index.preview = "\udcff"
        await scene.account.append(INBOX, [message])
        assert await scene.rows([1], Column.BASE_SUBJECT, Column.PREVIEW, Column.OCTETS) == [
            ("half ?, NUL \0, whole \U0001f600", "?", message.octets)
        ]

    @scenario
    async def test_rows_ascend_and_leave_out_what_is_not_there(self, scene: Scene) -> None:
        await scene.append("", "", "", "", "")
        await scene.account.expunge(INBOX, [3], only_deleted=False)
        assert await scene.rows([5, 2, 2, 3, 77, 1], Column.UID) == [(1,), (2,), (5,)]
        assert await scene.rows([1, 2, 3, 4, 5], Column.UID) == [(1,), (2,), (4,), (5,)]
        assert await scene.rows([], Column.UID) == []
        assert await scene.rows([77], Column.UID) == []

    @scenario
    async def test_many_rows_come_in_several_batches_none_twice(self, scene: Scene) -> None:
        await scene.account.append(INBOX, [new_message() for _ in range(2500)])
        sizes = []
        uids: list[object] = []
        async for batch in scene.account.fetch(INBOX, range(1, 2501), [Column.UID]):
            sizes.append(len(batch))
            uids.extend(uid for (uid,) in batch)
        assert max(sizes) <= 1000
        assert uids == list(range(1, 2501))

    @scenario
    async def test_a_large_message_comes_as_a_blob_with_its_header_at_hand(
        self, scene: Scene
    ) -> None:
        message = new_message("large", size=INLINE_LIMIT + 1)
        octets = message.octets
        assert isinstance(octets, bytes)
        name = await scene.store.blobs.put(octets)
        message.octets = name
        await scene.append("")
        await scene.account.append(INBOX, [message])
        rows = await scene.rows([1, 2], Column.HEADER, Column.OCTETS, Column.UID)
        assert isinstance(rows[0][1], bytes)
        assert rows[1][0] == octets[: message.index.header_size]
        blob = rows[1][1]
        assert not isinstance(blob, bytes)
        assert await as_blob(blob).read(0, 1 << 30) == octets
        assert (as_blob(blob).size, rows[1][2]) == (len(octets), 2)

    @scenario
    async def test_octets_too_large_for_a_row_are_made_a_blob(self, scene: Scene) -> None:
        message = new_message(size=INLINE_LIMIT + 1)
        await scene.account.append(INBOX, [message])
        [(blob,)] = await scene.rows([1], Column.OCTETS)
        assert await as_blob(blob).read(0, 1 << 30) == message.octets

    @scenario
    async def test_a_header_too_large_for_a_row_is_read_from_the_blob(self, scene: Scene) -> None:
        message = new_message("y" * (INLINE_LIMIT + 1), size=0)
        await scene.account.append(INBOX, [message])
        assert await scene.rows([1], Column.HEADER, Column.SIZE) == [
            (message.octets, message.index.size)
        ]

    @scenario
    async def test_a_message_whose_blob_is_missing_is_not_filed(self, scene: Scene) -> None:
        octets = b"never stored"
        name = StoredBlob(hashlib.sha256(octets).hexdigest(), len(octets))
        with pytest.raises(DamagedStore):
            await scene.account.append(INBOX, [new_message(blob=name)])
        assert await scene.account.usage() == (0, 0)

    # flags

    @scenario
    async def test_flags_are_replaced_added_and_removed(self, scene: Scene) -> None:
        await scene.append("\\Seen", "\\Flagged $Junk", "")
        change = scene.account.store_flags
        await change(INBOX, [1, 2], FlagMode.ADD, "\\Answered a")
        assert await scene.flags() == {
            1: "\\Answered \\Seen a", 2: "\\Answered \\Flagged $Junk a", 3: "",
        }  # fmt: skip
        await change(INBOX, [2, 3], FlagMode.REMOVE, "\\Flagged a")
        await change(INBOX, [1, 3], FlagMode.REPLACE, "\\Draft")
        assert await scene.flags() == {1: "\\Draft", 2: "\\Answered $Junk", 3: "\\Draft"}

    @scenario
    async def test_keywords_are_the_same_in_any_case(self, scene: Scene) -> None:
        await scene.append("$Junk")
        stored = await scene.account.store_flags(INBOX, [1], FlagMode.ADD, "$JUNK")
        assert stored.changed == []
        stored = await scene.account.store_flags(INBOX, [1], FlagMode.REMOVE, "$junk")
        assert [change.flags for change in stored.changed] == [""]

    @scenario
    async def test_all_that_change_get_one_new_mod_sequence_and_no_other(
        self, scene: Scene
    ) -> None:
        await scene.append("\\Seen", "", "", "")
        before = await scene.account.snapshot(INBOX)
        stored = await scene.account.store_flags(INBOX, [1, 2, 4, 9], FlagMode.ADD, "\\Seen")
        assert stored.previous_modseq == before.mailbox.highest_modseq
        modseq = await scene.modseq()
        assert modseq > before.mailbox.highest_modseq
        assert stored.changed == [(2, modseq, "\\Seen"), (4, modseq, "\\Seen")]
        assert stored.unchanged == [(1, before.modseqs[0], "\\Seen")]
        assert stored.conflicting == []
        after = await scene.account.snapshot(INBOX)
        assert after.modseqs == [before.modseqs[0], modseq, before.modseqs[2], modseq]

    @scenario
    async def test_what_changes_nothing_raises_no_mod_sequence(self, scene: Scene) -> None:
        await scene.append("\\Seen")
        before = await scene.modseq()
        await scene.account.store_flags(INBOX, [1], FlagMode.ADD, "\\Seen")
        await scene.account.store_flags(INBOX, [7], FlagMode.ADD, "\\Seen")
        await scene.account.expunge(INBOX, None)
        await scene.account.copy(INBOX, [7], INBOX)
        assert await scene.modseq() == before

    @scenario
    async def test_one_message_takes_the_place_of_another(self, scene: Scene) -> None:
        await scene.append("", "")
        account = scene.account
        other = await account.create_mailbox("Other")
        appended = await account.replace(INBOX, 1, other.id, new_message("instead"))
        assert (appended.uid, (await account.snapshot(INBOX)).uids) == (1, [2])
        appended = await account.replace(INBOX, 2, INBOX, new_message("again"))
        assert (appended.uid, (await account.snapshot(INBOX)).uids) == (3, [3])
        assert (await account.changes_since(INBOX, 0)).vanished == [1, 2]
        with pytest.raises(NotFound):
            await account.replace(INBOX, 2, INBOX, new_message("too late"))
        with pytest.raises(NotFound):
            await account.replace(INBOX, 3, GONE, new_message("nowhere"))
        assert (await account.snapshot(INBOX)).uids == [3]

    @scenario
    async def test_a_replacement_counts_for_what_it_has_more(self, scene: Scene) -> None:
        await scene.append("")
        used, _ = await scene.account.usage()
        await scene.account.set_quota(Quota(used))
        same = await scene.account.replace(INBOX, 1, INBOX, new_message("x", size=used))
        with pytest.raises(OverQuota):
            await scene.account.replace(INBOX, same.uid, INBOX, new_message("x", size=used + 1))
        assert (await scene.account.snapshot(INBOX)).uids == [same.uid]

    @scenario
    async def test_entries_changed_since_are_left_alone(self, scene: Scene) -> None:
        first, second, third = await scene.append("", "", "")
        stored = await scene.account.store_flags(
            INBOX, [1, 2, 3], FlagMode.ADD, "x", unchanged_since=second.modseq
        )
        assert [change.uid for change in stored.changed] == [1, 2]
        assert stored.conflicting == [3]
        stored = await scene.account.store_flags(
            INBOX, [1, 3], FlagMode.ADD, "x", unchanged_since=third.modseq
        )
        assert ([each.uid for each in stored.changed], stored.conflicting) == ([3], [1])
        assert first.modseq < second.modseq

    @scenario
    async def test_flags_of_a_mailbox_that_is_gone_are_not_found(self, scene: Scene) -> None:
        with pytest.raises(NotFound):
            await scene.account.store_flags(GONE, [1], FlagMode.ADD, "x")
        with pytest.raises(NotFound):
            await scene.account.expunge(GONE, None)

    # copy, move, expunge

    @scenario
    async def test_a_copy_is_the_same_message_with_its_flags_and_date(self, scene: Scene) -> None:
        sent = await scene.named("Sent")
        await scene.append("", mailbox=sent)
        await scene.account.append(
            INBOX, [new_message(flags="\\Seen x", internal_date=7), new_message(), new_message()]
        )
        await scene.clock.advance(100)
        before = await scene.modseq(sent)
        copied = await scene.account.copy(INBOX, [3, 1, 9], sent)
        assert copied == [Copied(1, 2), Copied(3, 3)]
        columns = (Column.EMAIL_ID, Column.THREAD_ID, Column.FLAGS, Column.INTERNAL_DATE)
        [original, _, _] = await scene.rows([1, 2, 3], *columns)
        assert await scene.rows([2], *columns, mailbox=sent) == [original]
        now = int(scene.clock.now())
        [saved, saved_before] = await scene.rows([2, 1], Column.SAVE_DATE, mailbox=sent)
        assert (saved, saved_before) == ((now - 100,), (now,))
        assert await scene.modseq(sent) > before
        assert await scene.account.usage() == (1200, 6)

    @scenario
    async def test_a_message_can_be_copied_within_its_mailbox(self, scene: Scene) -> None:
        await scene.append("a", "b")
        assert await scene.account.copy(INBOX, [1, 2], INBOX) == [(1, 3), (2, 4)]
        assert await scene.flags() == {1: "a", 2: "b", 3: "a", 4: "b"}
        assert await scene.account.move(INBOX, [1], INBOX) == [(1, 5)]
        assert await scene.flags() == {2: "b", 3: "a", 4: "b", 5: "a"}

    @scenario
    async def test_copying_to_a_mailbox_that_is_gone_is_not_found(self, scene: Scene) -> None:
        await scene.append("")
        with pytest.raises(NotFound):
            await scene.account.copy(INBOX, [1], GONE)
        with pytest.raises(NotFound):
            await scene.account.move(INBOX, [1], GONE)
        assert await scene.account.copy(GONE, [1], INBOX) == []
        assert await scene.flags() == {1: ""}

    @scenario
    async def test_moving_is_copying_and_vanishing_at_once(self, scene: Scene) -> None:
        trash = await scene.named("Trash")
        await scene.append("\\Seen", "", "\\Deleted")
        before = await scene.modseq()
        [(email_id,)] = await scene.rows([1], Column.EMAIL_ID)
        assert await scene.account.move(INBOX, [1, 3, 8], trash) == [(1, 1), (3, 2)]
        assert await scene.flags() == {2: ""}
        assert await scene.flags(trash) == {1: "\\Seen", 2: "\\Deleted"}
        assert await scene.rows([1], Column.EMAIL_ID, mailbox=trash) == [(email_id,)]
        assert (await scene.account.changes_since(INBOX, before)).vanished == [1, 3]

    @scenario
    async def test_expunge_takes_what_is_deleted_of_all_or_of_some(self, scene: Scene) -> None:
        await scene.append("\\Deleted", "", "\\Deleted", "\\Deleted \\Seen", "\\Deleted")
        assert await scene.account.expunge(INBOX, [2, 3, 5, 77]) == [3, 5]
        assert await scene.account.expunge(INBOX, None) == [1, 4]
        assert await scene.account.expunge(INBOX, None) == []
        assert list(await scene.flags()) == [2]

    @scenario
    async def test_expunge_may_ask_for_uids_whatever_their_flags(self, scene: Scene) -> None:
        await scene.append("", "\\Deleted", "")
        assert await scene.account.expunge(INBOX, [3, 1], only_deleted=False) == [1, 3]
        assert await scene.account.expunge(INBOX, [], only_deleted=False) == []
        assert list(await scene.flags()) == [2]

    @scenario
    async def test_a_copy_lives_on_when_the_original_is_expunged(self, scene: Scene) -> None:
        sent = await scene.named("Sent")
        message = new_message("kept")
        await scene.account.append(INBOX, [message])
        await scene.account.copy(INBOX, [1], sent)
        await scene.account.expunge(INBOX, None, only_deleted=False)
        await scene.store.close()
        assert await scene.rows([1], Column.OCTETS, mailbox=sent) == [(message.octets,)]

    # threads

    @scenario
    async def test_a_reply_is_of_the_thread_of_what_it_answers(self, scene: Scene) -> None:
        plan = new_message(subject="Plan", message_id=b"1@x")
        reply = new_message(subject=" plan", message_id=b"2@x", in_reply_to=[b"1@x"])
        again = new_message(subject="Plan", message_id=b"3@x", references=[b"0@x", b"2@x"])
        other = new_message(subject="Other", message_id=b"4@x", in_reply_to=[b"1@x"])
        await scene.account.append(INBOX, [plan, reply, again, other])
        threads = await self.threads(scene, 4)
        assert threads[0] == threads[1] == threads[2] != threads[3]

    @scenario
    async def test_a_thread_is_found_in_whatever_order_its_messages_come(
        self, scene: Scene
    ) -> None:
        reply = new_message(subject="Plan", message_id=b"2@x", in_reply_to=[b"1@x"])
        plan = new_message(subject="Plan", message_id=b"1@x")
        await scene.account.append(await scene.named("Sent"), [reply])
        await scene.account.append(INBOX, [plan])
        [(first,)] = await scene.rows([1], Column.THREAD_ID)
        [(second,)] = await scene.rows([1], Column.THREAD_ID, mailbox=await scene.named("Sent"))
        assert first == second

    @scenario
    async def test_joining_two_threads_goes_to_the_older_and_changes_neither(
        self, scene: Scene
    ) -> None:
        first = new_message(subject="Plan", message_id=b"1@x")
        second = new_message(subject="Plan", message_id=b"2@x")
        joining = new_message(subject="Plan", message_id=b"3@x", references=[b"2@x", b"1@x"])
        await scene.account.append(INBOX, [first, second])
        before = await self.threads(scene, 2)
        await scene.account.append(INBOX, [joining])
        assert await self.threads(scene, 3) == [*before, before[0]]
        assert before[0] != before[1]

    @scenario
    async def test_messages_without_identifiers_are_threads_of_their_own(
        self, scene: Scene
    ) -> None:
        await scene.account.append(INBOX, [new_message(subject="Plan") for _ in range(3)])
        threads = await self.threads(scene, 3)
        assert len(set(threads)) == 3
        assert all(isinstance(each, str) and each.startswith("T") for each in threads)

    async def threads(self, scene: Scene, count: int) -> list[object]:
        return [thread for (thread,) in await scene.rows(range(1, count + 1), Column.THREAD_ID)]

    # blobs

    @scenario
    async def test_accounts_share_a_blob_and_it_stays_until_the_last_has_let_go(
        self, scene: Scene
    ) -> None:
        bob = await scene.store.create(AccountId("bob"))
        message = new_message("shared", size=INLINE_LIMIT + 1)
        await scene.account.append(INBOX, [message])
        await bob.append(INBOX, [message])
        await scene.account.expunge(INBOX, None, only_deleted=False)
        await scene.clock.advance(7200)
        assert await self.collected(scene) == 0
        async for [(blob,)] in bob.fetch(INBOX, [1], [Column.OCTETS]):
            assert await as_blob(blob).read(0, 1 << 30) == message.octets
        await bob.expunge(INBOX, None, only_deleted=False)
        assert await self.collected(scene) == 1

    async def collected(self, scene: Scene) -> int:
        """Let deleted messages go for good, then collect; how many blobs that removed."""
        raise NotImplementedError


def as_blob(value: object) -> Blob:
    assert not isinstance(value, bytes)
    return value  # type: ignore[return-value]  # whatever is not bytes in this column
