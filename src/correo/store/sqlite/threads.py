"""Run work on SQLite files: a few storage threads, one commit for everything that waits.

The stores hand in functions of a connection. A database always belongs to the same thread, so
that its connection and prepared statements are used by one thread only. While a thread waits
for the disk, further writes gather; those of one database then share one transaction, each in
its own savepoint, and one fsync. What a work raises undoes that work alone.

Results come back to the event loop in one call per wake-up, however many they are, and never
before the commit that made them durable.

Cost: 60 to 100 µs for one hop there and back, 2 µs for each further piece of work in it.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any, TypeVar
from zlib import crc32

import apsw

from correo.base.errors import CorreoError, DamagedStore, UsageError
from correo.base.memory import give_back
from correo.store.sqlite.database import Database
from correo.store.sqlite.open_files import OPEN_LIMIT, OpenFiles
from correo.store.sqlite.transactions import (
    Job,
    Work,
    attempt_read,
    fail,
    read,
    understood,
    write,
)

__all__ = ["StorageThreads"]

LOOK_S = 0.5  # between looks at what is idle, while anything is open
BATCH_LIMIT = 256  # works in one transaction; beyond that the first ones wait too long

T = TypeVar("T")


class StorageThreads:
    """The storage threads of a process.

    Args:
        count: threads; a database belongs to one of them by its path.
        open_limit: files each keeps open while it is busy.
    """

    def __init__(self, count: int = 4, *, open_limit: int = OPEN_LIMIT) -> None:
        self._threads = [StorageThread(number, open_limit) for number in range(count)]
        self._outbox: Outbox | None = None
        self._is_closed = False

    async def write(
        self, database: Database, work: Work[T], *, committed: Callable[[T], None] | None = None
    ) -> T:
        """Run work in a transaction; returns its result after the durable commit.

        Args:
            committed: called with the result in the event loop after the commit, even if the
                caller has given up waiting. It must not raise.

        Raises:
            What the work raises; its changes are undone then.
            StorageFull, DamagedStore, Refusal 4.3.0: nothing of it is stored.
        """
        return await self._submit(database, Job(work, committed=committed))

    async def read(self, database: Database, work: Work[T]) -> T:
        """Run work that changes nothing, in a read transaction of its own."""
        return await self._submit(database, Job(work, is_read=True))

    async def read_little(self, database: Database, work: Work[T]) -> T:
        """As `read`, for work of some microseconds: done here and now, if nobody else is at work
        on the database."""
        job = self._read_at_once(database, work)
        if job is None:
            return await self.read(database, work)
        if job.error is not None:
            raise job.error
        return job.result

    def _read_at_once(self, database: Database, work: Work[T]) -> Job[T] | None:
        """The finished job; None if it has to wait."""
        if self._is_closed or not database.lock.acquire(blocking=False):
            return None
        try:
            connection = database.connection or self.open_at_once(database)
            if connection is None:
                return None
            database.used_at = time.monotonic()
            return attempt_read(connection, work)
        finally:
            database.lock.release()

    def begin_read(self, database: Database, work: Work[T]) -> "asyncio.Future[T]":
        """As `read`, for a result that is wanted in a moment, or perhaps never."""
        job = Job(work, is_read=True)
        job.future = asyncio.get_running_loop().create_future()
        job.future.add_done_callback(seen)
        self.submit(database, job)
        return job.future

    async def release(self, database: Database) -> None:
        """Close the database's file, after what waits for it; for those who remove or copy it."""
        await self._submit(database, Job(lambda _: None, is_release=True))

    def close(self) -> None:
        """Finish what waits, close every file, end the threads. Blocks until done."""
        self._is_closed = True
        for thread in self._threads:
            thread.stop()

    def fold_soon(self, database: Database) -> None:
        """Bring the write-ahead log of an open database into its file; nobody waits for it."""
        job: Job[None] = Job(lambda _: None, is_read=True)
        self.submit(database, job)

    def let_go_soon(self, database: Database) -> None:
        """Close a file that is damaged, so that the copy put in its place will be seen."""
        job: Job[None] = Job(lambda _: None, is_release=True)
        self.submit(database, job)

    async def _submit(self, database: Database, job: Job[T]) -> T:
        job.future = asyncio.get_running_loop().create_future()
        self.submit(database, job)
        return await job.future

    def submit(self, database: Database, job: Job[Any]) -> None:
        """Do a job, with its own future, after what waits for the database already."""
        if self._is_closed:
            raise UsageError("the storage threads are closed")
        loop = asyncio.get_running_loop()
        outbox = self._outbox
        if outbox is None or outbox.loop is not loop:
            outbox = self._outbox = Outbox(loop)
        job.outbox = outbox
        self._waiting(database).add(job)

    def open_at_once(self, database: Database) -> apsw.Connection | None:
        """Open a database in the event loop, with its lock held; None if that takes waiting."""
        waiting = self._waiting(database)
        files = waiting.thread.files
        connection = files.open_at_once(database)
        if files.is_crowded:
            waiting.thread.put(waiting)
        return connection

    def _waiting(self, database: Database) -> "Waiting":
        if database.waiting is None:
            thread = self._threads[crc32(str(database.path).encode()) % len(self._threads)]
            database.waiting = Waiting(database, thread)
        waiting: Waiting = database.waiting
        return waiting


class Outbox:
    """Finished jobs on their way to one event loop."""

    __slots__ = ("_done", "_is_called", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._done: deque[Job[Any]] = deque()
        self._is_called = False

    def put(self, jobs: list[Job[Any]]) -> None:
        """From a storage thread: hand over; the loop is called once until it has looked."""
        self._done.extend(jobs)
        if self._is_called:
            return
        self._is_called = True
        try:
            self.loop.call_soon_threadsafe(self._deliver)
        except RuntimeError:  # the loop is closed, nobody waits any more
            self._done.clear()

    def _deliver(self) -> None:
        self._is_called = False  # first, so that what is put from now on calls again
        done = self._done
        while done:
            done.popleft().deliver()


class Waiting:
    """The jobs that wait for one database, in order."""

    __slots__ = ("_is_queued", "_jobs", "database", "thread")

    def __init__(self, database: Database, thread: "StorageThread") -> None:
        self.database = database
        self.thread = thread
        self._jobs: list[Job[Any]] = []
        self._is_queued = False

    def add(self, job: Job[Any]) -> None:
        """From the event loop. The job is put before the flag is read, and `take` lowers the
        flag before it reads the jobs: so none is ever left behind."""
        self._jobs.append(job)
        if not self._is_queued:
            self._is_queued = True
            self.thread.put(self)

    def take(self) -> list[Job[Any]]:
        """From the storage thread: everything that waits now."""
        self._is_queued = False
        count = len(self._jobs)  # more may be put behind them meanwhile
        jobs = self._jobs[:count]
        del self._jobs[:count]
        return jobs


class StorageThread:
    """One thread, its databases, and those of them that are open."""

    def __init__(self, number: int, open_limit: int) -> None:
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self.files = OpenFiles(open_limit)
        self._thread = threading.Thread(target=self._run, name=f"storage-{number}", daemon=True)
        self._thread.start()

    def put(self, waiting: Waiting) -> None:
        self._queue.put(waiting)

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (waiting := self._next()) is not None:
            jobs = waiting.take()
            if jobs:
                self._work_off(waiting.database, jobs)
            while self._queue.empty() and self.files.shrink():
                pass
        self.files.close_all()

    def _next(self) -> Waiting | None:
        """What has come; until it comes, the files are tidied."""
        while self.files:
            try:
                return self._queue.get(timeout=LOOK_S)
            except Empty:
                self._tidy()
        return self._queue.get()

    def _tidy(self) -> None:
        is_any_tidied = False
        while self._queue.empty() and self.files.tidy_one():
            is_any_tidied = True
        if is_any_tidied:
            give_back()

    def _work_off(self, database: Database, jobs: list[Job[Any]]) -> None:
        """All jobs in their order, with the database to ourselves.

        The last results go out when it is free again: who hears them may want it at once.
        """
        done: list[Job[Any]] = []
        with database.lock:
            for part in parts(jobs):
                hand_over(done)
                done = part
                if part[0].is_read or part[0].is_release:
                    self._read(database, part[0])
                else:
                    self._write(database, part)
        hand_over(done)
        if database.is_log_long:
            with database.lock:
                fold_quietly(database)

    def _read(self, database: Database, job: Job[Any]) -> None:
        try:
            if job.is_release:
                self.files.close(database)
                job.result = None
            else:
                job.result = read(self.files.connection(database), job.work)
        except apsw.Error as error:
            job.error = understood(error, database)
        except BaseException as error:
            job.error = error
        if isinstance(job.error, DamagedStore):
            self.files.let_go(database)

    def _write(self, database: Database, jobs: list[Job[Any]]) -> None:
        try:
            connection = self.files.connection(database)
            database.sync_commits(wanted=True)
            write(connection, jobs, database)
        except apsw.Error as error:
            fail(jobs, understood(error, database))
        except BaseException as error:  # whatever it is, those who wait must hear it
            fail(jobs, error)
        if any(isinstance(job.error, DamagedStore) for job in jobs):
            self.files.let_go(database)


def seen(future: "asyncio.Future[Any]") -> None:
    """An error that nobody waits for is no news: whoever reads next meets it."""
    if not future.cancelled():
        future.exception()


def parts(jobs: list[Job[Any]]) -> Iterator[list[Job[Any]]]:
    """Each read by itself, the writes between them together."""
    start = 0
    for end, job in enumerate(jobs):
        is_alone = job.is_read or job.is_release
        if start < end and (is_alone or end - start == BATCH_LIMIT):
            yield jobs[start:end]
            start = end
        if is_alone:
            yield [job]
            start = end + 1
    if start < len(jobs):
        yield jobs[start:]


def hand_over(jobs: list[Job[Any]]) -> None:
    """Send finished jobs back to their event loop; nearly always it is one."""
    if len({job.outbox for job in jobs}) <= 1:
        if jobs:
            jobs[0].outbox.put(jobs)
        return
    for job in jobs:
        job.outbox.put([job])


def fold_quietly(database: Database) -> None:
    """What cannot be folded now stays in the log; the next commit is an occasion to try again."""
    try:
        database.fold()
    except (CorreoError, apsw.Error):
        pass
