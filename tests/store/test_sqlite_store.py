"""The SQLite store: what a file can suffer, what a crash leaves, what happens in the background."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest

from correo.base.errors import DamagedStore, NotFound, StorageFull, UsageError
from correo.store.bus import Bus
from correo.store.model import (
    INBOX,
    INLINE_LIMIT,
    AccountId,
    Column,
    FlagMode,
    MailboxChanges,
    MailboxId,
    Quota,
)
from correo.store.sqlite import changelog, connecting, database, mailboxes
from correo.store.sqlite.account import SqliteAccountStore
from correo.store.sqlite.database import Database
from correo.store.sqlite.schema import EXPUNGED, MIGRATIONS
from correo.store.sqlite.store import SqliteStore, place_of
from correo.store.sqlite.threads import StorageThreads
from correo.testing.clock import FakeClock
from correo.testing.contracts.changes import eventful_day
from correo.testing.contracts.entries import as_blob
from correo.testing.contracts.scene import Scene, new_message
from correo.testing.full_disk import no_file_larger_than

ANA = AccountId("ana")


@dataclass
class Process:
    """What one process of the server has of the store."""

    store: SqliteStore
    threads: StorageThreads
    bus: Bus
    clock: FakeClock

    async def close(self) -> None:
        await self.store.close()
        self.threads.close()
        self.bus.close()


def start(folder: Path) -> Process:
    threads, bus, clock = StorageThreads(1), Bus(folder / "bus"), FakeClock()
    bus.start()
    return Process(SqliteStore(folder, threads, bus, clock), threads, bus, clock)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await scenario()

    asyncio.run(main())


async def filled(folder: Path, messages: int = 50) -> Path:
    """An account with messages; its file, closed."""
    process = start(folder)
    account = await process.store.create(ANA)
    await account.append(INBOX, [new_message(f"{i}", size=3000) for i in range(messages)])
    await process.close()
    return file_of(folder)


def file_of(folder: Path) -> Path:
    [path] = (folder / "accounts").glob("*/ana.db")
    return path


async def everything(account: SqliteAccountStore) -> list[object]:
    uids = (await account.snapshot(INBOX)).uids
    return [
        row
        async for batch in account.fetch(INBOX, uids, [Column.UID, Column.ENVELOPE, Column.OCTETS])
        for row in batch
    ]


# damage


@pytest.mark.parametrize("cut_to", [0, 100, 4096, 5000, 100_000])
def test_a_file_cut_short_is_named_in_one_sentence(tmp_path: Path, cut_to: int) -> None:
    async def scenario() -> None:
        path = await filled(tmp_path)
        assert path.stat().st_size > cut_to
        os.truncate(path, cut_to)
        process = start(tmp_path)
        with pytest.raises(DamagedStore) as raised:
            await everything(await process.store.open(ANA))
        assert str(path) in raised.value.text
        assert "backup" in raised.value.text
        assert "\n" not in raised.value.text
        await process.close()

    run(scenario)


def test_a_page_overwritten_is_named_and_other_accounts_go_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = await filled(tmp_path)
        with path.open("r+b") as file:
            for page in range(3, path.stat().st_size // 4096):
                file.seek(page * 4096)
                file.write(b"\xff" * 100)
        process = start(tmp_path)
        bob = await process.store.create(AccountId("bob"))
        with pytest.raises(DamagedStore, match=str(path)):
            await everything(await process.store.open(ANA))
        assert [each.uid for each in await bob.append(INBOX, [new_message()])] == [1]
        await process.close()

    run(scenario)


def test_a_damaged_log_loses_nothing_that_is_in_the_file(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = await filled(tmp_path)
        path.with_name("ana.db-wal").write_bytes(os.urandom(10_000))
        process = start(tmp_path)
        assert len(await everything(await process.store.open(ANA))) == 50
        await process.close()

    run(scenario)


def test_a_copy_put_in_place_of_a_damaged_file_is_seen_without_a_restart(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = await filled(tmp_path)
        backup = path.read_bytes()
        process = start(tmp_path)
        account = await process.store.open(ANA)
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))
        with pytest.raises(DamagedStore):
            await everything(account)
        for each in path.parent.glob("ana.db*"):
            each.unlink()
        with pytest.raises(NotFound):
            await everything(account)
        path.write_bytes(backup)
        assert len(await everything(account)) == 50
        await process.close()

    run(scenario)


def test_an_account_id_that_could_leave_the_directory_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        process = start(tmp_path)
        for name in ("", "../ana", "a/b", ".", "a\0b", "a b", "ä"):
            with pytest.raises(UsageError):
                await process.store.open(AccountId(name))
        await process.close()

    run(scenario)


# a full disk


def test_a_full_disk_stores_nothing_and_the_account_goes_on_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = connecting.connect

    def connect(path: Path) -> apsw.Connection:
        connection = original(path)
        pages = connection.execute("PRAGMA page_count").get
        connection.execute(f"PRAGMA max_page_count={pages + 10}")
        return connection

    async def scenario() -> None:
        await filled(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(database, "connect", connect)
            process = start(tmp_path)
            account = await process.store.open(ANA)
            outcomes = await asyncio.gather(
                *(account.append(INBOX, [new_message(size=3000)]) for _ in range(30)),
                return_exceptions=True,
            )
            refused = [each for each in outcomes if isinstance(each, StorageFull)]
            assert refused
            assert all(each.reply == 452 for each in refused)
            kept = len(outcomes) - len(refused)
            assert len(await everything(account)) == 50 + kept
            await process.close()
        process = start(tmp_path)
        account = await process.store.open(ANA)
        [appended] = await account.append(INBOX, [new_message()])
        assert appended.uid == 51 + kept
        await process.close()

    run(scenario)


def test_a_disk_too_full_for_the_log_stores_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        process = start(tmp_path)
        account = await process.store.create(ANA)
        await account.append(INBOX, [new_message()])
        with no_file_larger_than(1):
            with pytest.raises(StorageFull, match=r"ana\.db"):
                await account.append(INBOX, [new_message(size=60_000)])
            with pytest.raises(StorageFull):
                await process.store.create(AccountId("bob"))
        assert [each.uid for each in await account.append(INBOX, [new_message()])] == [2]
        bob = await process.store.create(AccountId("bob"))
        assert (await bob.mailbox("INBOX")).messages == 0
        await process.close()

    run(scenario)


# several processes


def test_two_processes_see_and_wake_each_other(tmp_path: Path) -> None:
    async def scenario() -> None:
        one, two = start(tmp_path), start(tmp_path)
        here = await one.store.create(ANA)
        there = await two.store.open(ANA)
        woken: asyncio.Queue[MailboxId | None] = asyncio.Queue()
        here.watch(woken.put_nowait)
        await there.append(INBOX, [new_message("there")])
        assert await asyncio.wait_for(woken.get(), 10) == INBOX
        changes = await here.changes_since(INBOX, 1)
        assert [change.uid for change in changes.changed] == [1]
        await here.store_flags(INBOX, [1], FlagMode.ADD, "\\Seen")
        assert (await there.snapshot(INBOX)).flags == ["\\Seen"]
        await one.close()
        await two.close()

    run(scenario)


def test_processes_that_append_at_once_never_give_a_uid_twice(tmp_path: Path) -> None:
    async def scenario() -> None:
        processes = [start(tmp_path), start(tmp_path)]
        await processes[0].store.create(ANA)
        accounts = [await process.store.open(ANA) for process in processes]
        filed = await asyncio.gather(
            *(account.append(INBOX, [new_message()]) for _ in range(60) for account in accounts)
        )
        assert sorted(each.uid for [each] in filed) == list(range(1, 121))
        assert len({each.modseq for [each] in filed}) == 120
        for process in processes:
            await process.close()

    run(scenario)


def test_processes_that_make_an_account_at_once_make_one(tmp_path: Path) -> None:
    async def scenario() -> None:
        processes = [start(tmp_path) for _ in range(4)]
        for number in range(10):
            account = AccountId(f"account{number}")
            made = await asyncio.gather(*(each.store.create(account) for each in processes))
            lists = await asyncio.gather(*(each.mailboxes() for each in made))
            assert all(each == lists[0] for each in lists)
            assert len(lists[0]) == 6
        for process in processes:
            await process.close()

    run(scenario)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    async def scenario() -> None:
        process = start(tmp_path)
        (tmp_path / "accounts").write_text("a file where the directory should be")
        with pytest.raises(DamagedStore, match="accounts"):
            await process.store.create(ANA)
        await process.close()

    run(scenario)


def test_an_account_removed_by_one_process_takes_nothing_more_from_another(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        one, two = start(tmp_path), start(tmp_path)
        await one.store.create(ANA)
        there = await two.store.open(ANA)
        await one.store.remove(ANA)
        with pytest.raises(NotFound):
            await there.append(INBOX, [new_message()])
        assert list((tmp_path / "accounts").glob("*/ana*")) == []
        await one.close()
        await two.close()

    run(scenario)


# what goes for good


def test_messages_nobody_names_are_deleted_in_the_background(tmp_path: Path) -> None:
    async def scenario() -> None:
        process = start(tmp_path)
        account = await process.store.create(ANA)
        await account.append(INBOX, [new_message(f"{i}") for i in range(350)])
        sent = (await account.mailbox("Sent")).id
        await account.copy(INBOX, range(1, 351, 7), sent)
        await account.expunge(INBOX, None, only_deleted=False)
        await process.store.close()
        counts = await process.threads.read(account._database, counted)
        assert counts == (50, 50, 0)
        rows = [r async for b in account.fetch(sent, range(1, 99), [Column.OCTETS]) for r in b]
        assert len(rows) == 50
        await process.close()

    run(scenario)


def test_what_a_crash_left_loose_is_deleted_when_the_account_is_opened(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = await filled(tmp_path)
        with apsw.Connection(str(path)) as connection:
            connection.execute("DELETE FROM entry WHERE message % 2 = 0")
            connection.execute("INSERT INTO loose (message) SELECT id FROM message")
        connection.close()
        process = start(tmp_path)
        account = await process.store.open(ANA)
        await process.store.close()
        counts = await process.threads.read(account._database, counted)
        assert counts == (25, 25, 0)
        await process.close()

    run(scenario)


def test_a_message_that_loses_its_last_name_while_others_are_deleted_is_deleted_too(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        process = start(tmp_path)
        account = await process.store.create(ANA)
        sent = (await account.mailbox("Sent")).id
        await account.append(INBOX, [new_message(f"{i}") for i in range(300)])
        await account.copy(INBOX, [1, 2, 3], sent)
        await asyncio.gather(
            account.expunge(INBOX, None, only_deleted=False),
            account.expunge(sent, [1], only_deleted=False),
            account.expunge(sent, [2], only_deleted=False),
        )
        await process.store.close()
        counts = await process.threads.read(account._database, counted)
        assert counts == (1, 1, 0)
        await process.close()

    run(scenario)


def counted(connection: apsw.Connection) -> tuple[int, int, int]:
    found: tuple[int, int, int] = connection.execute(
        "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM content),"
        " (SELECT count(*) FROM loose)"
    ).get
    return found


def test_blobs_a_crash_left_without_a_name_are_collected_and_others_stay(tmp_path: Path) -> None:
    async def scenario() -> None:
        process = start(tmp_path)
        account = await process.store.create(ANA)
        await account.append(INBOX, [new_message("named", size=INLINE_LIMIT + 1)])
        await process.store.blobs.put(b"never named" * 10_000)
        queued = await process.store.blobs.put(b"in the queue" * 10_000)
        assert await process.store.collect_blobs() == 0
        await process.clock.advance(3601)
        assert await process.store.collect_blobs([queued.digest]) == 1
        assert await process.store.blobs.read_all(queued) == b"in the queue" * 10_000
        async for [(blob,)] in account.fetch(INBOX, [1], [Column.OCTETS]):
            assert len(await as_blob(blob).read(0, 1 << 20)) == INLINE_LIMIT + 1
        await process.close()

    run(scenario)


def test_an_account_that_cannot_be_read_stops_the_collection_of_blobs(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = await filled(tmp_path)
        process = start(tmp_path)
        await process.store.blobs.put(b"perhaps named there" * 10_000)
        await process.clock.advance(3601)
        path.write_bytes(b"damaged")
        with pytest.raises(DamagedStore):
            await process.store.collect_blobs()
        assert len(list((tmp_path / "blobs").glob("??/*"))) == 1
        await process.close()

    run(scenario)


# the log of changes


def test_questions_older_than_the_log_are_answered_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def history(folder: Path) -> list[MailboxChanges]:
        process = start(folder)
        account = await process.store.create(ANA)
        await eventful_day(Scene(process.store, account, process.clock))
        last = (await account.mailbox("INBOX")).highest_modseq
        changes = [await account.changes_since(INBOX, since) for since in range(last + 1)]
        await process.close()
        return changes

    async def scenario() -> None:
        complete = await history(tmp_path / "complete")
        monkeypatch.setattr(changelog, "LOG_KEPT", 3)
        assert await history(tmp_path / "shortened") == complete

    run(scenario)


def test_the_log_stays_short_but_for_expunges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changelog, "LOG_KEPT", 10)

    async def scenario() -> None:
        process = start(tmp_path)
        account = await process.store.create(ANA)
        for number in range(1, 101):
            await account.append(INBOX, [new_message()])
            if number % 10 == 0:
                await account.expunge(INBOX, [number], only_deleted=False)
        expunges, others = await process.threads.read(
            account._database,
            lambda c: (
                c.execute("SELECT total(kind = ?1), total(kind <> ?1) FROM change", (EXPUNGED,)).get
            ),
        )
        assert expunges == 10
        assert others <= 20
        await process.close()

    run(scenario)


def test_nobody_sees_an_account_that_is_only_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = AccountId("ana")
    path = place_of(tmp_path / "accounts", account)
    seen: list[type[Exception]] = []

    def look_meanwhile(connection: apsw.Connection, now: int) -> bool:
        """What another worker finds that has mail for the same account."""
        try:
            Database(path, MIGRATIONS, create=False).open().close()
        except Exception as error:
            seen.append(type(error))
        return make_account(connection, now)

    async def scenario() -> None:
        threads = StorageThreads(1)
        store = SqliteStore(tmp_path, threads, Bus(tmp_path / "bus"), FakeClock())
        assert (await (await store.create(account)).mailbox("INBOX")).name == "INBOX"
        await store.close()
        threads.close()

    make_account = mailboxes.make_account
    monkeypatch.setattr(mailboxes, "make_account", look_meanwhile)
    asyncio.run(scenario())
    assert seen[:1] == [NotFound]  # then it makes the account itself
    assert [each.name for each in path.parent.iterdir() if ".new" in each.name] == []


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_an_account_of_an_earlier_form_gets_what_has_come_since(
    tmp_path: Path, version: int
) -> None:
    path = place_of(tmp_path / "accounts", ANA)
    path.parent.mkdir(parents=True)
    before = Database(path, MIGRATIONS[:version]).open()
    before.execute(
        "INSERT INTO account (id, created, last_mailbox, last_uid_validity, log_start, quota)"
        " VALUES (1, 1, 1, 1, 1, 5000)"
    )
    before.execute("INSERT INTO change VALUES (1, 0, 0, '')")
    before.execute("INSERT INTO mailbox VALUES (1, 'INBOX', 1, 1, 1, 0, 0, 0, 0, 0, '')")
    before.close()

    async def scenario() -> None:
        process = start(tmp_path)
        account = await process.store.open(ANA)
        assert await account.quota() == Quota(octets=5000)
        await account.set_quota(Quota(5000, 1, 2))
        await account.append(INBOX, [new_message()])
        await account.create_mailbox("box")
        await account.annotate(INBOX, {"/private/a": b"x"})
        assert await account.set_access_key(INBOX, b"key", replace=False) == b"key"
        assert await account.acls() == {}
        await process.close()

    run(scenario)
