"""Run pieces of work in one transaction, each in its own savepoint, and note what each gives.

`threads` does it on a storage thread, `group_commit` in the event loop. What a work raises undoes
that work alone; an error after which SQLite has given up the transaction is raised on.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import apsw

from correo.store.sqlite.connecting import meaning_of
from correo.store.sqlite.database import Database

__all__ = ["Job", "Work", "attempt_all", "attempt_read", "fail", "read", "understood", "write"]

T = TypeVar("T")
Work = Callable[[apsw.Connection], T]


class Job(Generic[T]):
    """One piece of work and what came of it."""

    __slots__ = (
        "committed",
        "error",
        "future",
        "is_read",
        "is_release",
        "outbox",
        "result",
        "work",
    )

    future: "asyncio.Future[T] | None"  # None if nobody waits
    outbox: Any  # of `threads`, the way back to the event loop
    result: T

    def __init__(
        self,
        work: Work[T],
        *,
        committed: Callable[[T], None] | None = None,
        is_read: bool = False,
        is_release: bool = False,
    ) -> None:
        self.work = work
        self.committed = committed
        self.is_read = is_read
        self.is_release = is_release
        self.error: BaseException | None = None
        self.future = None

    def deliver(self) -> None:
        """In the event loop: tell the one who waits."""
        if self.error is None and self.committed is not None:
            self.committed(self.result)
        future = self.future
        if future is None or future.done():  # nobody waits, or not any more
            return
        if self.error is None:
            future.set_result(self.result)
        else:
            future.set_exception(self.error)


def read(connection: apsw.Connection, work: Work[T]) -> T:
    """Run one work on one unchanging view of the database."""
    connection.execute("BEGIN")
    try:
        return work(connection)
    finally:
        connection.execute("ROLLBACK")


def attempt_read(connection: apsw.Connection, work: Work[T]) -> Job[T] | None:
    """As `read`; the finished job, or None where a storage thread should find out what is wrong."""
    job = Job(work, is_read=True)
    try:
        job.result = read(connection, work)
    except apsw.Error:
        return None
    except BaseException as error:
        job.error = error
    return job


def write(connection: apsw.Connection, jobs: Sequence[Job[Any]], database: Database) -> None:
    """Run all jobs in one transaction. Raises apsw.Error when none of them is stored."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if attempt_all(connection, jobs, database):
            connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def attempt_all(connection: apsw.Connection, jobs: Sequence[Job[Any]], database: Database) -> bool:
    """Run jobs in the open transaction, each undone by itself if it fails; whether any did not."""
    if len(jobs) == 1:
        attempt(connection, jobs[0], database)
    else:
        for job in jobs:
            connection.execute("SAVEPOINT work")
            attempt(connection, job, database)
            if job.error is not None:
                connection.execute("ROLLBACK TO work")
            connection.execute("RELEASE work")
    return any(job.error is None for job in jobs)


def attempt(connection: apsw.Connection, job: Job[Any], database: Database) -> None:
    """Run one job and note what it gives or raises.

    An error after which SQLite has given up the whole transaction is raised on.
    """
    try:
        job.result = job.work(connection)
    except apsw.Error as error:
        if not connection.in_transaction:
            raise
        job.error = understood(error, database)
    except BaseException as error:
        job.error = error


def fail(jobs: Sequence[Job[Any]], error: BaseException) -> None:
    """None of these is stored; those that failed by themselves keep their own reason."""
    for job in jobs:
        if job.error is None:
            job.error = error


def understood(error: apsw.Error, database: Database) -> BaseException:
    connection = database.connection
    system_error = 0 if connection is None else connection.system_errno
    try:
        return meaning_of(error, database.path, system_error=system_error)
    except apsw.Error as own_fault:
        return own_fault
