"""One SQLite file: schema steps, upgrades beside itself, and what is said when it is broken."""

import os
import sqlite3
from pathlib import Path

import apsw
import pytest

from correo.base.errors import DamagedStore, NotFound, Refusal, StorageFull
from correo.store.sqlite.connecting import meaning_of, remove_database
from correo.store.sqlite.database import Database

FIRST = "CREATE TABLE item (number INTEGER PRIMARY KEY, text TEXT)"
SECOND = "ALTER TABLE item ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'"
COUNTED = ("SELECT count(*), total(number) FROM item",)


def filled(path: Path) -> None:
    database = Database(path, (FIRST,))
    connection = database.open()
    connection.execute("INSERT INTO item (text) VALUES ('a'), ('b')")
    database.close()


def test_a_new_file_gets_all_steps_and_is_durable(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db", (FIRST, SECOND))
    connection = database.open()
    assert connection.execute("PRAGMA user_version").get == 2
    assert connection.execute("PRAGMA journal_mode").get == "wal"
    assert connection.execute("PRAGMA synchronous").get == 2
    assert connection.execute("SELECT count(colour) FROM item").get == 0
    assert database.open() is connection
    database.close()
    database.close()


def test_a_step_may_be_a_function(tmp_path: Path) -> None:
    def step(connection: apsw.Connection) -> None:
        connection.execute("INSERT INTO item (text) VALUES ('made')")

    database = Database(tmp_path / "x.db", (FIRST, step))
    assert database.open().execute("SELECT text FROM item").get == "made"
    database.close()


def test_a_missing_file_is_not_found_unless_it_is_to_be_made(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"x\.db"):
        Database(tmp_path / "x.db", (FIRST,), create=False).open()
    assert list(tmp_path.iterdir()) == []


def test_an_upgrade_works_on_a_copy_and_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    filled(path)
    database = Database(path, (FIRST, SECOND), counted=COUNTED)
    rows = database.open().execute("SELECT text, colour FROM item").fetchall()
    assert rows == [("a", "grey"), ("b", "grey")]
    database.close()
    old = sqlite3.connect(tmp_path / "x.db.v1")
    assert old.execute("PRAGMA user_version").fetchone() == (1,)
    assert old.execute("SELECT * FROM item").fetchall() == [(1, "a"), (2, "b")]
    old.close()
    assert not (tmp_path / "x.db.new").exists()


def test_an_upgrade_that_changes_what_is_counted_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    filled(path)
    database = Database(path, (FIRST, "DELETE FROM item WHERE number = 2"), counted=COUNTED)
    with pytest.raises(DamagedStore, match="left as it is"):
        database.open()
    same = Database(path, (FIRST,))
    assert same.open().execute("SELECT count(*) FROM item").get == 2
    same.close()


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    filled(path)
    with pytest.raises(apsw.SQLError):
        Database(path, (FIRST, "ALTER TABLE nothing ADD COLUMN x")).open()
    same = Database(path, (FIRST,))
    assert same.open().execute("SELECT count(*) FROM item").get == 2
    same.close()


def test_what_a_crash_left_of_an_upgrade_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    filled(path)
    (tmp_path / "x.db.new").write_bytes(b"half a copy")
    (tmp_path / "x.db.new-wal").write_bytes(b"half a log")
    os.link(path, tmp_path / "x.db.v1")
    database = Database(path, (FIRST, SECOND), counted=COUNTED)
    assert database.open().execute("SELECT count(colour) FROM item").get == 2
    database.close()


def test_an_upgrade_includes_what_a_crash_left_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    filled(path)
    writer = Database(path, (FIRST,))
    writer.open().execute("INSERT INTO item (text) VALUES ('in the log')")
    for name in ("x.db", "x.db-wal"):
        (tmp_path / f"copy-{name}").write_bytes((tmp_path / name).read_bytes())
    writer.close()
    for name in ("x.db", "x.db-wal"):  # as kill -9 would have left them
        (tmp_path / f"copy-{name}").replace(tmp_path / name)
    database = Database(path, (FIRST, SECOND), counted=COUNTED)
    assert database.open().execute("SELECT count(*) FROM item").get == 3
    database.close()


def test_a_file_of_a_newer_correo_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    Database(path, (FIRST, SECOND)).open().close()
    before = path.read_bytes()
    with pytest.raises(DamagedStore, match="newer correo"):
        Database(path, (FIRST,)).open()
    assert path.read_bytes() == before


NOT_DATABASES = [
    ("text", b"this is no database, however long it goes on" * 100),
    ("zeros", b"\0" * 8192),
    ("header only", b"SQLite format 3\0" + b"\xff" * 500),
]


@pytest.mark.parametrize(
    "content", [pytest.param(content, id=name) for name, content in NOT_DATABASES]
)
def test_a_file_that_is_no_database_is_named_in_one_sentence(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)
    with pytest.raises(DamagedStore) as raised:
        Database(path, (FIRST,)).open()
    assert str(path) in raised.value.text
    assert "backup" in raised.value.text
    assert path.read_bytes() == content


def test_a_file_that_may_not_be_read_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "x.db").mkdir()
    with pytest.raises(DamagedStore, match=r"x\.db cannot be opened"):
        Database(tmp_path / "x.db", (FIRST,)).open()


MEANINGS = [
    (apsw.FullError, 0, StorageFull, "4.3.1"),
    (apsw.IOError, 28, StorageFull, "4.3.1"),
    (apsw.IOError, 5, DamagedStore, "4.3.0"),
    (apsw.CorruptError, 0, DamagedStore, "4.3.0"),
    (apsw.NotADBError, 0, DamagedStore, "4.3.0"),
    (apsw.CantOpenError, 0, DamagedStore, "4.3.0"),
    (apsw.ReadOnlyError, 0, DamagedStore, "4.3.0"),
    (apsw.BusyError, 0, Refusal, "4.3.0"),
]


@pytest.mark.parametrize(("error", "system_error", "meaning", "status"), MEANINGS)
def test_what_sqlite_says_gets_a_meaning_that_names_the_file(
    error: type[apsw.Error], system_error: int, meaning: type[Refusal], status: str
) -> None:
    found = meaning_of(error("said SQLite"), Path("/data/x.db"), system_error=system_error)
    assert type(found) is meaning
    assert found.status == status
    assert "/data/x.db" in found.text


def test_our_own_mistakes_are_not_explained_away() -> None:
    with pytest.raises(apsw.SQLError):
        meaning_of(apsw.SQLError("near SELEKT"), Path("x.db"))


def test_removing_takes_the_files_beside_it_along(tmp_path: Path) -> None:
    for name in ("x.db", "x.db-wal", "x.db-shm", "y.db"):
        (tmp_path / name).touch()
    remove_database(tmp_path / "x.db")
    assert [path.name for path in tmp_path.iterdir()] == ["y.db"]
