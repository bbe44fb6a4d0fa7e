"""The directory's backends: the contract, and what only a file can get wrong."""

import asyncio
import os
from pathlib import Path

import pytest

from correo.base.errors import DamagedStore
from correo.store.directory import Domain
from correo.store.memory.directory import MemoryDirectory
from correo.store.sqlite.directory import SqliteDirectory
from correo.store.sqlite.threads import StorageThreads
from correo.testing.contracts.directory import DirectoryContract, Scenario, new_account


class TestMemoryDirectory(DirectoryContract):
    def run(self, scenario: Scenario) -> None:
        async def main() -> None:
            await scenario(MemoryDirectory())

        asyncio.run(main())


def run_in(folder: Path, scenario: Scenario) -> None:
    async def main() -> None:
        threads = StorageThreads(1)
        store = SqliteDirectory(folder, threads)
        try:
            await scenario(store)
        finally:
            await store.close()
            threads.close()

    asyncio.run(main())


class TestSqliteDirectory(DirectoryContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def run(self, scenario: Scenario) -> None:
        run_in(self.folder, scenario)

    def test_a_change_by_one_process_is_seen_by_the_next_look_up_of_another(self) -> None:
        async def scenario(store: object) -> None:
            assert isinstance(store, SqliteDirectory)
            assert await store.domains() == []
            threads = StorageThreads(1)
            other = SqliteDirectory(self.folder, threads)
            await other.add_domain(Domain("correo.example"))
            await other.add_accounts([new_account("ana@correo.example")])
            assert [each.name for each in await store.domains()] == ["correo.example"]
            assert len(await store.accounts()) == 1
            assert store.node_key() == other.node_key()
            await other.close()
            threads.close()

        run_in(self.folder, scenario)

    def test_what_was_written_is_there_after_a_restart(self) -> None:
        keys: list[bytes] = []

        async def write(store: object) -> None:
            assert isinstance(store, SqliteDirectory)
            await store.add_domain(Domain("correo.example", catch_all="ana@correo.example"))
            keys.append(store.node_key())

        async def read(store: object) -> None:
            assert isinstance(store, SqliteDirectory)
            assert await store.domains() == [
                Domain("correo.example", catch_all="ana@correo.example")
            ]
            keys.append(store.node_key())

        run_in(self.folder, write)
        run_in(self.folder, read)
        assert keys[0] == keys[1]

    def test_the_node_key_is_for_its_owner_only(self) -> None:
        async def scenario(store: object) -> None:
            assert isinstance(store, SqliteDirectory)
            store.node_key()

        run_in(self.folder, scenario)
        assert (self.folder / "node.key").stat().st_mode & 0o777 == 0o600
        assert sorted(os.listdir(self.folder)) == ["node.key"]  # no draft is left

    def test_a_cut_node_key_is_named_not_replaced(self) -> None:
        (self.folder / "node.key").write_bytes(b"short")

        async def scenario(store: object) -> None:
            assert isinstance(store, SqliteDirectory)
            with pytest.raises(DamagedStore, match=r"node\.key"):
                store.node_key()

        run_in(self.folder, scenario)

    def test_a_file_that_is_no_database_is_named(self) -> None:
        (self.folder / "node.db").write_bytes(b"this is not a database " * 100)

        async def scenario(store: object) -> None:
            assert isinstance(store, SqliteDirectory)
            with pytest.raises(DamagedStore, match=r"node\.db"):
                await store.domains()

        run_in(self.folder, scenario)
