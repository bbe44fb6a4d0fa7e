"""Make the commits of many accounts durable with one sync: a log of what is about to be filed.

`group_commit` hands in the records of a group of transactions that are still open. When they are
on the disk it is told so, commits the transactions without a sync each, and only then does
anybody hear of them. After a power cut, `recovery` files again what an account has lost.

The log is a row of segments, `<data>/journal/<process>-<token>-<n>.log`. When one is full, the
accounts it names are synced in the background, and it is deleted; the same at the end of the
process. A segment that is found at a start was left by a crash.

What a record holds is said in `redo`.

Cost: one write and one fdatasync for a group, in a thread of its own.
"""

import fcntl
import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import SimpleQueue

from correo.store.durable import make_directory, sync_directory

__all__ = ["CommitJournal", "abandoned_segments", "sync_accounts"]

SEGMENT_OCTETS = 32 * 1024 * 1024  # ours; about 10,000 small messages, a few seconds of full load

Done = Callable[[OSError | None], None]

log = logging.getLogger("correo.store")


def sync_accounts(databases: Iterable[Path]) -> None:
    """Wait until all that was committed to these account files is on the disk.

    What is in a file is synced by SQLite before it leaves the write-ahead log; a log that is not
    there was folded into its file.
    """
    folders = set()
    for database in databases:
        try:
            descriptor = os.open(f"{database}-wal", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        folders.add(database.parent)
    for folder in folders:
        sync_directory(folder)


def abandoned_segments(directory: Path) -> list[Path]:
    """Those whose process is gone, in the order of their names."""
    return [path for path in sorted(directory.glob("*.log")) if is_abandoned(path)]


def is_abandoned(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


class Segment:
    """One file of the log, open for writing, and the accounts its records name."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)  # as long as this process lives
        self.path = path
        self.size = 0
        self.databases: set[Path] = set()

    def append(self, octets: bytes, databases: Iterable[Path]) -> None:
        """Durable on return. Raises OSError; then nothing of it is in the file."""
        try:
            written = 0
            while written < len(octets):
                written += os.pwrite(self._descriptor, octets[written:], self.size + written)
            os.fdatasync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(octets)
        self.databases.update(databases)

    def close(self) -> None:
        os.close(self._descriptor)


class CommitJournal:
    """The log of one process, and the thread that writes it.

    Args:
        directory: `<data>/journal`; made when first written to.
        segment_octets: after so many a new file is begun.
    """

    def __init__(self, directory: Path, *, segment_octets: int = SEGMENT_OCTETS) -> None:
        self.directory = directory
        self._segment_octets = segment_octets
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._begun = 0
        self._segment: Segment | None = None
        self._full: Segment | None = None
        self._retiring: threading.Thread | None = None
        self._queue: SimpleQueue[tuple[bytes, list[Path], Done] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def append(self, octets: bytes, databases: list[Path], done: Done) -> None:
        """Write records and sync them; returns at once.

        Args:
            databases: the account files whose open transactions the records describe. They must be
                committed before the next call.
            done: called in the journal's thread, with what went wrong, or None.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
            self._thread.start()
        self._queue.put((octets, databases, done))

    def close(self) -> None:
        """Sync the accounts and delete the log. Everything is committed by now. Blocks."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
        if self._retiring is not None:
            self._retiring.join()
        for segment in (self._full, self._segment):
            if segment is not None:
                retire(segment)
        self._full = self._segment = None

    def _run(self) -> None:
        while (given := self._queue.get()) is not None:
            octets, databases, done = given
            full, self._full = self._full, None  # what it names is committed now
            try:
                self._current().append(octets, databases)
            except OSError as error:
                done(error)
            else:
                done(None)
            if full is not None:
                self._retire_soon(full)

    def _current(self) -> Segment:
        segment = self._segment
        if segment is not None and segment.size < self._segment_octets:
            return segment
        make_directory(self.directory)
        self._begun += 1
        self._segment = Segment(self.directory / f"{self._name}-{self._begun}.log")
        self._full = segment
        sync_directory(self.directory)
        return self._segment

    def _retire_soon(self, segment: Segment) -> None:
        """In a thread of its own, so that no delivery waits for it."""
        if self._retiring is not None:
            self._retiring.join()
        self._retiring = threading.Thread(target=retire, args=(segment,), name="journal-retire")
        self._retiring.start()


def retire(segment: Segment) -> None:
    """Sync what the segment stands for, then delete it; if that fails it stays for recovery."""
    segment.close()
    try:
        sync_accounts(segment.databases)
        segment.path.unlink()
    except OSError as error:
        log.error("%s stays: its accounts could not be synced (%s)", segment.path, error)
