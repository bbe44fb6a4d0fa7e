"""Keep one SQLite file: open it when it is needed, bring its schema up to date, say what is wrong.

`threads` runs all work on it, always on the same storage thread of a process; several processes
may hold the same file open. A commit is durable when it returns (WAL, synchronous=FULL), unless
a journal has made it durable before (`group_commit`).

A schema is a list of steps; the file's `user_version` says how many of them it has. A new file is
made whole beside its place and then linked there, so that no other process ever sees a part of
it; of two that make the same file the quicker one's counts. An older file is upgraded beside
itself, in a copy that is checked, synced and switched in; the file as it was stays as
`<name>.v<n>` until told otherwise.

Departures: only one version of correo at a time may have a data directory open; a process of
the version before must be gone when an account is upgraded.

Cost: opening a file 0.2 ms, closing it 0.5 ms (the log is folded into the file then).
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from correo.base.errors import CorreoError, DamagedStore, NotFound
from correo.store.durable import sync_directory, sync_file
from correo.store.sqlite.connecting import (
    LOG_PAGES,
    connect,
    copy_of,
    explained,
    remove_database,
    schema_version,
    wait_for_lock,
)

__all__ = ["Database", "Migration"]


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
