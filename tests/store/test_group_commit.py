"""Small appends of many accounts share one sync, and are seen by nobody before it."""

import asyncio
import errno
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import apsw
import pytest

from correo.base.errors import NotFound, OverQuota, StorageFull, UsageError
from correo.store.bus import Bus
from correo.store.model import INBOX, AccountId, MailboxId, Quota
from correo.store.sqlite.account import SqliteAccountStore
from correo.store.sqlite.connecting import connect
from correo.store.sqlite.group_commit import JOBS_LIMIT, GroupCommit
from correo.store.sqlite.journal import CommitJournal, Done
from correo.store.sqlite.store import SqliteStore, place_of
from correo.store.sqlite.threads import StorageThreads
from correo.testing.clock import FakeClock
from correo.testing.contracts.scene import new_message

NAMES = [AccountId(name) for name in ("ana", "bob", "eva")]


class SlowJournal(CommitJournal):
    """Keeps groups until they are let go, and remembers how large each was."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.is_open = threading.Event()
        self.is_open.set()
        self.groups: list[int] = []
        self.failure: OSError | None = None

    def append(self, octets: bytes, databases: list[Path], done: Done) -> None:
        self.groups.append(len(databases))

        def when_open(error: OSError | None) -> None:
            self.is_open.wait(10)
            done(self.failure or error)

        super().append(octets, databases, when_open)


class World:
    """A store over a journal that can be held up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.threads = StorageThreads(2)
        self.journal = SlowJournal(folder / "journal")
        self.store = SqliteStore(
            folder, self.threads, Bus(), FakeClock(), GroupCommit(self.threads, self.journal)
        )
        self.accounts: list[SqliteAccountStore] = []

    async def fill(self) -> None:
        for name in NAMES:
            await self.store.create(name)
            account = await self.store.open(name)
            await account.mailboxes()  # so that its file is open
            self.accounts.append(account)

    def seen_by_others(self, name: AccountId) -> int:
        """Messages that another process finds."""
        connection = connect(place_of(self.folder / "accounts", name))
        try:
            return int(connection.execute("SELECT count(*) FROM entry").get)
        finally:
            connection.close()


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    made = World(folder)
    try:
        await made.fill()
        yield made
        await made.store.close()
    finally:
        made.journal.is_open.set()
        made.threads.close()


def run(folder: Path, play: Callable[[World], Awaitable[None]]) -> None:
    async def main() -> None:
        async with world(folder) as made:
            await play(made)

    asyncio.run(main())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


def test_appends_of_one_moment_to_many_accounts_share_a_group(tmp_path: Path) -> None:
    async def play(made: World) -> None:
        await asyncio.gather(*(each.append(INBOX, [new_message("a")]) for each in made.accounts))
        assert made.journal.groups == [len(NAMES)]

    run(tmp_path, play)


def test_nobody_sees_a_message_before_the_journal_has_it(tmp_path: Path) -> None:
    async def play(made: World) -> None:
        made.journal.is_open.clear()
        appending = asyncio.create_task(made.accounts[0].append(INBOX, [new_message("a")]))
        await until(lambda: made.journal.groups == [1])
        assert made.seen_by_others(NAMES[0]) == 0
        assert not appending.done()
        made.journal.is_open.set()
        await appending
        assert made.seen_by_others(NAMES[0]) == 1

    run(tmp_path, play)


def test_what_arrives_during_a_sync_makes_the_next_group(tmp_path: Path) -> None:
    async def play(made: World) -> None:
        made.journal.is_open.clear()
        first = asyncio.create_task(made.accounts[0].append(INBOX, [new_message("a")]))
        await until(lambda: made.journal.groups == [1])
        rest = [
            asyncio.create_task(each.append(INBOX, [new_message("b")])) for each in made.accounts
        ]
        await until(lambda: len(made.store._group_commit._waiting) == len(NAMES))  # type: ignore[union-attr]
        assert made.journal.groups == [1]
        made.journal.is_open.set()
        await asyncio.gather(first, *rest)
        assert made.journal.groups == [1, len(NAMES)]

    run(tmp_path, play)


def test_many_appends_to_one_account_all_get_their_own_uid(tmp_path: Path) -> None:
    async def play(made: World) -> None:
        count = 3 * JOBS_LIMIT + 1
        filed = await asyncio.gather(
            *(made.accounts[0].append(INBOX, [new_message(f"{n}")]) for n in range(count))
        )
        assert sorted(each.uid for [each] in filed) == list(range(1, count + 1))

    run(tmp_path, play)


def test_an_account_that_another_process_writes_to_is_left_to_its_thread(tmp_path: Path) -> None:
    async def play(made: World) -> None:
        other = connect(place_of(tmp_path / "accounts", NAMES[0]))
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(made.accounts[0].append(INBOX, [new_message("a")]))
        await made.accounts[1].append(INBOX, [new_message("b")])  # is not held up
        assert not waiting.done()
        other.execute("ROLLBACK")
        other.close()
        [filed] = await waiting
        assert filed.uid == 1
        assert made.journal.groups == [1]

    run(tmp_path, play)


def test_an_account_whose_file_is_not_open_is_opened_at_once(tmp_path: Path) -> None:
    async def play(made: World) -> None:
        await made.threads.release(made.accounts[0]._database)
        [filed] = await made.accounts[0].append(INBOX, [new_message("a")])
        assert filed.uid == 1
        assert made.journal.groups == [1]

    run(tmp_path, play)


def test_an_account_whose_file_is_missing_is_named(tmp_path: Path) -> None:
    async def play(made: World) -> None:
        await made.threads.release(made.accounts[0]._database)
        place_of(tmp_path / "accounts", NAMES[0]).unlink()
        with pytest.raises(NotFound, match="ana"):
            await made.accounts[0].append(INBOX, [new_message("a")])
        assert made.journal.groups == []

    run(tmp_path, play)


def test_an_account_that_its_thread_reads_comes_into_a_group_afterwards(tmp_path: Path) -> None:
    async def play(made: World) -> None:
        may_end = threading.Event()
        begun = threading.Event()

        def long_read(_: apsw.Connection) -> None:
            begun.set()
            may_end.wait(10)

        database = made.accounts[0]._database
        reading = asyncio.create_task(made.threads.read(database, long_read))
        await asyncio.to_thread(begun.wait, 10)
        waiting = asyncio.create_task(made.accounts[0].append(INBOX, [new_message("a")]))
        await made.accounts[1].append(INBOX, [new_message("b")])  # is not held up
        closing = asyncio.create_task(made.store._group_commit.close())  # type: ignore[union-attr]
        await asyncio.sleep(0)
        assert not waiting.done()
        assert not closing.done()
        may_end.set()
        await reading
        [filed] = await waiting
        await closing
        assert filed.uid == 1
        assert made.journal.groups == [1, 1]

    run(tmp_path, play)


def test_an_append_that_is_refused_undoes_itself_alone(tmp_path: Path) -> None:
    async def play(made: World) -> None:
        account = made.accounts[0]
        gone, good = await asyncio.gather(
            account.append(MailboxId(999), [new_message("a")]),
            account.append(INBOX, [new_message("b")]),
            return_exceptions=True,
        )
        assert isinstance(gone, NotFound)
        assert not isinstance(good, BaseException)
        assert [each.uid for each in good] == [1]
        await account.set_quota(Quota(1))
        with pytest.raises(OverQuota):
            await account.append(INBOX, [new_message("c")])
        assert (await account.mailbox("INBOX")).messages == 1

    run(tmp_path, play)


def test_a_journal_that_is_full_files_nothing(tmp_path: Path) -> None:
    async def play(made: World) -> None:
        made.journal.failure = OSError(errno.ENOSPC, "no space left")
        with pytest.raises(StorageFull, match="journal"):
            await made.accounts[0].append(INBOX, [new_message("a")])
        made.journal.failure = None
        [filed] = await made.accounts[0].append(INBOX, [new_message("b")])
        assert filed.uid == 1
        assert made.seen_by_others(NAMES[0]) == 1

    run(tmp_path, play)


def test_one_who_gives_up_waiting_changes_nothing_for_the_others(tmp_path: Path) -> None:
    async def play(made: World) -> None:
        made.journal.is_open.clear()
        first, second = (
            asyncio.create_task(each.append(INBOX, [new_message("a")]))
            for each in made.accounts[:2]
        )
        await until(lambda: made.journal.groups == [2])
        first.cancel()
        made.journal.is_open.set()
        assert len(await second) == 1
        assert made.seen_by_others(NAMES[0]) == 1

    run(tmp_path, play)


def test_the_journal_is_gone_after_a_clean_end(tmp_path: Path) -> None:
    async def play(made: World) -> None:
        await made.accounts[0].append(INBOX, [new_message("a")])
        assert list((tmp_path / "journal").iterdir()) != []

    run(tmp_path, play)
    assert list((tmp_path / "journal").iterdir()) == []


def test_a_full_segment_is_deleted_once_its_accounts_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[set[Path]] = []
    monkeypatch.setattr(
        "correo.store.sqlite.journal.sync_accounts", lambda paths: synced.append(set(paths))
    )

    async def play(made: World) -> None:
        made.journal._segment_octets = 1
        for _ in range(4):
            await made.accounts[0].append(INBOX, [new_message("a")])
        await until(lambda: len(synced) == 2)
        await until(lambda: len(list((tmp_path / "journal").iterdir())) == 2)

    run(tmp_path, play)
    assert set.union(*synced) == {place_of(tmp_path / "accounts", NAMES[0])}


def test_after_the_end_nothing_is_taken(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as made:
            pass
        with pytest.raises(UsageError):
            await made.accounts[0].append(INBOX, [new_message("a")])

    asyncio.run(main())
