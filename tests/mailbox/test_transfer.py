"""Copies between accounts: all or none, with what may be kept of their flags."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest

from correo.base.errors import NotFound, OverQuota
from correo.mailbox.append import prepare
from correo.mailbox.transfer import transfer
from correo.store.api import AccountStore, Store
from correo.store.bus import Bus
from correo.store.memory.store import MemoryStore
from correo.store.model import INBOX, AccountId, Column, Copied, MailboxId, Octets, Quota
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads
from correo.testing.clock import FakeClock
from correo.testing.imap_world import message

Scenario = Callable[[Store, AccountStore, AccountStore], Awaitable[None]]


@pytest.fixture(params=["memory", "sqlite"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scenario], None]:
    async def main(scenario: Scenario) -> None:
        threads, bus, clock = StorageThreads(1), Bus(), FakeClock()
        is_memory = request.param == "memory"
        store: Store = (
            MemoryStore(clock) if is_memory else SqliteStore(tmp_path, threads, bus, clock)
        )
        try:
            accounts = [await store.create(AccountId(name)) for name in ("ana", "bob")]
            await scenario(store, *accounts)
        finally:
            await store.close()
            threads.close()

    return lambda scenario: asyncio.run(main(scenario))


async def filed(store: Store, account: AccountStore, *mail: tuple[bytes, str]) -> None:
    for number, (octets, flags) in enumerate(mail):
        prepared = await prepare(octets, store.blobs)
        await account.append(INBOX, [prepared.new(flags, 1_700_000_000 + number)])


async def rows(account: AccountStore) -> list[tuple[object, ...]]:
    columns = (Column.UID, Column.FLAGS, Column.INTERNAL_DATE, Column.OCTETS)
    found = []
    async for batch in account.fetch(INBOX, range(1, 10_000), columns):
        for *rest, octets in batch:
            found.append((*rest, await whole(cast("Octets", octets))))
    return found


async def whole(octets: Octets) -> bytes:
    return octets if isinstance(octets, bytes) else await octets.read(0, octets.size)


SMALL, LARGE = message("small"), message("large", "x" * 70 + "\r\n" * 70_000)


def test_octets_flags_and_dates_are_kept(play: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store, ana: AccountStore, bob: AccountStore) -> None:
        await filed(store, bob, (SMALL, ""))
        await filed(store, ana, (SMALL, "\\Seen"), (LARGE, "\\Flagged $Work"), (SMALL, ""))
        copied = await transfer((ana, INBOX), [1, 2, 99], (bob, INBOX), store.blobs)
        assert copied == [Copied(1, 2), Copied(2, 3)]
        assert (await rows(bob))[1:] == [
            (2, "\\Seen", 1_700_000_000, SMALL),
            (3, "\\Flagged $Work", 1_700_000_001, LARGE),
        ]

    play(scenario)


def test_flags_that_may_not_be_set_are_lost(play: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store, ana: AccountStore, bob: AccountStore) -> None:
        await filed(store, ana, (SMALL, "\\Answered \\Deleted \\Seen $Work"))
        for rights in ("ri", "ris", "rit", "riw", "stw"):
            await transfer((ana, INBOX), [1], (bob, INBOX), store.blobs, rights=rights)
        assert [row[1] for row in await rows(bob)] == [
            "",
            "\\Seen",
            "\\Deleted",
            "\\Answered $Work",
            "\\Answered \\Deleted \\Seen $Work",
        ]

    play(scenario)


def test_a_copy_that_does_not_fit_leaves_nothing(play: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store, ana: AccountStore, bob: AccountStore) -> None:
        await filed(store, bob, (SMALL, ""))
        await filed(store, ana, *[(SMALL, "")] * 1100)
        await bob.set_quota(Quota(len(SMALL) * 1050))
        with pytest.raises(OverQuota):
            await transfer((ana, INBOX), range(1, 1101), (bob, INBOX), store.blobs)
        assert len(await rows(bob)) == 1
        assert len(await transfer((ana, INBOX), range(1, 1050), (bob, INBOX), store.blobs)) == 1049

    play(scenario)


def test_a_copy_into_a_mailbox_that_is_gone_is_not_found(play: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store, ana: AccountStore, bob: AccountStore) -> None:
        await filed(store, ana, (SMALL, ""))
        with pytest.raises(NotFound):
            await transfer((ana, INBOX), [1], (bob, MailboxId(99)), store.blobs)
        assert await transfer((ana, MailboxId(99)), [1], (bob, INBOX), store.blobs) == []

    play(scenario)
