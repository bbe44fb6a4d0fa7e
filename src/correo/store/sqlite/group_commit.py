"""Commit small writes to many accounts together: rows in the event loop, one sync for all.

`account` brings every small append here. What arrives in one turn of the loop makes a group: its
rows are written at once, in a transaction for each account that stays open; their records go to
the journal; when they are on the disk, the transactions are committed, and everybody is told.
What arrives meanwhile makes the next group. So nothing is seen before it is durable, no file is
synced by itself, and no thread is woken for a message.

An account that its storage thread is at work on comes into a group as soon as that thread is done
with it. One that another process writes to, or that cannot be opened at once, is left to the
storage thread, which waits for it and syncs; the event loop never waits.

Departures: if a commit fails after its record is durable (disk full at that very moment), the
client is told to send again, and after a crash the message is there twice. Twice is better than
not at all.

Cost: per message 100 to 150 µs of the event loop, and a share of one sync.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import apsw

from correo.base.errors import DamagedStore, UsageError
from correo.store import durable
from correo.store.sqlite.database import Database
from correo.store.sqlite.journal import CommitJournal
from correo.store.sqlite.threads import StorageThreads
from correo.store.sqlite.transactions import Job, Work, attempt_all, fail, understood

__all__ = ["GroupCommit"]

GROUP_LIMIT = 16  # accounts in a group; more gain nothing, and hold up the loop for too long
JOBS_LIMIT = 16  # of one account in a group

T = TypeVar("T")


class Recorded(Job[T]):
    """A job that can say, once it is done, how to do it again."""

    __slots__ = ("is_second_try", "record")

    def __init__(
        self, work: Work[T], record: Callable[[T], bytes], committed: Callable[[T], None]
    ) -> None:
        super().__init__(work, committed=committed)
        self.record = record
        self.is_second_try = False


class Turn(Job[None]):
    """Waits in the row for a storage thread, and does nothing there; how it fares is no matter."""

    __slots__ = ("_come",)

    def __init__(self, come: Callable[[], None]) -> None:
        super().__init__(lambda _: None, is_read=True)
        self._come = come

    def deliver(self) -> None:
        self._come()


@dataclass(slots=True)
class Held:
    """An account whose transaction is open, and whose lock is ours."""

    database: Database
    connection: apsw.Connection
    jobs: Sequence[Recorded[Any]]


class GroupCommit:
    """The small writes of a process.

    Args:
        threads: take what cannot be done at once.
        journal: closed here.
    """

    def __init__(self, threads: StorageThreads, journal: CommitJournal) -> None:
        self._threads = threads
        self._journal = journal
        self._waiting: dict[Database, list[Recorded[Any]]] = {}
        self._held: list[Held] = []
        self._is_busy = False
        self._tried_again = 0  # accounts that a storage thread is asked for
        self._rest: asyncio.Event = asyncio.Event()
        self._is_closed = False

    async def write(
        self,
        database: Database,
        work: Work[T],
        *,
        record: Callable[[T], bytes],
        committed: Callable[[T], None],
    ) -> T:
        """Run a small piece of work in a transaction; returns its result when it is durable.

        Args:
            record: makes the journal's record from the result.
            committed: called with the result after the commit, even if the caller has given up.

        Raises:
            What the work raises; its changes are undone then.
            StorageFull, DamagedStore, Refusal 4.3.0: nothing of it is stored.
        """
        if self._is_closed:
            raise UsageError("the group commit is closed")
        loop = asyncio.get_running_loop()
        job = Recorded(work, record, committed)
        job.future = loop.create_future()
        self._waiting.setdefault(database, []).append(job)
        self._begin_soon()
        return await job.future

    async def close(self) -> None:
        """Finish what waits, then the journal. What comes later is refused."""
        self._is_closed = True
        while self._is_busy or self._tried_again:
            self._rest.clear()
            await self._rest.wait()
        self._journal.close()

    # a group's way

    def _begin_soon(self) -> None:
        if not self._is_busy:
            self._is_busy = True
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        records: list[bytes] = []
        for database in list(islice(self._waiting, GROUP_LIMIT)):
            self._take(database, self._next_jobs(database), records)
        if records:
            loop = asyncio.get_running_loop()
            paths = [held.database.path for held in self._held]
            self._journal.append(
                b"".join(records),
                paths,
                lambda error: in_loop(loop, self._end, error),
            )
        else:
            self._go_on()

    def _next_jobs(self, database: Database) -> list[Recorded[Any]]:
        jobs = self._waiting[database]
        if len(jobs) <= JOBS_LIMIT:
            del self._waiting[database]
            return jobs
        self._waiting[database] = jobs[JOBS_LIMIT:]
        return jobs[:JOBS_LIMIT]

    def _take(self, database: Database, jobs: list[Recorded[Any]], records: list[bytes]) -> None:
        """Write rows; what is to be committed is held, what cannot be done here passed on."""
        if not database.lock.acquire(blocking=False):
            self._try_again(database, jobs)
            return
        connection = database.connection or self._threads.open_at_once(database)
        if connection is None or not begin(database, connection):
            database.lock.release()
            self._pass_on(database, jobs)
            return
        made = attempt_recorded(connection, jobs, database)
        if made:
            records += made
            self._held.append(Held(database, connection, jobs))
        else:
            self._finish(Held(database, connection, jobs))

    def _try_again(self, database: Database, jobs: list[Recorded[Any]]) -> None:
        """As soon as the storage thread is done with the account."""
        if any(job.is_second_try for job in jobs):
            self._pass_on(database, jobs)
            return
        for job in jobs:
            job.is_second_try = True
        self._threads.submit(database, Turn(lambda: self._put_back(database, jobs)))
        self._tried_again += 1

    def _put_back(self, database: Database, jobs: list[Recorded[Any]]) -> None:
        self._tried_again -= 1
        self._waiting[database] = jobs + self._waiting.get(database, [])
        self._begin_soon()

    def _pass_on(self, database: Database, jobs: list[Recorded[Any]]) -> None:
        for job in jobs:
            self._threads.submit(database, job)

    def _end(self, error: OSError | None) -> None:
        held, self._held = self._held, []
        for each in held:
            if error is not None:
                fail(each.jobs, durable.meaning_of(error, self._journal.directory))
            else:
                commit(each)
            self._finish(each)
        self._go_on()

    def _finish(self, held: Held) -> None:
        """The transaction is over one way or the other: let others at the file, and tell."""
        database = held.database
        let_go(database, held.connection)
        if any(isinstance(job.error, DamagedStore) for job in held.jobs):
            self._threads.let_go_soon(database)
        elif database.is_log_long:
            self._threads.fold_soon(database)
        for job in held.jobs:
            job.deliver()

    def _go_on(self) -> None:
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._begin)
        else:
            self._is_busy = False
            self._rest.set()


def begin(database: Database, connection: apsw.Connection) -> bool:
    """Open a transaction unless another process has one open; that is not waited for."""
    try:
        database.sync_commits(wanted=False)
        with database.impatient():
            connection.execute("BEGIN IMMEDIATE")
    except apsw.Error:  # busy, or something that the storage thread will find and tell
        return False
    database.used_at = time.monotonic()
    return True


def attempt_recorded(
    connection: apsw.Connection, jobs: Sequence[Recorded[Any]], database: Database
) -> list[bytes]:
    """Run jobs in the open transaction; the records of those that did not fail."""
    try:
        attempt_all(connection, jobs, database)
        return [job.record(job.result) for job in jobs if job.error is None]
    except apsw.Error as error:
        fail(jobs, understood(error, database))
    except BaseException as error:  # whatever it is, those who wait must hear it
        fail(jobs, error)
    return []


def commit(held: Held) -> None:
    try:
        held.connection.execute("COMMIT")
    except apsw.Error as error:
        fail(held.jobs, understood(error, held.database))


def let_go(database: Database, connection: apsw.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    finally:
        database.lock.release()


def in_loop(
    loop: asyncio.AbstractEventLoop, call: Callable[[OSError | None], None], error: OSError | None
) -> None:
    try:
        loop.call_soon_threadsafe(call, error)
    except RuntimeError:  # the loop is closed, nobody waits any more
        pass
