"""Keep the waiting room in one SQLite file of the node, `<data>/queue.db`.

Made by the wiring and by `correo queue`; any number of processes may hold it. A message is one
row: envelope, recipients, and its octets or the name of their blob, for most messages come and go
within moments and each further row would cost them. What is learnt about single recipients on the
way is a row of `outcome` each, so that a message to thousands is not written anew for each.

A message under a lease, held, or not yet due is outside the partial index that `claim` reads, so a
million waiting messages cost a claim nothing.

Cost: a new message is one insert, a delivered one one delete, about 10 µs each way in a batch; one
fsync per batch.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import apsw

from correo.base.errors import NotFound
from correo.store.model import StoredBlob
from correo.store.queue import (
    Fate,
    Progress,
    QueueCounts,
    QueuedMessage,
)
from correo.store.sqlite.database import Database
from correo.store.sqlite.queue_rows import Row, content_of, encode, message_row, read_message
from correo.store.sqlite.threads import StorageThreads

__all__ = ["MIGRATIONS", "SqliteQueue"]

MIGRATIONS = (
    """
    CREATE TABLE message (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        reverse_path TEXT NOT NULL,
        arrived REAL NOT NULL,
        expires REAL NOT NULL,
        due REAL NOT NULL,
        attempts INTEGER NOT NULL,
        is_held INTEGER NOT NULL,
        is_delay_told INTEGER NOT NULL,
        owner TEXT NOT NULL,
        smtputf8 INTEGER NOT NULL,
        body TEXT NOT NULL,
        ret TEXT,
        envid TEXT,
        size INTEGER NOT NULL,
        has_outcomes INTEGER NOT NULL,
        recipients BLOB NOT NULL,  -- as they were at the beginning
        digest TEXT,
        octets BLOB
    );
    CREATE INDEX message_due ON message (due) WHERE owner = '' AND is_held = 0;
    CREATE INDEX message_digest ON message (digest) WHERE digest IS NOT NULL;
    CREATE TABLE outcome (
        message INTEGER NOT NULL,
        position INTEGER NOT NULL,
        recipient BLOB NOT NULL,  -- as it is since
        PRIMARY KEY (message, position)
    ) WITHOUT ROWID;
    """,
)

# Octets stand last, so that what does not ask for them does not read them.
ONE = """
    SELECT number, id, reverse_path, arrived, expires, due, attempts, is_held, is_delay_told, owner,
        smtputf8, body, ret, envid, size, has_outcomes, recipients
    FROM message WHERE id = ?
"""
ALL = ONE.replace("WHERE id = ?", "ORDER BY number LIMIT ?")
WITH_CONTENT = ONE.replace("recipients\n", "recipients, digest, octets\n").replace(
    "id = ?", "number = ?"
)
INSERT = """
    INSERT INTO message (id, reverse_path, arrived, expires, due, attempts, is_held, is_delay_told,
        owner, smtputf8, body, ret, envid, size, has_outcomes, recipients, digest, octets)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)
"""
# "owner = '' AND is_held = 0" stands here as in the partial index, word for word
DUE = """
    SELECT number FROM message WHERE owner = '' AND is_held = 0 AND due <= ? ORDER BY due LIMIT ?
"""
NEXT_DUE = "SELECT min(due) FROM message WHERE owner = '' AND is_held = 0"
DELETE = "DELETE FROM message WHERE id = ? RETURNING number, has_outcomes"


class SqliteQueue:
    """A QueueStore in one file.

    Args:
        path: the file; its directory must exist.
        threads: shared with the other stores of the process.
    """

    def __init__(self, path: Path, threads: StorageThreads) -> None:
        self._database = Database(path, MIGRATIONS)
        self._threads = threads

    async def add(self, messages: Sequence[QueuedMessage]) -> None:
        rows = [message_row(each) for each in messages]
        await self._threads.write(self._database, lambda db: db.executemany(INSERT, rows))

    async def claim(self, now: float, owner: str, limit: int) -> list[QueuedMessage]:
        return await self._threads.write(self._database, lambda db: claim(db, now, owner, limit))

    async def next_due(self) -> float | None:
        def work(db: apsw.Connection) -> float | None:
            due = db.execute(NEXT_DUE).get
            return None if due is None else float(due)

        return await self._threads.read(self._database, work)

    async def record(self, steps: Sequence[Progress]) -> None:
        await self._threads.write(self._database, lambda db: record(db, steps))

    async def release_leases(self, is_alive: Callable[[str], bool]) -> int:
        def work(db: apsw.Connection) -> int:
            statement = "SELECT DISTINCT owner FROM message WHERE owner <> ''"
            owners = [row[0] for row in db.execute(statement)]
            gone = [(owner,) for owner in owners if not is_alive(str(owner))]
            before = db.total_changes()
            db.executemany("UPDATE message SET owner = '' WHERE owner = ? AND owner <> ''", gone)
            return db.total_changes() - before

        return await self._threads.write(self._database, work)

    async def messages(
        self, ids: Sequence[str] | None = None, *, limit: int = 1_000_000
    ) -> list[QueuedMessage]:
        return await self._threads.read(self._database, lambda db: describe(db, ids, limit))

    async def content(self, message_id: str) -> bytes | StoredBlob:
        def work(db: apsw.Connection) -> bytes | StoredBlob:
            statement = "SELECT size, digest, octets FROM message WHERE id = ?"
            for size, digest, octets in db.execute(statement, (message_id,)):
                return content_of(size, digest, octets)
            raise NotFound(f"no message {message_id} waits in the queue")

        return await self._threads.read(self._database, work)

    async def counts(self) -> QueueCounts:
        def work(db: apsw.Connection) -> QueueCounts:
            statement = (
                "SELECT count(*), total(is_held), total(owner <> ''), total(size) FROM message"
            )
            row = next(iter(db.execute(statement)))
            return QueueCounts(*(int(value) for value in row))

        return await self._threads.read(self._database, work)

    async def hold(self, ids: Sequence[str] | None, *, held: bool) -> int:
        return await self._change("UPDATE message SET is_held = ?", (int(held),), ids)

    async def retry(self, ids: Sequence[str] | None, now: float) -> int:
        return await self._change("UPDATE message SET due = ?", (now,), ids)

    async def drop(self, ids: Sequence[str] | None) -> int:
        def work(db: apsw.Connection) -> int:
            before = db.total_changes()
            if ids is None:
                db.execute("DELETE FROM message")
            else:
                db.executemany("DELETE FROM message WHERE id = ?", [(each,) for each in ids])
            dropped = db.total_changes() - before
            db.execute("DELETE FROM outcome WHERE message NOT IN (SELECT number FROM message)")
            return dropped

        return await self._threads.write(self._database, work)

    async def blob_digests(self) -> set[str]:
        """The blobs that waiting messages name; for whoever collects unused ones."""

        def work(db: apsw.Connection) -> set[str]:
            rows = db.execute("SELECT DISTINCT digest FROM message WHERE digest IS NOT NULL")
            return {str(row[0]) for row in rows}

        return await self._threads.read(self._database, work)

    async def close(self) -> None:
        await self._threads.release(self._database)

    async def _change(self, statement: str, values: Row, ids: Sequence[str] | None) -> int:
        def work(db: apsw.Connection) -> int:
            before = db.total_changes()
            if ids is None:
                db.execute(statement, values)
            else:
                db.executemany(f"{statement} WHERE id = ?", [(*values, each) for each in ids])
            return db.total_changes() - before

        return await self._threads.write(self._database, work)


def claim(db: apsw.Connection, now: float, owner: str, limit: int) -> list[QueuedMessage]:
    chosen = [row[0] for row in db.execute(DUE, (now, limit))]
    db.executemany("UPDATE message SET owner = ? WHERE number = ?", [(owner, n) for n in chosen])
    return [
        read_message(db, row, content_of(row[14], *row[-2:]))
        for number in chosen
        for row in db.execute(WITH_CONTENT, (number,))
    ]


def record(db: apsw.Connection, steps: Iterable[Progress]) -> None:
    added: list[QueuedMessage] = []
    for step in steps:
        if step.fate is Fate.DONE:
            is_there = delete(db, step.id)
        else:
            is_there = update(db, step)
        if is_there:  # else dropped by hand while it was on its way, and its reports with it
            added += step.added
    if added:
        db.executemany(INSERT, [message_row(each) for each in added])


def delete(db: apsw.Connection, name: str) -> bool:
    """Forget a message; whether it was there."""
    found = db.execute(DELETE, (name,)).fetchall()
    for number, has_outcomes in found:
        if has_outcomes:
            db.execute("DELETE FROM outcome WHERE message = ?", (number,))
    return bool(found)


def update(db: apsw.Connection, step: Progress) -> bool:
    """Note what came of recipients, and when the next attempt is; whether the message is there."""
    number = db.execute("SELECT number FROM message WHERE id = ?", (step.id,)).get
    if number is None:
        return False
    db.executemany(
        "INSERT OR REPLACE INTO outcome (message, position, recipient) VALUES (?, ?, ?)",
        [(number, position, encode([each])) for position, each in step.recipients],
    )
    if step.fate is Fate.DEFERRED:
        db.execute(
            "UPDATE message SET owner = '', due = ?, attempts = ?, is_delay_told = ?, "
            "has_outcomes = 1 WHERE number = ?",
            (step.due, step.attempts, step.is_delay_told, number),
        )
    elif step.recipients:
        db.execute("UPDATE message SET has_outcomes = 1 WHERE number = ?", (number,))
    return True


def describe(db: apsw.Connection, ids: Sequence[str] | None, limit: int) -> list[QueuedMessage]:
    if ids is None:
        rows = list(db.execute(ALL, (limit,)))
    else:
        rows = sorted(row for each in set(ids) for row in db.execute(ONE, (each,)))
    return [read_message(db, row, StoredBlob("", row[14])) for row in rows]
