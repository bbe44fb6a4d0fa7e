"""One account's mail in dicts: the fake that tests use, held to the contract of the real one.

It never waits, keeps everything it was told in plain objects, and remembers every expunge. Nothing
here is fast; a mailbox of a few thousand messages is fine.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

from correo.base.clock import Clock
from correo.base.errors import NotFound, Refusal, TooManyAnnotations, TooManyIdentifiers
from correo.message.words import Needle
from correo.store.api import Watch
from correo.store.bus import Bus
from correo.store.conversation import email_id, thread_keys
from correo.store.flags import changed
from correo.store.memory.blobs import MemoryBlobStore
from correo.store.memory.boxes import Box, Boxes, Entry, Filed, as_change, chosen, counted
from correo.store.memory.columns import row_of
from correo.store.model import (
    ANNOTATIONS_LIMIT,
    FLAG_RIGHTS,
    IDENTIFIERS_LIMIT,
    INBOX,
    INLINE_LIMIT,
    AccountId,
    Appended,
    Column,
    Copied,
    FlagMode,
    FlagsStored,
    Holding,
    Mailbox,
    MailboxChanges,
    MailboxId,
    MessageRuns,
    NewMessage,
    Quota,
    RightsMode,
    Snapshot,
    StoredBlob,
    Unindexed,
    Where,
)
from correo.store.names import in_order, looked_up, normal, parents, under
from correo.store.rights import changed as changed_rights

__all__ = ["MemoryAccountStore"]

BATCH_ROWS = 1000
USUAL = ("Sent", "Drafts", "Trash", "Junk", "Archive")


class MemoryAccountStore:
    """One account's mail."""

    def __init__(
        self, account_id: AccountId, blobs: MemoryBlobStore, bus: Bus, clock: Clock
    ) -> None:
        self._account_id = account_id
        self._blobs = blobs
        self._bus = bus
        self._clock = clock
        self._quota: int | None = None
        self._boxes = Boxes(clock)
        self._threads: dict[int, int] = {}
        self._subscribed: set[str] = set()
        self._annotations: dict[MailboxId | None, dict[str, bytes]] = {}
        self._access_keys: dict[MailboxId, bytes] = {}
        for name in ("INBOX", *USUAL):
            self._boxes.insert(name, () if name == "INBOX" else (f"\\{name}",))
            self._subscribed.add(name)

    @property
    def account_id(self) -> AccountId:
        return self._account_id

    # mailboxes

    async def mailboxes(self) -> list[Mailbox]:
        return in_order([self._counted(box) for box in self._boxes])

    async def mailbox(self, name: str) -> Mailbox:
        return self._counted(self._boxes.named(looked_up(name)))

    async def create_mailbox(self, name: str, *, special_use: Sequence[str] = ()) -> Mailbox:
        name = normal(name)
        self._boxes.must_be_free(name)
        self._boxes.must_have_room([*parents(name), name])
        self._boxes.make_parents(name)
        box = self._boxes.insert(name, tuple(special_use))
        self._announce(None)
        return self._counted(box)

    async def delete_mailbox(self, name: str) -> None:
        box = self._boxes.named(looked_up(name))
        if box.id == INBOX:
            raise Refusal("5.5.4", "INBOX cannot be deleted")
        self._boxes.drop(box)
        self._announce(box.id, None)

    async def rename_mailbox(self, old: str, new: str) -> None:
        old, new = looked_up(old), normal(new)
        box = self._boxes.named(old)
        self._boxes.must_be_free(new)
        if box.id == INBOX:
            self._boxes.must_have_room([*parents(new), new])
            self._boxes.make_parents(new)
            target = self._boxes.insert(new, ())
            self._boxes.move(box, list(box.entries), target)
            self._announce(INBOX, target.id, None)
            return
        if under(new, old):
            raise Refusal("5.5.4", f"{old} cannot become a part of itself")
        moving = [each for each in self._boxes if under(each.name, old)]
        for each in moving:
            self._boxes.must_be_free(new + each.name[len(old) :])
        self._boxes.must_have_room(parents(new))
        self._boxes.make_parents(new)
        for each in (box, *moving):
            each.name = new + each.name[len(old) :]
            self._boxes.next_number()
        self._announce(None)

    async def set_special_use(self, mailbox: MailboxId, special_use: Sequence[str]) -> None:
        self._boxes.box(mailbox).special_use = tuple(special_use)
        self._boxes.next_number()
        self._announce(None)

    async def subscribe(self, name: str, *, subscribed: bool) -> None:
        if subscribed:
            self._subscribed.add(normal(name))
        else:
            self._subscribed.discard(normal(name))
        self._announce(None)

    async def subscriptions(self) -> list[str]:
        return sorted(self._subscribed)

    # entries

    async def snapshot(self, mailbox: MailboxId) -> Snapshot:
        box = self._boxes.box(mailbox)
        entries = box.entries.values()
        return Snapshot(
            self._counted(box),
            list(box.entries),
            [entry.flags for entry in entries],
            [entry.modseq for entry in entries],
        )

    async def changes_since(self, mailbox: MailboxId, modseq: int) -> MailboxChanges:
        box = self._boxes.get(mailbox)
        if box is None:
            return MailboxChanges(0, 0, exists=False)
        return MailboxChanges(
            box.highest_modseq,
            box.uid_next,
            [as_change(uid, entry) for uid, entry in box.entries.items() if entry.modseq > modseq],
            sorted(uid for uid, when in box.vanished.items() if when > modseq),
        )

    async def fetch(
        self, mailbox: MailboxId, uids: Sequence[int], columns: Sequence[Column]
    ) -> AsyncIterator[list[tuple[object, ...]]]:
        box = self._boxes.get(mailbox)
        present = [] if box is None else chosen(box, uids)
        for start in range(0, len(present), BATCH_ROWS):
            batch = []
            for uid in present[start : start + BATCH_ROWS]:
                entry = box.entries.get(uid) if box is not None else None
                if entry is not None:
                    batch.append(await row_of(self._blobs, uid, entry, columns))
            if batch:
                yield batch

    async def append(self, mailbox: MailboxId, batch: Sequence[NewMessage]) -> list[Appended]:
        box = self._boxes.box(mailbox)
        messages = [self._with_blob(message) for message in batch]
        self._boxes.must_fit(sum(message.index.size for message in messages), len(messages))
        now = int(self._clock.now())
        appended = []
        for message in messages:
            number = self._boxes.next_number()
            filed = Filed(number, self._thread_of(number, message), message)
            date = now if message.internal_date is None else message.internal_date
            box.entries[box.uid_next] = Entry(filed, number, message.flags, date, now)
            appended.append(Appended(box.uid_next, number, email_id(number)))
            box.uid_next += 1
            box.highest_modseq = number
        self._announce(mailbox)
        return appended

    async def replace(
        self, source: MailboxId, uid: int, target: MailboxId, message: NewMessage
    ) -> Appended:
        box = self._boxes.box(source)
        self._boxes.box(target)
        if uid not in box.entries:
            raise NotFound("the message is gone")
        self._boxes.must_fit(message.index.size - box.entries[uid].size, 0)
        self._boxes.remove(box, [uid])
        [appended] = await self.append(target, [message])
        self._announce(source)
        return appended

    async def store_flags(
        self,
        mailbox: MailboxId,
        uids: Sequence[int],
        mode: FlagMode,
        flags: str,
        *,
        unchanged_since: int | None = None,
        rights: str = FLAG_RIGHTS,
    ) -> FlagsStored:
        box = self._boxes.box(mailbox)
        stored = FlagsStored([], [], [], box.highest_modseq)
        number = 0
        for uid in chosen(box, uids):
            entry = box.entries[uid]
            after = changed(entry.flags, mode, flags, rights)
            if unchanged_since is not None and entry.modseq > unchanged_since:
                stored.conflicting.append(uid)
            elif after == entry.flags:
                stored.unchanged.append(as_change(uid, entry))
            else:
                number = number or self._boxes.next_number()
                entry.flags = after
                entry.modseq = box.highest_modseq = number
                stored.changed.append(as_change(uid, entry))
        if stored.changed:
            self._announce(mailbox)
        return stored

    async def copy(self, source: MailboxId, uids: Sequence[int], target: MailboxId) -> list[Copied]:
        into = self._boxes.box(target)
        box = self._boxes.get(source)
        present = [] if box is None else chosen(box, uids)
        if box is None or not present:
            return []
        self._boxes.must_fit(sum(box.entries[uid].size for uid in present), len(present))
        copied = self._boxes.copy(box, present, into)
        self._announce(target)
        return copied

    async def move(self, source: MailboxId, uids: Sequence[int], target: MailboxId) -> list[Copied]:
        into = self._boxes.box(target)
        box = self._boxes.get(source)
        present = [] if box is None else chosen(box, uids)
        if box is None or not present:
            return []
        copied = self._boxes.move(box, present, into)
        self._announce(source, target)
        return copied

    async def expunge(
        self, mailbox: MailboxId, uids: Sequence[int] | None, *, only_deleted: bool = True
    ) -> list[int]:
        box = self._boxes.box(mailbox)
        gone = [
            uid
            for uid in (list(box.entries) if uids is None else chosen(box, uids))
            if not only_deleted or "\\Deleted" in box.entries[uid].flags
        ]
        if gone:
            self._boxes.remove(box, gone)
            self._announce(mailbox)
        return gone

    # whole account

    async def annotations(self, mailbox: MailboxId | None) -> dict[str, bytes]:
        if mailbox is not None:
            self._boxes.box(mailbox)
        return dict(sorted(self._annotations.get(mailbox, {}).items()))

    async def annotate(self, mailbox: MailboxId | None, notes: Mapping[str, bytes | None]) -> None:
        changed = {**await self.annotations(mailbox), **notes}
        kept = {entry: value for entry, value in changed.items() if value is not None}
        if len(kept) > ANNOTATIONS_LIMIT:
            raise TooManyAnnotations
        self._annotations[mailbox] = kept
        self._announce(None)

    async def acl(self, mailbox: MailboxId) -> dict[str, str]:
        return dict(sorted(self._boxes.box(mailbox).acl.items()))

    async def acls(self) -> dict[MailboxId, dict[str, str]]:
        return {box.id: await self.acl(box.id) for box in self._boxes if box.acl}

    async def change_acl(
        self, mailbox: MailboxId, identifier: str, mode: RightsMode, rights: str
    ) -> None:
        box = self._boxes.box(mailbox)
        new = changed_rights(box.acl.get(identifier, ""), mode, rights)
        if new and identifier not in box.acl and len(box.acl) >= IDENTIFIERS_LIMIT:
            raise TooManyIdentifiers
        box.acl[identifier] = new
        if not new:
            del box.acl[identifier]
        self._announce(None)

    async def access_key(self, mailbox: MailboxId) -> bytes | None:
        self._boxes.box(mailbox)
        return self._access_keys.get(mailbox)

    async def set_access_key(self, mailbox: MailboxId, key: bytes, *, replace: bool) -> bytes:
        there = await self.access_key(mailbox)
        if there is None or replace:
            self._access_keys[mailbox] = key
        return self._access_keys[mailbox]

    async def forget_access_keys(self) -> None:
        self._access_keys.clear()

    async def unindexed(self) -> Unindexed:
        return Unindexed(0, [])  # everything is in memory: there is nothing an index would spare

    async def index_texts(self, after: int, batch: Sequence[MessageRuns]) -> None:
        pass

    async def holding(self, mailbox: MailboxId, needle: Needle, where: Where) -> Holding:
        return Holding([], [], is_begun=False)

    async def drop_text_index(self) -> None:
        pass

    async def usage(self) -> tuple[int, int]:
        return self._boxes.used(), sum(len(box.entries) for box in self._boxes)

    async def quota(self) -> Quota:
        return self._boxes.quota

    async def set_quota(self, quota: Quota) -> None:
        self._boxes.quota = quota

    def watch(self, woken: Callable[[MailboxId | None], None]) -> Watch:
        return self._bus.watch(self._account_id, woken)

    def digests(self) -> set[str]:
        """The blobs that are named here."""
        return {
            entry.filed.message.octets.digest
            for box in self._boxes
            for entry in box.entries.values()
            if isinstance(entry.filed.message.octets, StoredBlob)
        }

    def empty(self) -> None:
        """The account is removed: whoever holds it still finds nothing in it."""
        self._boxes.clear()

    # inside

    def _announce(self, *mailboxes: MailboxId | None) -> None:
        for mailbox in mailboxes:
            self._bus.announce(self._account_id, mailbox)

    def _counted(self, box: Box) -> Mailbox:
        return counted(box, subscribed=box.name in self._subscribed)

    def _with_blob(self, message: NewMessage) -> NewMessage:
        if isinstance(message.octets, StoredBlob):
            self._blobs.keep(message.octets)
        elif len(message.octets) > INLINE_LIMIT:
            return replace(message, octets=self._blobs.take(message.octets))
        return message

    def _thread_of(self, number: int, message: NewMessage) -> int:
        keys = thread_keys(message.index)
        thread = min((self._threads[key] for key in keys if key in self._threads), default=number)
        for key in keys:
            self._threads.setdefault(key, thread)
        return thread
