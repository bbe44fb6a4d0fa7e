"""A spool keeps small messages in memory and large ones among the blobs."""

import asyncio
from typing import cast

import pytest

from correo.base.errors import StorageFull, UsageError
from correo.mailbox.append import deliver, prepare
from correo.mailbox.sections import read_range
from correo.mailbox.spool import Spool
from correo.store.memory.blobs import MemoryBlobStore, MemoryWriter
from correo.store.memory.store import MemoryStore
from correo.store.model import INLINE_LIMIT, AccountId, Column, Octets, StoredBlob
from correo.testing.clock import FakeClock
from correo.testing.imap_world import message


@pytest.mark.parametrize("size", [0, 1, INLINE_LIMIT, INLINE_LIMIT + 1, 3 * INLINE_LIMIT + 7])
@pytest.mark.parametrize("step", [1000, 65536, 10**9])
def test_the_octets_come_back_as_they_came(size: int, step: int) -> None:
    async def run() -> None:
        blobs = MemoryBlobStore(FakeClock())
        spool = Spool(blobs)
        octets = bytes(at % 251 for at in range(size))
        for start in range(0, size, step):
            spool.write(octets[start : start + step])
        assert spool.size == size
        kept = await spool.finish()
        assert isinstance(kept, StoredBlob) == (size > INLINE_LIMIT)
        assert octets == (await blobs.read_all(kept) if isinstance(kept, StoredBlob) else kept)

    asyncio.run(run())


def test_an_aborted_spool_takes_no_more_and_gives_nothing() -> None:
    spool = Spool(MemoryBlobStore(FakeClock()))
    spool.write(b"x" * (INLINE_LIMIT + 1))
    spool.abort()
    spool.write(b"more")
    spool.abort()
    with pytest.raises(UsageError):
        asyncio.run(spool.finish())


class FullBlobs(MemoryBlobStore):
    def writer(self) -> MemoryWriter:
        raise StorageFull


def test_a_full_disk_is_told_at_the_end_and_never_in_between() -> None:
    spool = Spool(FullBlobs(FakeClock()))
    for _ in range(5):
        spool.write(b"x" * INLINE_LIMIT)
    with pytest.raises(StorageFull):
        asyncio.run(spool.finish())


@pytest.mark.parametrize("size", [10, 2 * INLINE_LIMIT, 300_000])
def test_a_delivery_keeps_prefix_and_octets(size: int) -> None:
    async def run() -> None:
        store = MemoryStore(FakeClock())
        account = await store.create(AccountId("ana"))
        spool = Spool(store.blobs)
        octets = message("x", "y" * size + "\r\n")
        spool.write(octets)
        prepared = await prepare(spool, store.blobs, prefix=b"Received: from nowhere\r\n")
        await deliver(account, prepared, "lists/python", flags="\\Seen", create=True)
        await deliver(account, prepared)
        mailbox = await account.mailbox("lists/python")
        async for rows in account.fetch(mailbox.id, [1], [Column.FLAGS, Column.OCTETS]):
            [[flags, kept]] = rows
            octets_kept = cast("Octets", kept)
            whole = await read_range(octets_kept, (0, 10**9))
            assert (flags, whole) == ("\\Seen", b"Received: from nowhere\r\n" + octets)
        assert (await account.mailbox("INBOX")).messages == 1

    asyncio.run(run())
