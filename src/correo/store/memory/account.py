"""One account's mail in dicts: the fake that tests use, held to the contract of the real one.

It never waits, keeps everything it was told in plain objects, and remembers every expunge. Nothing
here is fast; a mailbox of a few thousand messages is fine.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from correo.base.clock import Clock
from correo.base.errors import AlreadyExists, NotFound, OverQuota, Refusal
from correo.store.api import Watch
from correo.store.bus import Bus
from correo.store.conversation import email_id, mailbox_object_id, thread_id, thread_keys
from correo.store.flags import changed
from correo.store.memory.blobs import MemoryBlobStore
from correo.store.model import (
    INBOX,
    INLINE_LIMIT,
    AccountId,
    Appended,
    Change,
    Column,
    Copied,
    FlagMode,
    FlagsStored,
    Mailbox,
    MailboxChanges,
    MailboxId,
    NewMessage,
    Octets,
    Snapshot,
    StoredBlob,
)
from correo.store.names import in_order, looked_up, normal, parents, under
from correo.store.texts import storable

__all__ = ["MemoryAccountStore"]

BATCH_ROWS = 1000
USUAL = ("Sent", "Drafts", "Trash", "Junk", "Archive")


@dataclass(slots=True)
class Filed:
    """A message of the account, however many entries name it."""

    number: int
    thread: int
    message: NewMessage


@dataclass(slots=True)
class Entry:
    filed: Filed
    modseq: int
    flags: str
    internal_date: int
    save_date: int


@dataclass(slots=True)
class Box:
    """A mailbox: its entries by UID, ascending, and the UIDs that were expunged and when."""

    id: MailboxId
    name: str
    uid_validity: int
    highest_modseq: int
    special_use: tuple[str, ...]
    uid_next: int = 1
    entries: dict[int, Entry] = field(default_factory=dict)
    vanished: dict[int, int] = field(default_factory=dict)


class MemoryAccountStore:
    """One account's mail."""

    def __init__(
        self, account_id: AccountId, blobs: MemoryBlobStore, bus: Bus, clock: Clock
    ) -> None:
        self._account_id = account_id
        self._blobs = blobs
        self._bus = bus
        self._clock = clock
        self._number = 0
        self._last_mailbox = 0
        self._last_uid_validity = 0
        self._quota: int | None = None
        self._boxes: dict[MailboxId, Box] = {}
        self._threads: dict[int, int] = {}
        self._subscribed: set[str] = set()
        for name in ("INBOX", *USUAL):
            self._insert(name, () if name == "INBOX" else (f"\\{name}",))
            self._subscribed.add(name)

    @property
    def account_id(self) -> AccountId:
        return self._account_id

    # mailboxes

    async def mailboxes(self) -> list[Mailbox]:
        return in_order([self._counted(box) for box in self._boxes.values()])

    async def mailbox(self, name: str) -> Mailbox:
        return self._counted(self._named(looked_up(name)))

    async def create_mailbox(self, name: str, *, special_use: Sequence[str] = ()) -> Mailbox:
        name = normal(name)
        self._must_be_free(name)
        self._make_parents(name)
        box = self._insert(name, tuple(special_use))
        self._announce(None)
        return self._counted(box)

    async def delete_mailbox(self, name: str) -> None:
        box = self._named(looked_up(name))
        if box.id == INBOX:
            raise Refusal("5.5.4", "INBOX cannot be deleted")
        del self._boxes[box.id]
        self._next_number()
        self._announce(box.id, None)

    async def rename_mailbox(self, old: str, new: str) -> None:
        old, new = looked_up(old), normal(new)
        box = self._named(old)
        self._must_be_free(new)
        if box.id == INBOX:
            self._make_parents(new)
            target = self._insert(new, ())
            self._move(box, list(box.entries), target)
            self._announce(INBOX, target.id, None)
            return
        if under(new, old):
            raise Refusal("5.5.4", f"{old} cannot become a part of itself")
        moving = [each for each in self._boxes.values() if under(each.name, old)]
        for each in moving:
            self._must_be_free(new + each.name[len(old) :])
        self._make_parents(new)
        for each in (box, *moving):
            each.name = new + each.name[len(old) :]
            self._next_number()
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
        box = self._box(mailbox)
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
                    batch.append(await self._row(uid, entry, columns))
            if batch:
                yield batch

    async def append(self, mailbox: MailboxId, batch: Sequence[NewMessage]) -> list[Appended]:
        box = self._box(mailbox)
        messages = [self._with_blob(message) for message in batch]
        self._must_fit(sum(message.index.size for message in messages))
        now = int(self._clock.now())
        appended = []
        for message in messages:
            number = self._next_number()
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
        box = self._box(source)
        self._box(target)
        if uid not in box.entries:
            raise NotFound("the message is gone")
        self._must_fit(message.index.size - box.entries[uid].filed.message.index.size)
        self._remove(box, [uid])
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
    ) -> FlagsStored:
        box = self._box(mailbox)
        stored = FlagsStored([], [], [], box.highest_modseq)
        number = 0
        for uid in chosen(box, uids):
            entry = box.entries[uid]
            after = changed(entry.flags, mode, flags)
            if unchanged_since is not None and entry.modseq > unchanged_since:
                stored.conflicting.append(uid)
            elif after == entry.flags:
                stored.unchanged.append(as_change(uid, entry))
            else:
                number = number or self._next_number()
                entry.flags = after
                entry.modseq = box.highest_modseq = number
                stored.changed.append(as_change(uid, entry))
        if stored.changed:
            self._announce(mailbox)
        return stored

    async def copy(self, source: MailboxId, uids: Sequence[int], target: MailboxId) -> list[Copied]:
        into = self._box(target)
        box = self._boxes.get(source)
        present = [] if box is None else chosen(box, uids)
        if box is None or not present:
            return []
        self._must_fit(sum(box.entries[uid].filed.message.index.size for uid in present))
        copied = self._copy(box, present, into)
        self._announce(target)
        return copied

    async def move(self, source: MailboxId, uids: Sequence[int], target: MailboxId) -> list[Copied]:
        into = self._box(target)
        box = self._boxes.get(source)
        present = [] if box is None else chosen(box, uids)
        if box is None or not present:
            return []
        copied = self._move(box, present, into)
        self._announce(source, target)
        return copied

    async def expunge(
        self, mailbox: MailboxId, uids: Sequence[int] | None, *, only_deleted: bool = True
    ) -> list[int]:
        box = self._box(mailbox)
        gone = [
            uid
            for uid in (list(box.entries) if uids is None else chosen(box, uids))
            if not only_deleted or "\\Deleted" in box.entries[uid].flags
        ]
        if gone:
            self._remove(box, gone)
            self._announce(mailbox)
        return gone

    # whole account

    async def usage(self) -> tuple[int, int]:
        return self._used(), sum(len(box.entries) for box in self._boxes.values())

    async def quota(self) -> int | None:
        return self._quota

    async def set_quota(self, octets: int | None) -> None:
        self._quota = octets

    def watch(self, woken: Callable[[MailboxId | None], None]) -> Watch:
        return self._bus.watch(self._account_id, woken)

    def digests(self) -> set[str]:
        """The blobs that are named here."""
        return {
            entry.filed.message.octets.digest
            for box in self._boxes.values()
            for entry in box.entries.values()
            if isinstance(entry.filed.message.octets, StoredBlob)
        }

    def empty(self) -> None:
        """The account is removed: whoever holds it still finds nothing in it."""
        self._boxes.clear()

    # inside

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _announce(self, *mailboxes: MailboxId | None) -> None:
        for mailbox in mailboxes:
            self._bus.announce(self._account_id, mailbox)

    def _box(self, mailbox: MailboxId) -> Box:
        box = self._boxes.get(mailbox)
        if box is None:
            raise NotFound("the mailbox is gone")
        return box

    def _named(self, name: str) -> Box:
        for box in self._boxes.values():
            if box.name == name:
                return box
        raise NotFound(f"there is no mailbox {name}")

    def _must_be_free(self, name: str) -> None:
        if any(box.name == name for box in self._boxes.values()):
            raise AlreadyExists(f"there is a mailbox {name} already")

    def _make_parents(self, name: str) -> None:
        names = {box.name for box in self._boxes.values()}
        for above in parents(name):
            if above not in names:
                self._insert(above, ())

    def _insert(self, name: str, special_use: tuple[str, ...]) -> Box:
        self._last_mailbox += 1
        self._last_uid_validity = max(self._last_uid_validity + 1, int(self._clock.now()))
        box = Box(
            MailboxId(self._last_mailbox),
            name,
            self._last_uid_validity,
            self._next_number(),
            special_use,
        )
        self._boxes[box.id] = box
        return box

    def _counted(self, box: Box) -> Mailbox:
        sizes = {uid: entry.filed.message.index.size for uid, entry in box.entries.items()}
        deleted = [uid for uid, entry in box.entries.items() if "\\Deleted" in entry.flags]
        return Mailbox(
            id=box.id,
            name=box.name,
            object_id=mailbox_object_id(box.id),
            uid_validity=box.uid_validity,
            uid_next=box.uid_next,
            highest_modseq=box.highest_modseq,
            messages=len(box.entries),
            unseen=sum("\\Seen" not in entry.flags for entry in box.entries.values()),
            deleted=len(deleted),
            size=sum(sizes.values()),
            deleted_size=sum(sizes[uid] for uid in deleted),
            subscribed=box.name in self._subscribed,
            special_use=box.special_use,
        )

    def _used(self) -> int:
        return sum(self._counted(box).size for box in self._boxes.values())

    def _must_fit(self, more: int) -> None:
        if self._quota is not None and self._used() + more > self._quota:
            raise OverQuota(f"the account's {self._quota} octets do not hold {more} more")

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

    def _copy(self, box: Box, uids: Iterable[int], into: Box) -> list[Copied]:
        number = self._next_number()
        now = int(self._clock.now())
        copied = []
        for uid in uids:
            entry = box.entries[uid]
            into.entries[into.uid_next] = replace(entry, modseq=number, save_date=now)
            copied.append(Copied(uid, into.uid_next))
            into.uid_next += 1
        into.highest_modseq = number
        return copied

    def _move(self, box: Box, uids: list[int], into: Box) -> list[Copied]:
        if not uids:
            return []
        copied = self._copy(box, uids, into)
        self._remove(box, uids)
        return copied

    def _remove(self, box: Box, uids: Iterable[int]) -> None:
        box.highest_modseq = self._next_number()
        for uid in uids:
            del box.entries[uid]
            box.vanished[uid] = box.highest_modseq

    async def _row(self, uid: int, entry: Entry, columns: Sequence[Column]) -> tuple[object, ...]:
        return tuple([await self._value(uid, entry, column) for column in columns])

    async def _value(self, uid: int, entry: Entry, column: Column) -> object:
        filed, index = entry.filed, entry.filed.message.index
        match column:
            case Column.UID:
                return uid
            case Column.EMAIL_ID:
                return email_id(filed.number)
            case Column.THREAD_ID:
                return thread_id(filed.thread)
            case Column.IN_REPLY_TO:
                return b" ".join(index.in_reply_to)
            case Column.REFERENCES:
                return b" ".join(index.references)
            case Column.BASE_SUBJECT:
                return storable(index.base_subject)
            case Column.PREVIEW:
                return storable(index.preview)
            case Column.HAS_ATTACHMENT:
                return int(index.has_attachment)
            case Column.OCTETS:
                return self._octets(filed.message)
            case Column.HEADER:
                octets = self._octets(filed.message)
                if isinstance(octets, bytes):
                    return octets[: index.header_size]
                return await octets.read(0, index.header_size)
            case Column.MODSEQ | Column.FLAGS | Column.INTERNAL_DATE | Column.SAVE_DATE:
                return getattr(entry, column.value)
            case _:
                return getattr(index, column.value)

    def _octets(self, message: NewMessage) -> Octets:
        octets = message.octets
        return self._blobs.open(octets) if isinstance(octets, StoredBlob) else octets


def chosen(box: Box, uids: Iterable[int]) -> list[int]:
    """Those of the UIDs that are there, ascending."""
    return sorted(uid for uid in set(uids) if uid in box.entries)


def as_change(uid: int, entry: Entry) -> Change:
    return Change(uid, entry.modseq, entry.flags)
