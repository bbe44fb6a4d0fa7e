"""Keep the waiting room in one SQLite file of the node, `<data>/queue.db`.

Made by the wiring and by `correo queue`; any number of processes may hold it. `message` has what
decides who is next, `recipient` one row each, `content` the octets apart, so that looking for
what is due touches no body. Bodies over the inline limit are named blobs.

A message under a lease, held, or not yet due is outside the partial index that `claim` reads, so a
million waiting messages cost a claim nothing.

Cost: a new message is three inserts, a delivered one three deletes, about 15 µs each way in a batch;
one fsync per batch.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import apsw

from correo.base.errors import NotFound
from correo.store.model import StoredBlob
from correo.store.queue import (
    Fate,
    Progress,
    QueueCounts,
    QueuedMessage,
    QueuedRecipient,
    RecipientState,
)
from correo.store.sqlite.database import Database
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
        size INTEGER NOT NULL
    );
    CREATE INDEX message_due ON message (due) WHERE owner = '' AND is_held = 0;
    CREATE INDEX message_owner ON message (owner) WHERE owner <> '';
    CREATE TABLE recipient (
        message INTEGER NOT NULL,
        position INTEGER NOT NULL,
        address TEXT NOT NULL,
        notify TEXT NOT NULL,
        orcpt TEXT,
        state TEXT NOT NULL,
        status TEXT NOT NULL,
        diagnostic TEXT NOT NULL,
        host TEXT NOT NULL,
        tried_at REAL NOT NULL,
        is_told INTEGER NOT NULL,
        PRIMARY KEY (message, position)
    ) WITHOUT ROWID;
    CREATE TABLE content (
        message INTEGER PRIMARY KEY,
        digest TEXT,
        octets BLOB
    );
    CREATE INDEX content_digest ON content (digest) WHERE digest IS NOT NULL;
    """,
)

ONE = """
    SELECT number, id, reverse_path, arrived, expires, due, attempts, is_held, is_delay_told, owner,
        smtputf8, body, ret, envid, size
    FROM message WHERE id = ?
"""
BY_NUMBER = ONE.replace("id = ?", "number = ?")
ALL = ONE.replace("WHERE id = ?", "ORDER BY number LIMIT ?")
RECIPIENTS = """
    SELECT address, notify, orcpt, state, status, diagnostic, host, tried_at, is_told
    FROM recipient WHERE message = ? ORDER BY position
"""
INSERT = """
    INSERT INTO message (id, reverse_path, arrived, expires, due, attempts, is_held, is_delay_told,
        owner, smtputf8, body, ret, envid, size)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
INSERT_RECIPIENT = """
    INSERT INTO recipient (message, position, address, notify, orcpt, state, status, diagnostic,
        host, tried_at, is_told)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# "owner = '' AND is_held = 0" stands here as in the partial index, word for word
DUE = """
    SELECT number FROM message WHERE owner = '' AND is_held = 0 AND due <= ? ORDER BY due LIMIT ?
"""
NEXT_DUE = "SELECT min(due) FROM message WHERE owner = '' AND is_held = 0"
STATES = {state.value: state for state in RecipientState}

Row = tuple[Any, ...]  # SQLite keeps the types of what was inserted


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
        await self._threads.write(self._database, lambda db: insert(db, messages))

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
            statement = (
                "SELECT size, digest, octets FROM message JOIN content ON message = number "
                "WHERE id = ?"
            )
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
            if ids is None:
                chosen = [row[0] for row in db.execute("SELECT number FROM message")]
            else:
                chosen = [row[0] for each in ids for row in db.execute(ONE, (each,))]
            delete(db, chosen)
            return len(chosen)

        return await self._threads.write(self._database, work)

    async def blob_digests(self) -> set[str]:
        """The blobs that waiting messages name; for whoever collects unused ones."""

        def work(db: apsw.Connection) -> set[str]:
            rows = db.execute("SELECT DISTINCT digest FROM content WHERE digest IS NOT NULL")
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


def insert(db: apsw.Connection, messages: Iterable[QueuedMessage]) -> None:
    recipients: list[Row] = []
    contents: list[Row] = []
    for message in messages:
        db.execute(INSERT, message_row(message))
        number = db.last_insert_rowid()
        for position, recipient in enumerate(message.recipients):
            recipients.append((number, position, *recipient_row(recipient)))
        content = message.content
        if isinstance(content, bytes):
            contents.append((number, None, content))
        else:
            contents.append((number, content.digest, None))
    db.executemany(INSERT_RECIPIENT, recipients)
    db.executemany("INSERT INTO content (message, digest, octets) VALUES (?, ?, ?)", contents)


def claim(db: apsw.Connection, now: float, owner: str, limit: int) -> list[QueuedMessage]:
    chosen = [row[0] for row in db.execute(DUE, (now, limit))]
    db.executemany("UPDATE message SET owner = ? WHERE number = ?", [(owner, n) for n in chosen])
    return [
        read_message(db, row, with_octets=True)
        for number in chosen
        for row in db.execute(BY_NUMBER, (number,))
    ]


def record(db: apsw.Connection, steps: Iterable[Progress]) -> None:
    done: list[int] = []
    added: list[QueuedMessage] = []
    for step in steps:
        number = db.execute("SELECT number FROM message WHERE id = ?", (step.id,)).get
        if number is None:  # dropped by hand while it was on its way
            continue
        added += step.added
        if step.fate is Fate.DONE:
            done.append(number)
            continue
        update_recipients(db, number, step.recipients)
        if step.fate is Fate.DEFERRED:
            db.execute(
                "UPDATE message SET owner = '', due = ?, attempts = ?, is_delay_told = ? "
                "WHERE number = ?",
                (step.due, step.attempts, step.is_delay_told, number),
            )
    delete(db, done)
    if added:
        insert(db, added)


def update_recipients(
    db: apsw.Connection, number: int, changed: Iterable[tuple[int, QueuedRecipient]]
) -> None:
    db.executemany(
        "UPDATE recipient SET state = ?, status = ?, diagnostic = ?, host = ?, tried_at = ?, "
        "is_told = ? WHERE message = ? AND position = ?",
        [
            (
                recipient.state.value, recipient.status, recipient.diagnostic, recipient.host,
                recipient.tried_at, recipient.is_told, number, position,
            )
            for position, recipient in changed
        ],
    )  # fmt: skip


def delete(db: apsw.Connection, numbers: Sequence[int]) -> None:
    keys = [(number,) for number in numbers]
    db.executemany("DELETE FROM message WHERE number = ?", keys)
    db.executemany("DELETE FROM recipient WHERE message = ?", keys)
    db.executemany("DELETE FROM content WHERE message = ?", keys)


def describe(db: apsw.Connection, ids: Sequence[str] | None, limit: int) -> list[QueuedMessage]:
    if ids is None:
        rows = list(db.execute(ALL, (limit,)))
    else:
        rows = sorted(row for each in set(ids) for row in db.execute(ONE, (each,)))
    return [read_message(db, row, with_octets=False) for row in rows]


def read_message(db: apsw.Connection, row: Row, *, with_octets: bool) -> QueuedMessage:
    number, size = row[0], row[-1]
    content: bytes | StoredBlob = StoredBlob("", size)
    if with_octets:
        statement = "SELECT digest, octets FROM content WHERE message = ?"
        for digest, octets in db.execute(statement, (number,)):
            content = content_of(size, digest, octets)
    return QueuedMessage(
        id=row[1],
        reverse_path=row[2],
        recipients=[read_recipient(each) for each in db.execute(RECIPIENTS, (number,))],
        content=content,
        arrived=row[3],
        expires=row[4],
        due=row[5],
        attempts=row[6],
        is_held=bool(row[7]),
        is_delay_told=bool(row[8]),
        owner=row[9],
        smtputf8=bool(row[10]),
        body=row[11],
        ret=row[12],
        envid=row[13],
    )


def content_of(size: int, digest: str | None, octets: bytes | None) -> bytes | StoredBlob:
    if digest is not None:
        return StoredBlob(digest, size)
    return octets or b""


def message_row(message: QueuedMessage) -> Row:
    return (
        message.id,
        message.reverse_path,
        message.arrived,
        message.expires,
        message.due,
        message.attempts,
        message.is_held,
        message.is_delay_told,
        message.owner,
        message.smtputf8,
        message.body,
        message.ret,
        message.envid,
        message.size,
    )


def recipient_row(recipient: QueuedRecipient) -> Row:
    return (
        recipient.address,
        " ".join(sorted(recipient.notify)) if recipient.notify else "",
        recipient.orcpt,
        recipient.state.value,
        recipient.status,
        recipient.diagnostic,
        recipient.host,
        recipient.tried_at,
        recipient.is_told,
    )


def read_recipient(row: Row) -> QueuedRecipient:
    address, notify, orcpt, state, status, diagnostic, host, tried_at, is_told = row
    return QueuedRecipient(
        address,
        frozenset(notify.split()) if notify else frozenset(),
        orcpt,
        STATES[state],
        status,
        diagnostic,
        host,
        tried_at,
        bool(is_told),
    )
