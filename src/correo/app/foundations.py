"""Lay what a house stands on: clock, threads, bus, and the node's files.

`wiring` builds the house on it. A test lays foundations without a disk (`testing.household`).
"""

from dataclasses import dataclass

from correo.accounts.passwords import Passwords
from correo.app.config import Configuration
from correo.app.housekeeping import Housekeeping
from correo.base.clock import Clock
from correo.net.clock import SystemClock
from correo.store.api import Store
from correo.store.bus import Bus
from correo.store.directory import DirectoryStore
from correo.store.maildrop_lock import FileMaildropLocks, MaildropLocks
from correo.store.queue import QueueStore
from correo.store.sqlite.directory import SqliteDirectory
from correo.store.sqlite.group_commit import GroupCommit
from correo.store.sqlite.journal import CommitJournal
from correo.store.sqlite.queue import SqliteQueue
from correo.store.sqlite.recovery import recover
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads

__all__ = ["Foundations", "lay_foundations", "look_at_files"]

STORAGE_THREADS = 4


@dataclass(slots=True)
class Foundations:
    """What everything else stands on.

    threads, housekeeping: only where something lies on a disk.
    """

    clock: Clock
    bus: Bus
    directory: DirectoryStore
    store: Store
    queue: QueueStore
    passwords: Passwords
    locks: MaildropLocks
    threads: StorageThreads | None = None
    housekeeping: Housekeeping | None = None

    async def look(self) -> None:
        """Open every shared file once; what is missing is made, what is old upgraded.

        Raises DamagedStore, StorageFull: with the file's name and the way out.
        """
        await self.directory.domains()
        self.directory.node_key()
        await self.queue.counts()

    async def close(self) -> None:
        """Finish what is being written and let go of every file."""
        await self.store.close()
        await self.queue.close()
        await self.directory.close()
        self.bus.close()
        self.passwords.close()
        if self.threads is not None:
            self.threads.close()


def lay_foundations(configuration: Configuration) -> Foundations:
    folder = configuration.folder
    clock, threads, bus = (
        SystemClock(),
        StorageThreads(STORAGE_THREADS),
        Bus(folder / "run" / "bus"),
    )
    commits = GroupCommit(threads, CommitJournal(folder / "journal"))
    store = SqliteStore(folder, threads, bus, clock, commits)
    queue = SqliteQueue(folder / "queue.db", threads)
    return Foundations(
        clock,
        bus,
        SqliteDirectory(folder, threads),
        store,
        queue,
        Passwords(),
        FileMaildropLocks(folder / "run" / "maildrops"),
        threads,
        Housekeeping(folder, store, queue, clock),
    )


async def look_at_files(configuration: Configuration) -> None:
    """Make or upgrade the node's files, and mend what a crash has left. Nobody else is at work.

    Raises DamagedStore, StorageFull.
    """
    base = lay_foundations(configuration)
    try:
        await base.look()
        assert isinstance(base.store, SqliteStore)
        recover(configuration.folder, base.store.blobs)
    finally:
        await base.close()
