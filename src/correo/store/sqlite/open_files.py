"""Keep the database files of one storage thread open while they are used, and no longer.

A file in use stays open; one unused for a moment is closed and folded together while nobody
waits, so that idle accounts cost no memory and lie on the disk as one file. Where more accounts
are busy than files may be open, the one unused for longest gives way, at once and unsynced: a
short write-ahead log stays beside it until the thread has nothing else to do.

The storage thread calls everything here, the event loop `open_at_once`; the sets are copied
before they are looked through, so neither disturbs the other. Whoever uses a connection holds the
database's lock meanwhile, and notes the time in `used_at`.

Cost: opening a file 0.3 ms; closing it 0.05 ms, or 0.5 ms and two syncs if it is folded.
"""

import time

import apsw

from correo.base.errors import CorreoError
from correo.base.memory import give_back
from correo.store.sqlite.database import Database

__all__ = ["OPEN_LIMIT", "OpenFiles"]

OPEN_LIMIT = 64  # files one thread keeps open; each costs 3 descriptors and 150 KiB to 1 MiB
IDLE_LIMIT_S = 2.0  # after which an unused file is closed; to open it again costs a millisecond
SHORT_LOG = 64  # pages of a write-ahead log that may stay behind for a while
MOST_PAGES = 1 << 30  # more than any log has


class OpenFiles:
    """The open files of a storage thread.

    Args:
        limit: files kept open, and as many again while the thread has no time to close one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: set[Database] = set()
        self._unfolded: set[Database] = set()  # closed with a log left behind

    def __bool__(self) -> bool:
        """Whether there is something to `tidy`."""
        return bool(self._open or self._unfolded)

    def connection(self, database: Database) -> apsw.Connection:
        """The database's connection, opened if need be; call it with the lock held.

        Raises:
            NotFound, DamagedStore, StorageFull: as `Database.open`.
        """
        connection = database.connection
        if connection is None:
            if len(self._open) >= 2 * self._limit:
                self._close_oldest()
            connection = database.open()
            self._open.add(database)
        database.used_at = time.monotonic()
        return connection

    def open_at_once(self, database: Database) -> apsw.Connection | None:
        """As `connection`, for the event loop: None if that takes waiting, or cannot be done."""
        if self.is_crowded:
            self._close_oldest(longest_log=SHORT_LOG)
            if len(self._open) >= 2 * self._limit:
                return None
        connection = database.open_at_once()
        if connection is not None:
            database.used_at = time.monotonic()
            self._open.add(database)
        return connection

    @property
    def is_crowded(self) -> bool:
        """Whether more files are open than should be: the thread should `shrink`."""
        return len(self._open) > self._limit

    def shrink(self) -> bool:
        """Close the one unused for longest, if there are too many; whether that was so."""
        return self.is_crowded and self._close_oldest()

    def close(self, database: Database) -> None:
        """Close one now, folded together; call it with the lock held. Raises as `Database.close`."""
        self._open.discard(database)
        if database in self._unfolded:
            self._unfolded.discard(database)
            database.open()
        database.close()

    def let_go(self, database: Database) -> None:
        """Close a file that is damaged, so that the copy put in its place will be seen."""
        self._open.discard(database)
        self._unfolded.discard(database)
        close_quietly(database)

    def tidy_one(self) -> bool:
        """Close one that is idle, or fold one that was closed in a hurry; False if there is none.

        Some milliseconds: only while nobody waits for the thread.
        """
        long_ago = time.monotonic() - IDLE_LIMIT_S
        for database in self._open.copy():
            if database.used_at < long_ago and self._close_idle(database):
                return True
        for database in self._unfolded.copy():
            if database.used_at < long_ago and self._fold_unless_busy(database):
                return True
        return False

    def close_all(self) -> None:
        """The end: close every file, with nothing left beside it."""
        for database in self._open.copy():
            close_quietly(database)
        self._open.clear()
        for database in self._unfolded.copy():
            self._fold_unless_busy(database)
        give_back()

    # inside

    def _close_oldest(self, *, longest_log: int = MOST_PAGES) -> bool:
        """Close the one unused for longest that nobody uses just now; False if there is none.

        Args:
            longest_log: in pages; one with a longer log is passed over.
        """
        for database in sorted(self._open.copy(), key=last_use):
            if database.log_pages <= longest_log and self._put_away(database):
                return True
        return False

    def _put_away(self, database: Database) -> bool:
        """Close a file in a hurry: a short log stays as it is, a long one is emptied."""
        if not database.lock.acquire(blocking=False):
            return False
        try:
            self._open.discard(database)
            self._unfolded.add(database)
            if database.log_pages > SHORT_LOG:
                database.empty_log()
            close_quietly(database, folded=False)
        finally:
            database.lock.release()
        return True

    def _close_idle(self, database: Database) -> bool:
        if not database.lock.acquire(blocking=False):
            return False
        try:
            self._open.discard(database)
            self._unfolded.discard(database)
            close_quietly(database)
        finally:
            database.lock.release()
        return True

    def _fold_unless_busy(self, database: Database) -> bool:
        """Open and close it: SQLite folds what it finds."""
        if not database.lock.acquire(blocking=False):
            return False
        try:
            self._unfolded.discard(database)
            if database.connection is None:
                database.open()
                close_quietly(database)
        except (CorreoError, apsw.Error):
            pass  # whoever asks for the account next is told what is the matter with it
        finally:
            database.lock.release()
        return True


def last_use(database: Database) -> float:
    return database.used_at


def close_quietly(database: Database, *, folded: bool = True) -> None:
    """A file that cannot be folded together now is intact all the same; its log stays."""
    try:
        database.close(folded=folded)
    except (CorreoError, apsw.Error):
        pass
