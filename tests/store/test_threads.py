"""Storage threads: what shares a commit, what a failure undoes, who is told and when."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import apsw
import pytest

from correo.base.errors import NotFound, UsageError
from correo.store.sqlite.database import Database
from correo.store.sqlite.threads import StorageThreads

SCHEMA = ("CREATE TABLE item (number INTEGER PRIMARY KEY, text TEXT UNIQUE)",)


def adding(text: str) -> Callable[[apsw.Connection], int]:
    def work(connection: apsw.Connection) -> int:
        connection.execute("INSERT INTO item (text) VALUES (?)", (text,))
        return connection.last_insert_rowid()

    return work


def texts(connection: apsw.Connection) -> list[str]:
    return [text for (text,) in connection.execute("SELECT text FROM item ORDER BY number")]


class Gate:
    """Work that keeps the storage thread busy until it is opened."""

    def __init__(self) -> None:
        self._opened = threading.Event()

    def __call__(self, connection: apsw.Connection) -> None:
        assert self._opened.wait(10)

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "items.db", SCHEMA)


@pytest.fixture
def threads() -> Iterator[StorageThreads]:
    threads = StorageThreads(2)
    yield threads
    threads.close()


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await scenario()

    asyncio.run(main())


def commits(connection: apsw.Connection) -> list[int]:
    """Count the commits of a connection from now on, in a list of one number."""
    count = [0]

    def committed() -> bool:
        count[0] += 1
        return False

    connection.set_commit_hook(committed)
    return count


def test_writes_that_wait_share_one_commit_in_the_order_they_came(
    threads: StorageThreads, database: Database
) -> None:
    async def scenario() -> None:
        count = await threads.read(database, commits)
        gate = Gate()
        blocked = asyncio.ensure_future(threads.read(database, gate))
        await asyncio.sleep(0)
        writes = [asyncio.ensure_future(threads.write(database, adding(f"{i}"))) for i in range(50)]
        await asyncio.sleep(0)
        gate.open()
        await blocked
        assert await asyncio.gather(*writes) == list(range(1, 51))
        assert await threads.read(database, texts) == [f"{i}" for i in range(50)]
        assert count == [1]

    run(scenario)


def test_what_one_work_raises_undoes_that_work_alone(
    threads: StorageThreads, database: Database
) -> None:
    def failing(connection: apsw.Connection) -> None:
        adding("undone")(connection)
        raise NotFound("no")

    async def scenario() -> None:
        works = [adding("a"), failing, adding("b"), adding("a"), adding("c")]
        outcomes = await asyncio.gather(
            *(threads.write(database, work) for work in works), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [
            int, NotFound, int, apsw.ConstraintError, int,
        ]  # fmt: skip
        assert await threads.read(database, texts) == ["a", "b", "c"]

    run(scenario)


def test_a_single_work_that_fails_leaves_nothing(
    threads: StorageThreads, database: Database
) -> None:
    def failing(connection: apsw.Connection) -> None:
        adding("undone")(connection)
        raise ZeroDivisionError

    async def scenario() -> None:
        with pytest.raises(ZeroDivisionError):
            await threads.write(database, failing)
        assert await threads.read(database, texts) == []
        assert await threads.write(database, adding("a")) == 1

    run(scenario)


def test_reads_see_what_was_written_before_them(
    threads: StorageThreads, database: Database
) -> None:
    async def scenario() -> None:
        results = await asyncio.gather(
            threads.write(database, adding("a")),
            threads.read(database, texts),
            threads.write(database, adding("b")),
            threads.read(database, texts),
        )
        assert list(results) == [1, ["a"], 2, ["a", "b"]]

    run(scenario)


def test_a_commit_is_told_even_if_the_caller_has_given_up(
    threads: StorageThreads, database: Database
) -> None:
    async def scenario() -> None:
        gate, told = Gate(), asyncio.Event()
        blocked = asyncio.ensure_future(threads.read(database, gate))
        await asyncio.sleep(0)
        write = asyncio.ensure_future(
            threads.write(database, adding("a"), committed=lambda _: told.set())
        )
        await asyncio.sleep(0)
        write.cancel()
        gate.open()
        await blocked
        await told.wait()
        assert await threads.read(database, texts) == ["a"]

    run(scenario)


def test_a_commit_is_not_told_when_the_work_fails(
    threads: StorageThreads, database: Database
) -> None:
    def failing(_: apsw.Connection) -> None:
        raise NotFound("no")

    async def scenario() -> None:
        told: list[None] = []
        with pytest.raises(NotFound):
            await threads.write(database, failing, committed=told.append)
        assert told == []

    run(scenario)


def test_the_event_loop_is_called_once_for_a_whole_batch(
    threads: StorageThreads, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        await threads.write(database, adding("first"))
        loop = asyncio.get_running_loop()
        calls: list[object] = []
        original = loop.call_soon_threadsafe

        def counted(callback: Callable[[], None]) -> asyncio.Handle:
            calls.append(callback)
            return original(callback)

        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
        gate = Gate()
        blocked = asyncio.ensure_future(threads.write(database, gate))
        await asyncio.sleep(0)
        writes = [threads.write(database, adding(f"{i}")) for i in range(100)]
        waiting = asyncio.gather(*writes)
        await asyncio.sleep(0)
        gate.open()
        await asyncio.gather(blocked, waiting)
        assert len(calls) <= 3

    run(scenario)


def test_more_files_than_may_be_open_are_opened_in_turn(tmp_path: Path) -> None:
    async def scenario() -> None:
        threads = StorageThreads(1, open_limit=2)
        databases = [Database(tmp_path / f"{i}.db", SCHEMA) for i in range(10)]
        for text in ("a", "b"):
            for database in databases:
                await threads.write(database, adding(text))
            await threads.read(databases[0], texts)
            assert sum(database.connection is not None for database in databases) <= 4
        for database in databases:
            assert await threads.read(database, texts) == ["a", "b"]
        threads.close()
        assert all(database.connection is None for database in databases)
        assert not list(tmp_path.glob("*-wal"))

    run(scenario)


def test_a_released_file_is_closed_and_opened_again_when_asked(
    threads: StorageThreads, database: Database
) -> None:
    async def scenario() -> None:
        await threads.write(database, adding("a"))
        await threads.release(database)
        assert database.connection is None
        assert await threads.read(database, texts) == ["a"]

    run(scenario)


def test_closing_finishes_what_waits_and_then_takes_nothing_more(database: Database) -> None:
    async def scenario() -> None:
        threads = StorageThreads(1)
        writes = [asyncio.ensure_future(threads.write(database, adding(f"{i}"))) for i in range(9)]
        await asyncio.sleep(0)
        threads.close()
        assert await asyncio.gather(*writes) == list(range(1, 10))
        with pytest.raises(UsageError):
            await threads.read(database, texts)

    run(scenario)


def test_threads_serve_one_event_loop_after_another(
    threads: StorageThreads, database: Database
) -> None:
    async def scenario() -> None:
        await threads.write(database, adding(f"{id(asyncio.get_running_loop())}"))

    run(scenario)
    run(scenario)


def test_two_processes_write_to_one_file_without_losing_anything(tmp_path: Path) -> None:
    """Two sets of threads with their own connections stand for two processes."""

    async def scenario() -> None:
        both = [StorageThreads(1), StorageThreads(1)]
        files = [Database(tmp_path / "items.db", SCHEMA) for _ in both]
        await asyncio.gather(
            *(
                threads.write(file, adding(f"{threads}{i}"))
                for i in range(100)
                for threads, file in zip(both, files, strict=True)
            )
        )
        assert len(await both[0].read(files[0], texts)) == 200
        for threads in both:
            threads.close()

    run(scenario)


def where(_: apsw.Connection) -> str:
    return threading.current_thread().name


def test_a_little_is_read_at_once_where_nobody_else_is_at_work(
    threads: StorageThreads, database: Database
) -> None:
    async def scenario() -> None:
        await threads.write(database, adding("a"))
        await threads.release(database)
        assert await threads.read_little(database, texts) == ["a"]
        assert await threads.read_little(database, where) == threading.current_thread().name
        with database.lock:
            elsewhere = asyncio.ensure_future(threads.read_little(database, where))
            await asyncio.sleep(0)
            assert not elsewhere.done()
        assert (await elsewhere).startswith("storage-")

    run(scenario)


def test_a_little_that_fails_says_why_and_leaves_the_file_free(
    threads: StorageThreads, database: Database
) -> None:
    def fails(_: apsw.Connection) -> None:
        raise NotFound("there is none")

    def is_wrong(connection: apsw.Connection) -> None:
        connection.execute("SELECT nothing FROM nowhere")

    async def scenario() -> None:
        await threads.write(database, adding("a"))
        with pytest.raises(NotFound, match="there is none"):
            await threads.read_little(database, fails)
        with pytest.raises(apsw.SQLError):
            await threads.read_little(database, is_wrong)
        assert await threads.read_little(database, texts) == ["a"]
        database.path.unlink()
        gone = Database(database.path, SCHEMA, create=False)
        with pytest.raises(NotFound, match="no file"):
            await threads.read_little(gone, texts)

    run(scenario)
