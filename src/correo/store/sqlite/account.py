"""One account's mail over its SQLite file: join transactions, storage threads, blobs and bus.

`store` makes these; sessions share them. Each method is one piece of work for the account's
storage thread; the work itself is in the modules beside this one.
"""

from bisect import bisect_left
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from functools import partial
from typing import TypeVar, cast

import apsw

from correo.base.clock import Clock
from correo.base.errors import Refusal
from correo.message.words import Needle
from correo.store.api import BlobStore, Watch
from correo.store.bus import Bus
from correo.store.model import (
    FLAG_RIGHTS,
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
    Octets,
    Quota,
    RightsMode,
    Snapshot,
    StoredBlob,
    Unindexed,
    UnindexedMessage,
    Where,
)
from correo.store.names import looked_up, normal
from correo.store.sqlite import (
    access_keys,
    acl,
    annotations,
    changelog,
    filing,
    flagging,
    fulltext,
    mailboxes,
    reading,
    removing,
)
from correo.store.sqlite.database import Database
from correo.store.sqlite.entries import Entries
from correo.store.sqlite.fetching import BATCH_ROWS, Batch, BlobHeader, reader_of
from correo.store.sqlite.filing import Letter, letter_of
from correo.store.sqlite.group_commit import GroupCommit
from correo.store.sqlite.redo import record
from correo.store.sqlite.threads import StorageThreads
from correo.store.uidset import ascending

__all__ = ["SqliteAccountStore"]

FEW = 4  # entries read in the event loop; more, in the storage thread
SMALL_BATCH = 4  # messages filed in the event loop at a time; more go to the storage thread
COLLECT_STEP = 100  # messages deleted in one transaction, so that nobody waits for long

T = TypeVar("T")


class SqliteAccountStore:
    """One account's mail."""

    def __init__(
        self,
        account_id: AccountId,
        database: Database,
        threads: StorageThreads,
        blobs: BlobStore,
        bus: Bus,
        clock: Clock,
        background: Callable[[Coroutine[None, None, None]], None],
        group_commit: GroupCommit | None = None,
    ) -> None:
        self._account_id = account_id
        self._database = database
        self._threads = threads
        self._blobs = blobs
        self._bus = bus
        self._clock = clock
        self._background = background
        self._group_commit = group_commit
        self._is_collecting_due = False

    @property
    def account_id(self) -> AccountId:
        return self._account_id

    # mailboxes

    async def mailboxes(self) -> list[Mailbox]:
        return await self._read(mailboxes.list_all)

    async def mailbox(self, name: str) -> Mailbox:
        name = looked_up(name)
        return await self._threads.read_little(
            self._database, lambda c: mailboxes.mailbox_by_name(c, name)
        )

    async def create_mailbox(self, name: str, *, special_use: Sequence[str] = ()) -> Mailbox:
        name, now = normal(name), self._now()
        return await self._write(
            lambda c: mailboxes.create(c, name, special_use, now), lambda _: [None]
        )

    async def delete_mailbox(self, name: str) -> None:
        name = looked_up(name)
        await self._write(lambda c: mailboxes.delete(c, name), lambda gone: [gone, None])
        self.collect_soon()

    async def rename_mailbox(self, old: str, new: str) -> None:
        old, new, now = looked_up(old), normal(new), self._now()
        await self._write(
            lambda c: mailboxes.rename(c, old, new, now), lambda changed: [*changed, None]
        )

    async def set_special_use(self, mailbox: MailboxId, special_use: Sequence[str]) -> None:
        await self._write(
            lambda c: mailboxes.set_special_use(c, mailbox, special_use), lambda _: [None]
        )

    async def subscribe(self, name: str, *, subscribed: bool) -> None:
        name = normal(name)
        await self._write(
            lambda c: mailboxes.subscribe(c, name, subscribed=subscribed), lambda _: [None]
        )

    async def subscriptions(self) -> list[str]:
        return await self._read(mailboxes.subscriptions)

    # entries

    async def snapshot(self, mailbox: MailboxId) -> Snapshot:
        return await self._read(lambda c: reading.snapshot(c, mailbox))

    async def changes_since(self, mailbox: MailboxId, modseq: int) -> MailboxChanges:
        few = await self._threads.read_little(
            self._database, lambda c: changelog.few_changes_since(c, mailbox, modseq)
        )
        if few is not None:
            return few
        return await self._read(lambda c: changelog.changes_since(c, mailbox, modseq))

    async def fetch(
        self, mailbox: MailboxId, uids: Sequence[int], columns: Sequence[Column]
    ) -> AsyncIterator[list[tuple[object, ...]]]:
        reader = reader_of(tuple(columns))
        wanted = ascending(uids)

        def begin(start: int) -> Awaitable[Batch] | None:
            part = wanted[start : start + BATCH_ROWS]
            read = partial(reader.read, mailbox=mailbox, uids=part)
            if not part:
                return None
            if len(wanted) <= FEW:
                return self._threads.read_little(self._database, read)
            return self._threads.begin_read(self._database, read)

        start, reading = 0, begin(0)
        while reading is not None:
            batch = await reading
            start = bisect_left(wanted, batch.next_uid, start)
            reading = begin(start)  # while the caller works with this one
            if batch.rows:
                yield await self._with_blobs(batch.rows) if batch.has_blobs else batch.rows

    async def append(self, mailbox: MailboxId, batch: Sequence[NewMessage]) -> list[Appended]:
        now = self._now()
        letters = [await self._letter(message, now) for message in batch]

        def work(connection: apsw.Connection) -> list[Appended]:
            return filing.append(connection, mailbox, letters, now)

        if self._group_commit is None or not is_small(letters):
            return await self._write(work, lambda _: [mailbox])
        return await self._group_commit.write(
            self._database,
            work,
            record=lambda filed: record(self._account_id, mailbox, filed, letters, now),
            committed=lambda _: self._bus.announce(self._account_id, mailbox),
        )

    async def replace(
        self, source: MailboxId, uid: int, target: MailboxId, message: NewMessage
    ) -> Appended:
        now = self._now()
        letter = await self._letter(message, now)
        appended = await self._write(
            lambda c: removing.replace(c, source, uid, target, letter, now),
            lambda _: [source, target],
        )
        self.collect_soon()
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
        entries = Entries.these(mailbox, ascending(uids))
        return await self._write(
            lambda c: flagging.store_flags(
                c, mailbox, entries, mode, flags, unchanged_since, rights
            ),
            lambda stored: [mailbox] if stored.changed else [],
        )

    async def copy(self, source: MailboxId, uids: Sequence[int], target: MailboxId) -> list[Copied]:
        entries, now = Entries.these(source, ascending(uids)), self._now()
        return await self._write(
            lambda c: filing.copy(c, entries, target, now),
            lambda copied: [target] if copied else [],
        )

    async def move(self, source: MailboxId, uids: Sequence[int], target: MailboxId) -> list[Copied]:
        entries, now = Entries.these(source, ascending(uids)), self._now()
        return await self._write(
            lambda c: removing.move(c, source, entries, target, now),
            lambda moved: [source, target] if moved else [],
        )

    async def expunge(
        self, mailbox: MailboxId, uids: Sequence[int] | None, *, only_deleted: bool = True
    ) -> list[int]:
        if uids is None:
            entries = Entries.all_of(mailbox)
        else:
            entries = Entries.these(mailbox, ascending(uids))
        if only_deleted:
            entries = entries.with_deleted()
        gone = await self._write(
            lambda c: removing.expunge(c, mailbox, entries),
            lambda gone: [mailbox] if gone else [],
        )
        if gone:
            self.collect_soon()
        return gone

    # annotations

    async def annotations(self, mailbox: MailboxId | None) -> dict[str, bytes]:
        return await self._threads.read_little(
            self._database, lambda c: annotations.annotations(c, mailbox)
        )

    async def annotate(self, mailbox: MailboxId | None, notes: Mapping[str, bytes | None]) -> None:
        await self._write(lambda c: annotations.annotate(c, mailbox, notes), lambda _: [None])

    # access control lists

    async def acl(self, mailbox: MailboxId) -> dict[str, str]:
        return await self._threads.read_little(self._database, lambda c: acl.acl(c, mailbox))

    async def acls(self) -> dict[MailboxId, dict[str, str]]:
        return await self._threads.read_little(self._database, acl.acls)

    async def change_acl(
        self, mailbox: MailboxId, identifier: str, mode: RightsMode, rights: str
    ) -> None:
        await self._write(
            lambda c: acl.change_acl(c, mailbox, identifier, mode, rights), lambda _: [None]
        )

    # access keys

    async def access_key(self, mailbox: MailboxId) -> bytes | None:
        return await self._threads.read_little(
            self._database, lambda c: access_keys.access_key(c, mailbox)
        )

    async def set_access_key(self, mailbox: MailboxId, key: bytes, *, replace: bool) -> bytes:
        return await self._write(
            lambda c: access_keys.set_access_key(c, mailbox, key, replace=replace), lambda _: []
        )

    async def forget_access_keys(self) -> None:
        await self._write(access_keys.forget_access_keys, lambda _: [])

    # full-text index

    async def unindexed(self) -> Unindexed:
        after, rows = await self._read(fulltext.unindexed)
        opened = await self._with_blobs(rows)
        messages = [
            UnindexedMessage(cast("int", number), cast("bytes", tree), cast("Octets", octets))
            for number, tree, octets in opened
        ]
        return Unindexed(after, messages)

    async def index_texts(self, after: int, batch: Sequence[MessageRuns]) -> None:
        await self._write(lambda c: fulltext.add(c, after, batch), lambda _: [])

    async def holding(self, mailbox: MailboxId, needle: Needle, where: Where) -> Holding:
        return await self._read(lambda c: fulltext.holding(c, mailbox, needle, where))

    async def drop_text_index(self) -> None:
        await self._write(fulltext.drop, lambda _: [])

    # whole account

    async def usage(self) -> tuple[int, int]:
        return await self._read(mailboxes.usage)

    async def quota(self) -> Quota:
        return await self._read(mailboxes.quota)

    async def set_quota(self, quota: Quota) -> None:
        await self._write(lambda c: mailboxes.set_quota(c, quota), lambda _: [])

    def watch(self, woken: Callable[[MailboxId | None], None]) -> Watch:
        return self._bus.watch(self._account_id, woken)

    async def collect(self) -> int:
        """Delete the messages that no mailbox names any more; returns how many.

        Starts by itself after what makes messages homeless, and when the account is opened. The
        blobs they named are the blob store's to collect.
        """
        deleted = 0
        while await self._threads.write(self._database, removing.spare_named):
            deleted += await self._threads.write(
                self._database, lambda c: removing.delete_loose(c, COLLECT_STEP)
            )
        return deleted

    # inside

    def _now(self) -> int:
        return int(self._clock.now())

    async def _read(self, work: Callable[[apsw.Connection], T]) -> T:
        return await self._threads.read(self._database, work)

    async def _write(
        self,
        work: Callable[[apsw.Connection], T],
        touched: Callable[[T], Iterable[MailboxId | None]],
    ) -> T:
        """Commit a piece of work, then announce what it has touched (None: the list)."""

        def committed(result: T) -> None:
            for mailbox in touched(result):
                self._bus.announce(self._account_id, mailbox)

        return await self._threads.write(self._database, work, committed=committed)

    async def _letter(self, message: NewMessage, now: int) -> Letter:
        index, octets = message.index, message.octets
        date = now if message.internal_date is None else message.internal_date
        if isinstance(octets, bytes) and len(octets) > INLINE_LIMIT:
            octets = await self._blobs.put(octets)
        if isinstance(octets, bytes):
            return letter_of(index, octets, None, message.flags, date)
        self._blobs.keep(octets)
        first = b""
        if index.header_size <= INLINE_LIMIT:
            first = await self._blobs.open(octets).read(0, index.header_size)
        return letter_of(index, first, octets.digest, message.flags, date)

    async def _with_blobs(self, rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
        return [tuple([await self._opened(value) for value in row]) for row in rows]

    async def _opened(self, value: object) -> object:
        if isinstance(value, StoredBlob):
            return self._blobs.open(value)
        if isinstance(value, BlobHeader):
            return await self._blobs.open(value.blob).read(0, value.length)
        return value

    def collect_soon(self) -> None:
        if not self._is_collecting_due:
            self._is_collecting_due = True
            self._background(self._collect_while_due())

    async def _collect_while_due(self) -> None:
        while self._is_collecting_due:
            self._is_collecting_due = False
            try:
                await self.collect()
            except Refusal:  # no space, say: what is loose waits for the next occasion
                return


def is_small(letters: Sequence[Letter]) -> bool:
    """Whether filing them holds up the event loop for no longer than a delivery does."""
    octets = sum(len(each.header or b"") + len(each.body or b"") for each in letters)
    return len(letters) <= SMALL_BATCH and octets <= INLINE_LIMIT
