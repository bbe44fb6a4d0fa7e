"""Open an SQLite file the way every one here is open, and say what its errors mean.

`Database` keeps the connections.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from correo.base.errors import DamagedStore, Refusal, StorageFull
from correo.store import durable

__all__ = [
    "LOG_PAGES",
    "connect",
    "copy_of",
    "explained",
    "meaning_of",
    "remove_database",
    "schema_version",
    "wait_for_lock",
]

BUSY_LIMIT_MS = 15_000  # ours; another process's transaction lasts milliseconds
SHORT_PAUSE_S, SHORT_PAUSES = 0.0002, 100  # between looks at a lock: about a commit's length, and
LONG_PAUSE_S = 0.001  # ... later
STATEMENTS_KEPT = 200  # prepared statements per open file
CACHE_KIB = 256  # pages kept in memory per open file; the page cache of the system has the rest
LOG_PAGES = (
    512  # of write-ahead log after which it is folded into the file; it is then reused in place
)


def wait_for_lock(tries: int) -> bool:
    """Look again soon whether another process's transaction is over; False to give up.

    SQLite's own handler sleeps up to 100 ms at a time, and so loses the lock again and again to a
    busy process: with two workers on one file half the commits, the slowest ten times as late.
    """
    time.sleep(SHORT_PAUSE_S if tries < SHORT_PAUSES else LONG_PAUSE_S)
    return (tries - SHORT_PAUSES) * LONG_PAUSE_S * 1000 < BUSY_LIMIT_MS


def connect(path: Path, *, is_patient: bool = True) -> apsw.Connection:
    """Open a file the way every database here is open.

    Args:
        is_patient: make it if it is missing, and wait for another process that has it locked.
    """
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if is_patient else 0)
    with explained(path):
        connection = apsw.Connection(str(path), flags, statementcachesize=STATEMENTS_KEPT)
    try:
        with explained(path, connection):
            if is_patient:
                connection.set_busy_handler(wait_for_lock)
            keep_log(connection, is_patient=is_patient)
            connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            connection.wal_autocheckpoint(LOG_PAGES)
            # Plans that do not depend on what is bound: otherwise joins are planned anew each time.
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    except BaseException:
        connection.close()
        raise
    return connection


def keep_log(connection: apsw.Connection, *, is_patient: bool) -> None:
    """See that the file has a write-ahead log. The first process to open a new file makes it; one
    that comes at the same moment is turned away by SQLite without waiting, so it waits here."""
    if connection.execute("PRAGMA journal_mode").get == "wal":
        return
    tries = 0
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except apsw.BusyError:
            if not is_patient or not wait_for_lock(tries):
                raise
            tries += 1


def copy_of(path: Path, copy: Path) -> apsw.Connection:
    """A database file's exact pages in a new file, open."""
    source = connect(path)
    try:
        target = connect(copy)
        with target.backup("main", source, "main") as backup:
            backup.step()
    finally:
        source.close()
    return target


def remove_database(path: Path) -> None:
    """Delete a database with the files SQLite keeps beside it; they may be missing."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def schema_version(connection: apsw.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").get)


@contextmanager
def explained(path: Path, connection: apsw.Connection | None = None) -> Iterator[None]:
    """Raise what SQLite and the system raise with its meaning."""
    try:
        yield
    except apsw.Error as error:
        system_error = 0 if connection is None else connection.system_errno
        raise meaning_of(error, path, system_error=system_error) from error
    except OSError as error:
        raise durable.meaning_of(error, path) from error


def meaning_of(error: apsw.Error, path: Path, *, system_error: int = 0) -> Refusal:
    """What an SQLite error means to the one who asked, in one sentence with the file's name.

    A programming error of ours is not given a meaning: it is raised again as it is.
    """
    if isinstance(error, apsw.FullError) or (
        isinstance(error, apsw.IOError) and system_error in durable.DISK_IS_FULL
    ):
        return StorageFull(f"no space left for {path}: free some on its disk, then try again")
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        return Refusal("4.3.0", f"{path} is held by another process for too long", reply=451)
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
        return DamagedStore(
            f"{path} is damaged ({error}): put a copy from your backup in its place"
        )
    if isinstance(error, apsw.IOError):
        return DamagedStore(f"{path} cannot be read or written ({error}): check its disk")
    if isinstance(error, (apsw.CantOpenError, apsw.PermissionsError, apsw.ReadOnlyError)):
        return DamagedStore(f"{path} cannot be opened ({error}): check owner and permissions")
    raise error
