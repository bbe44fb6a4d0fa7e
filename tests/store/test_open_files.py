"""Files are open while they are used: idle ones are folded, and in a crowd the oldest gives way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from correo.base.errors import NotFound
from correo.store.sqlite import open_files
from correo.store.sqlite.database import Database
from correo.store.sqlite.open_files import SHORT_LOG, OpenFiles

SCHEMA = ("CREATE TABLE word (text TEXT)",)
LIMIT = 3


@pytest.fixture
def files() -> Iterator[OpenFiles]:
    made = OpenFiles(LIMIT)
    yield made
    made.close_all()


@pytest.fixture
def databases(tmp_path: Path, files: OpenFiles) -> list[Database]:
    """More than may be open, each made and closed."""
    made = [Database(tmp_path / f"{number}.db", SCHEMA) for number in range(3 * LIMIT)]
    for each in made:
        files.connection(each)
        files.close(each)
    return made


def add(files: OpenFiles, database: Database, words: int = 1) -> None:
    connection = database.connection or files.connection(database)
    for _ in range(words):
        connection.execute("INSERT INTO word VALUES (?)", ("x" * 4000,))


def count(files: OpenFiles, database: Database) -> int:
    connection = database.connection or files.connection(database)
    return int(connection.execute("SELECT count(*) FROM word").get)


def log_of(database: Database) -> Path:
    return database.path.with_name(database.path.name + "-wal")


def open_count(databases: list[Database]) -> int:
    return sum(each.connection is not None for each in databases)


def test_an_idle_file_is_closed_with_nothing_beside_it(
    files: OpenFiles, databases: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(files, databases[0])
    assert not files.tidy_one(), "it was used a moment ago"
    monkeypatch.setattr(open_files, "IDLE_LIMIT_S", 0)
    assert files.tidy_one()
    assert databases[0].connection is None
    assert not log_of(databases[0]).exists()
    assert not files.tidy_one()
    assert count(files, databases[0]) == 1


def test_what_somebody_works_with_is_not_closed(
    files: OpenFiles, databases: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(files, databases[0])
    monkeypatch.setattr(open_files, "IDLE_LIMIT_S", 0)
    with databases[0].lock:
        assert not files.tidy_one()
    assert databases[0].connection is not None


def test_in_a_crowd_the_one_unused_for_longest_gives_way(
    files: OpenFiles, databases: list[Database]
) -> None:
    for each in databases[:LIMIT]:
        add(files, each)
    files.connection(databases[0])  # used again
    assert not files.shrink()
    assert files.open_at_once(databases[LIMIT]) is not None
    assert files.shrink()
    assert databases[1].connection is None
    assert open_count(databases) == LIMIT
    assert count(files, databases[1]) == 1


def test_a_short_log_stays_until_there_is_time(
    files: OpenFiles, databases: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in databases:
        if files.open_at_once(each) is None:
            raise AssertionError("a short log may stay, so there is always room")
        add(files, each)
    assert open_count(databases) <= LIMIT + 1
    assert log_of(databases[0]).stat().st_size > 0
    monkeypatch.setattr(open_files, "IDLE_LIMIT_S", 0)
    while files.tidy_one():
        pass
    assert not any(log_of(each).exists() for each in databases)
    assert [count(files, each) for each in databases] == [1] * len(databases)


def test_a_file_that_is_let_go_of_has_nothing_beside_it_either(
    files: OpenFiles, databases: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in databases[: LIMIT + 2]:
        assert files.open_at_once(each) is not None
        add(files, each)
    hurried = next(each for each in databases[:LIMIT] if each.connection is None)
    files.close(hurried)
    assert not log_of(hurried).exists()
    hurried.path.unlink()
    monkeypatch.setattr(open_files, "IDLE_LIMIT_S", 0)
    while files.tidy_one():
        pass
    assert not hurried.path.exists()


def test_long_logs_are_the_thread_s_to_empty(files: OpenFiles, databases: list[Database]) -> None:
    opened = 0
    for each in databases:
        if files.open_at_once(each) is None:
            break
        add(files, each, words=SHORT_LOG)
        opened += 1
    assert opened == 2 * LIMIT, "the event loop folds nothing, and stops at twice as many"
    while files.shrink():
        pass
    assert open_count(databases) == LIMIT
    assert log_of(databases[0]).stat().st_size == 0
    assert count(files, databases[0]) == SHORT_LOG


def test_the_end_leaves_one_file_for_each(files: OpenFiles, databases: list[Database]) -> None:
    for each in databases:
        assert files.open_at_once(each) is not None
        add(files, each)
    files.close_all()
    assert open_count(databases) == 0
    assert not any(log_of(each).exists() for each in databases)


def test_opening_at_once_makes_and_upgrades_nothing(tmp_path: Path, files: OpenFiles) -> None:
    missing = Database(tmp_path / "missing.db", SCHEMA, create=False)
    assert files.open_at_once(missing) is None
    assert not missing.path.exists()
    with pytest.raises(NotFound):
        files.connection(missing)
    old = Database(tmp_path / "old.db", SCHEMA)
    files.connection(old)
    files.close(old)
    newer = Database(old.path, (*SCHEMA, "CREATE TABLE other (text TEXT)"))
    assert files.open_at_once(newer) is None
    assert files.connection(newer).execute("SELECT count(*) FROM other").get == 0


@pytest.mark.parametrize("octets", [b"", b"noise" * 1000, bytes(100)])
def test_opening_at_once_leaves_a_damaged_file_to_those_who_can_tell(
    tmp_path: Path, files: OpenFiles, octets: bytes
) -> None:
    damaged = Database(tmp_path / "damaged.db", SCHEMA, create=False)
    damaged.path.write_bytes(octets)
    assert files.open_at_once(damaged) is None
    assert damaged.connection is None


def test_opening_at_once_waits_for_nobody(files: OpenFiles, databases: list[Database]) -> None:
    holder = OpenFiles(LIMIT)
    other = Database(databases[0].path, SCHEMA)
    connection = holder.connection(other)
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    try:
        assert files.open_at_once(databases[0]) is None
    finally:
        connection.execute("ROLLBACK")
        holder.close_all()
    assert files.open_at_once(databases[0]) is not None
