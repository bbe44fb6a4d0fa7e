"""Keep one SQLite file: open it when it is needed, bring its schema up to date, say what is wrong.

`threads` runs all work on it, always on the same storage thread of a process; several processes
may hold the same file open. A commit is durable when it returns (WAL, synchronous=FULL), unless
a journal has made it durable before (`group_commit`).

A schema is a list of steps; the file's `user_version` says how many of them it has. A new file is
made whole beside its place and then linked there, so that no other process ever sees a part of
it; of two that make the same file the quicker one's counts. An older file is upgraded beside itself, in a copy that is
checked, synced and switched in; the file as it was stays as `<name>.v<n>` until told otherwise.

Departures: only one version of correo at a time may have a data directory open; a process of
the version before must be gone when an account is upgraded.

Cost: opening a file 0.2 ms, closing it 0.5 ms (the log is folded into the file then).
"""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from correo.base.errors import CorreoError, DamagedStore, NotFound, Refusal, StorageFull
from correo.store import durable
from correo.store.durable import sync_directory, sync_file

__all__ = ["Database", "Migration", "meaning_of", "remove_database"]

BUSY_LIMIT_MS = 15_000  # ours; another process's transaction lasts milliseconds
SHORT_PAUSE_S, SHORT_PAUSES = 0.0002, 100  # between looks at a lock: about a commit's length, and
LONG_PAUSE_S = 0.001  # ... later
STATEMENTS_KEPT = 200  # prepared statements per open file
CACHE_KIB = 256  # pages kept in memory per open file; the page cache of the system has the rest
LOG_PAGES = (
    512  # of write-ahead log after which it is folded into the file; it is then reused in place
)

Migration = str | Callable[[apsw.Connection], None]


class Database:
    """One SQLite file and, while it is open, its connection.

    Args:
        path: the file; its directory must exist.
        migrations: the steps of its schema, only ever appended to.
        create: make the file if it is missing; otherwise a missing file is NotFound.
        counted: statements with one number each, whose results an upgrade must not change.
        filling: what a new file has in it from the beginning; it may be asked for and not used.
    """

    __slots__ = (
        "__weakref__",
        "_counted",
        "_create",
        "_filling",
        "_migrations",
        "_syncs_commits",
        "connection",
        "lock",
        "log_pages",
        "path",
        "used_at",
        "waiting",
    )

    def __init__(
        self,
        path: Path,
        migrations: Sequence[Migration],
        *,
        create: bool = True,
        counted: Sequence[str] = (),
        filling: Callable[[apsw.Connection], object] | None = None,
    ) -> None:
        self.path = path
        self.connection: apsw.Connection | None = None
        self.lock = threading.Lock()  # whoever uses the connection holds it
        self.log_pages = 0  # in the write-ahead log, as of the last commit through here
        self.used_at = 0.0  # monotonic seconds; by whoever holds the lock
        self.waiting: Any = None  # what waits for this database; belongs to `threads`
        self._syncs_commits = True
        self._migrations = migrations
        self._create = create
        self._counted = counted
        self._filling = filling

    def open(self) -> apsw.Connection:
        """The connection, opened now if it was not. Call it on the storage thread.

        Raises:
            NotFound: no such file, and it is not to be made.
            DamagedStore: it is no database, cannot be read, or is of a newer correo.
            StorageFull: no room to make or upgrade it.
        """
        if self.connection is None:
            with explained(self.path):
                return self._use(self._open())
        return self.connection

    def open_at_once(self) -> apsw.Connection | None:
        """As `open`, for the event loop: None if it takes waiting, or cannot be done."""
        try:
            connection = connect(self.path, is_patient=False)
        except (CorreoError, apsw.Error):
            return None
        try:
            is_ready = schema_version(connection) == len(self._migrations)
        except apsw.Error:
            is_ready = False
        if not is_ready:
            connection.close()
            return None
        connection.set_busy_handler(wait_for_lock)
        return self._use(connection)

    def _use(self, connection: apsw.Connection) -> apsw.Connection:
        self.connection = connection
        self._syncs_commits, self.log_pages = True, 0
        connection.set_wal_hook(self._note_log)
        return connection

    def close(self, *, folded: bool = True) -> None:
        """Let go of the file; asking for it again opens it again. On the storage thread.

        Args:
            folded: the last process to close it folds the write-ahead log into the file, synced.
                Otherwise the log stays as it is, and whoever opens the file next reads it.
        """
        if self.connection is not None:
            connection, self.connection = self.connection, None
            with explained(self.path, connection):
                if not folded:
                    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
                connection.close()

    def sync_commits(self, *, wanted: bool) -> None:
        """Whether the next commits wait for the disk. They do unless a journal does it for them.

        Call it with the lock held, outside a transaction.
        """
        if self._syncs_commits is not wanted and self.connection is not None:
            self.connection.execute(f"PRAGMA synchronous={'FULL' if wanted else 'NORMAL'}")
            self._syncs_commits = wanted

    @contextmanager
    def impatient(self) -> Iterator[None]:
        """Inside, what another process has locked is an apsw.BusyError at once."""
        connection = self.connection
        assert connection is not None
        connection.set_busy_handler(None)
        try:
            yield
        finally:
            connection.set_busy_handler(wait_for_lock)

    @property
    def is_log_long(self) -> bool:
        """Whether it is time to `fold` the write-ahead log into the file."""
        return self.log_pages >= LOG_PAGES

    def fold(self) -> None:
        """Copy the write-ahead log into the file, synced, as far as readers let it. Blocks."""
        if self.connection is not None:
            self.log_pages = 0  # until the next commit says otherwise
            with explained(self.path, self.connection):
                self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def empty_log(self) -> None:
        """Fold the write-ahead log and leave it empty beside the file, unless others use it."""
        try:
            with self.impatient():
                if self.connection is not None:
                    self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.Error:
            pass  # it stays as it is, and intact

    def _note_log(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self.log_pages = pages
        return apsw.SQLITE_OK

    def _open(self) -> apsw.Connection:
        if not self.path.exists():
            if not self._create:
                raise NotFound(f"there is no file {self.path}")
            self._make()
        connection = connect(self.path)
        try:
            version = schema_version(connection)
            if version == len(self._migrations):
                return connection
            if version > len(self._migrations):
                raise DamagedStore(
                    f"{self.path} was written by a newer correo (schema {version}, this one knows "
                    f"{len(self._migrations)}): install that version again"
                )
            if version == 0 and not self._create:
                raise DamagedStore(
                    f"{self.path} is empty: put a copy from your backup in its place"
                )
            if version == 0:
                self._build(connection, version)
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
        self._upgrade()
        return connect(self.path)

    def _make(self) -> None:
        """Put a whole new file, synced, in its place, unless another process was quicker."""
        beginning = self.path.with_name(
            f"{self.path.name}.{os.getpid()}-{threading.get_ident()}.new"
        )
        remove_database(beginning)  # of a process that was killed
        try:
            connection = connect(beginning)
            try:
                self._build(connection, 0)
            finally:
                connection.close()
            sync_file(beginning)
            with suppress(FileExistsError):
                os.link(beginning, self.path)
        finally:
            remove_database(beginning)
        sync_directory(self.path.parent)

    def _build(self, connection: apsw.Connection, version: int) -> None:
        """Apply the missing steps in one transaction; another process may be doing the same."""
        with explained(self.path, connection):
            connection.execute("BEGIN IMMEDIATE")
            if schema_version(connection) == version:
                for step in self._migrations[version:]:
                    if isinstance(step, str):
                        connection.execute(step)
                    else:
                        step(connection)
                if version == 0 and self._filling is not None:
                    self._filling(connection)
                connection.execute(f"PRAGMA user_version={len(self._migrations)}")
            connection.execute("COMMIT")

    def _upgrade(self) -> None:
        """Upgrade a copy, check it, switch it in, keep the old file."""
        lock = os.open(self.path.with_name(self.path.name + ".upgrade"), os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            old = connect(self.path)
            try:
                version = schema_version(old)
                if version < len(self._migrations):
                    self._switch(old, version)
            finally:
                old.close()
        finally:
            os.close(lock)

    def _switch(self, old: apsw.Connection, version: int) -> None:
        copy = self.path.with_name(self.path.name + ".new")
        kept = self.path.with_name(f"{self.path.name}.v{version}")
        remove_database(copy)
        old.execute("BEGIN IMMEDIATE")  # nobody writes until the new file is in place
        try:
            new = copy_of(self.path, copy)
            try:
                self._build(new, version)
                self._check(old, new)
                new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                new.close()
            sync_file(copy)
            kept.unlink(missing_ok=True)
            os.link(self.path, kept)
            sync_directory(self.path.parent)
        finally:
            old.execute("ROLLBACK")
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        old.close()  # its log is empty and gone before the new file takes the name
        copy.replace(self.path)
        sync_directory(self.path.parent)

    def _check(self, old: apsw.Connection, new: apsw.Connection) -> None:
        """Raises DamagedStore when the copy is not sound or does not count the same."""
        verdict = new.execute("PRAGMA quick_check").get
        if verdict != "ok":
            raise DamagedStore(f"{self.path} cannot be upgraded: {verdict}; it was left as it is")
        for question in self._counted:
            if old.execute(question).get != new.execute(question).get:
                raise DamagedStore(
                    f"{self.path} cannot be upgraded: the copy answers differently to "
                    f"{question!r}; the file was left as it is"
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
