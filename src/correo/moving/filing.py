"""File what comes from elsewhere in an account: in batches, and nothing twice.

A message that lies in the mailbox already, octet for octet, is not filed again, so that a move
that was interrupted can simply be repeated. Two equal messages at the source are two here as well:
each that lies here answers for one.

Durable is what `flush` has returned; `add` flushes when a batch is full.

Cost: a commit for BATCH messages; to find out what lies here already, one look at its list
and the octets of messages with the same size and Message-ID.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from correo.base.blobs import Blob
from correo.base.errors import AlreadyExists, NotFound
from correo.mailbox.append import Prepared, prepare
from correo.mailbox.flags import canonical, is_keyword
from correo.mailbox.names import valid
from correo.mailbox.spool import Spool
from correo.store.api import AccountStore, BlobStore
from correo.store.model import SYSTEM_FLAGS, Column, Mailbox, Octets, StoredBlob

__all__ = ["Filed", "Target", "mailbox_for", "possible_flags", "stored_digests"]

BATCH = 200  # messages in a commit
BATCH_OCTETS = 4 * 1024 * 1024
STEP = 256 * 1024  # octets of a large message read at a time
KNOWN_FLAGS = frozenset(flag.lower() for flag in (*SYSTEM_FLAGS, "\\Recent"))

Mark = TypeVar("Mark")


@dataclass(frozen=True, slots=True)
class Filed(Generic[Mark]):
    """A message that is durable here.

    mark: what the caller called it. digest: SHA-256 of its octets, hexadecimal.
    is_new: False if it lay here already.
    """

    mark: Mark
    uid: int
    digest: str
    size: int
    is_new: bool


@dataclass(slots=True)
class Waiting(Generic[Mark]):
    mark: Mark
    prepared: Prepared
    digest: str
    flags: str
    internal_date: int | None


class Target(Generic[Mark]):
    """One mailbox on its way to be filled; made by a task that alone uses it.

    Args:
        taken: UIDs of messages here that answer for others already.
    """

    def __init__(
        self, account: AccountStore, blobs: BlobStore, mailbox: Mailbox, taken: Iterable[int] = ()
    ) -> None:
        self.mailbox = mailbox
        self._account = account
        self._blobs = blobs
        self._taken = set(taken)
        self._known: dict[tuple[int, bytes], list[int]] | None = None
        self._batch: list[Waiting[Mark]] = []
        self._batch_octets = 0

    async def add(
        self,
        mark: Mark,
        source: bytes | Spool,
        flags: Iterable[str] = (),
        internal_date: int | None = None,
    ) -> list[Filed[Mark]]:
        """Take a message; what has become durable by it.

        Raises:
            OverQuota, StorageFull, NotFound: the batch is not filed, earlier ones are.
        """
        prepared = await prepare(source, self._blobs)
        digest = digest_of(prepared.octets)
        uid = await self._same(prepared, digest)
        if uid is not None:
            self._taken.add(uid)
            return [Filed(mark, uid, digest, prepared.index.size, is_new=False)]
        letter = Waiting(mark, prepared, digest, canonical(possible_flags(flags)), internal_date)
        self._batch.append(letter)
        self._batch_octets += prepared.index.size
        if len(self._batch) >= BATCH or self._batch_octets >= BATCH_OCTETS:
            return await self.flush()
        return []

    async def flush(self) -> list[Filed[Mark]]:
        """File what waits. Raises as `add`."""
        batch, self._batch, self._batch_octets = self._batch, [], 0
        if not batch:
            return []
        letters = [each.prepared.new(each.flags, each.internal_date) for each in batch]
        appended = await self._account.append(self.mailbox.id, letters)
        self._taken.update(each.uid for each in appended)
        return [
            Filed(each.mark, place.uid, each.digest, each.prepared.index.size, is_new=True)
            for each, place in zip(batch, appended, strict=True)
        ]

    async def _same(self, prepared: Prepared, digest: str) -> int | None:
        """A message here with these octets that answers for no other yet."""
        if self._known is None:
            self._known = await self._look()
        key = (prepared.index.size, prepared.index.message_id)
        for uid in self._known.get(key, ()):
            if uid in self._taken:
                continue
            if await stored_digest(self._account, self.mailbox, uid) == digest:
                return uid
        return None

    async def _look(self) -> dict[tuple[int, bytes], list[int]]:
        """What lay here at the beginning."""
        snapshot = await self._account.snapshot(self.mailbox.id)
        columns = (Column.UID, Column.SIZE, Column.MESSAGE_ID)
        known: dict[tuple[int, bytes], list[int]] = {}
        async for rows in self._account.fetch(self.mailbox.id, snapshot.uids, columns):
            for uid, size, message_id in cast("list[tuple[int, int, bytes]]", rows):
                known.setdefault((size, message_id), []).append(uid)
        return known


def digest_of(octets: bytes | StoredBlob) -> str:
    if isinstance(octets, StoredBlob):
        return octets.digest
    return hashlib.sha256(octets).hexdigest()


async def stored_digest(account: AccountStore, mailbox: Mailbox, uid: int) -> str | None:
    """SHA-256 of a message as it is read back; None if it is gone. Raises DamagedStore."""
    return (await stored_digests(account, mailbox, [uid])).get(uid)


async def stored_digests(
    account: AccountStore, mailbox: Mailbox, uids: Sequence[int]
) -> dict[int, str]:
    """As stored_digest, of many; without those that are gone."""
    columns = (Column.UID, Column.OCTETS)
    found = {}
    async for rows in account.fetch(mailbox.id, uids, columns):
        for uid, octets in cast("list[tuple[int, Octets]]", rows):
            if isinstance(octets, bytes):
                found[uid] = hashlib.sha256(octets).hexdigest()
            else:
                found[uid] = await blob_digest(octets)
    return found


async def blob_digest(blob: Blob) -> str:
    digest = hashlib.sha256()
    for start in range(0, blob.size, STEP):
        digest.update(await blob.read(start, STEP))
    return digest.hexdigest()


def possible_flags(flags: Iterable[str]) -> list[str]:
    """Those of other servers' flags that can be flags here."""
    return [
        flag
        for flag in flags
        if flag.lower() in KNOWN_FLAGS or (not flag.startswith("\\") and is_keyword(flag))
    ]


async def mailbox_for(account: AccountStore, name: str) -> Mailbox:
    """The mailbox of this name, made and subscribed to if it is missing. Raises Refusal."""
    try:
        return await account.mailbox(name)
    except NotFound:
        pass
    try:
        made = await account.create_mailbox(valid(name))
    except AlreadyExists:  # somebody else was quicker
        return await account.mailbox(name)
    await account.subscribe(made.name, subscribed=True)
    return made
