"""The directory's backends: the contract, and what only a file can get wrong."""

import asyncio
import os
from pathlib import Path

import pytest

from correo.base.errors import DamagedStore
from correo.store.directory import Account, Domain
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

    def test_what_is_remembered_is_forgotten_when_another_process_changes_it(self) -> None:
        async def scenario(writer: object) -> None:
            assert isinstance(writer, SqliteDirectory)
            threads = StorageThreads(1)
            store = SqliteDirectory(self.folder, threads, look_again_s=0)
            ana = new_account("ana@correo.example")
            assert await store.domain("correo.example") is None
            await writer.add_domain(Domain("correo.example"))
            await writer.add_accounts([ana])
            assert await store.domain("correo.example") == Domain("correo.example")
            assert await store.entry(ana.key) == ana.account
            assert await store.entry(ana.key) == ana.account
            await writer.set_enabled(ana.account.id, enabled=False)
            changed = await store.entry(ana.key)
            assert isinstance(changed, Account)
            assert not changed.enabled
            await writer.remove_account(ana.account.id)
            assert await store.entry(ana.key) is None
            await store.close()
            threads.close()

        run_in(self.folder, scenario)

    def test_an_own_change_holds_at_once_however_long_the_rest_is_remembered(self) -> None:
        async def scenario(_: object) -> None:
            threads = StorageThreads(1)
            store = SqliteDirectory(self.folder, threads, look_again_s=1000)
            ana = new_account("ana@correo.example")
            await store.add_domain(Domain("correo.example"))
            await store.add_accounts([ana])
            assert await store.entry(ana.key) == ana.account
            await store.remove_account(ana.account.id)
            assert await store.entry(ana.key) is None
            await store.close()
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
