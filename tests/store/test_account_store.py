"""The account store's backends, held to the contract."""

import asyncio
from pathlib import Path

import pytest

from correo.store.bus import Bus
from correo.store.memory.store import MemoryStore
from correo.store.model import AccountId
from correo.store.sqlite.group_commit import GroupCommit
from correo.store.sqlite.journal import CommitJournal
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads
from correo.testing.clock import FakeClock
from correo.testing.contracts.account_store import AccountStoreContract
from correo.testing.contracts.scene import Scenario, Scene


class TestMemoryAccountStore(AccountStoreContract):
    def run(self, play: Scenario) -> None:
        async def main() -> None:
            clock = FakeClock()
            store = MemoryStore(clock)
            await play(Scene(store, await store.create(AccountId("ana")), clock))

        asyncio.run(main())

    async def collected(self, scene: Scene) -> int:
        assert isinstance(scene.store, MemoryStore)
        return await scene.store.collect_blobs()


class TestSqliteAccountStore(AccountStoreContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def run(self, play: Scenario) -> None:
        async def main() -> None:
            clock = FakeClock()
            threads = StorageThreads(2)
            store = SqliteStore(self.folder, threads, Bus(), clock, self.group_commit(threads))
            try:
                await play(Scene(store, await store.create(AccountId("ana")), clock))
                await store.close()
            finally:
                threads.close()

        asyncio.run(main())

    def group_commit(self, threads: StorageThreads) -> GroupCommit | None:
        return None

    async def collected(self, scene: Scene) -> int:
        assert isinstance(scene.store, SqliteStore)
        for account in scene.store.accounts():
            await (await scene.store.open(account)).collect()
        return await scene.store.collect_blobs()


class TestSqliteAccountStoreThatCommitsInGroups(TestSqliteAccountStore):
    def group_commit(self, threads: StorageThreads) -> GroupCommit:
        return GroupCommit(threads, CommitJournal(self.folder / "journal"))
