"""Fetch columns of entries in batches, so that neither memory nor other sessions suffer.

A batch ends after BATCH_ROWS rows or when it has become heavy. Each is a transaction of its own;
entries that go between two batches are left out.

RFC 9051    6.4.5    FETCH asks for these columns

Cost: 2 µs for a row of ENVELOPE and BODYSTRUCTURE, 6 µs for 10 KB of octets.
"""
# ruff: noqa: S608 - the statements are put together from constants, values are always bound

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import apsw

from correo.store.model import Column, StoredBlob
from correo.store.sqlite.entries import Entries

__all__ = ["BATCH_ROWS", "Batch", "BlobHeader", "Reader", "reader_of"]

BATCH_ROWS = 1000
BATCH_WEIGHT = 512 * 1024  # octets
WEIGHED_ROWS = 16  # at a time, at most 64 KiB each: a batch may be as much too heavy

OF_ENTRY = {
    Column.MODSEQ, Column.FLAGS, Column.INTERNAL_DATE, Column.SAVE_DATE, Column.SIZE,
}  # fmt: skip
SPECIAL = {
    Column.UID: "entry.id - :base",
    Column.EMAIL_ID: "printf('M%x', entry.message)",
    Column.THREAD_ID: "printf('T%x', message.thread)",
    Column.HEADER: "content.header",
    Column.OCTETS: "content.body",  # with content.header, see `opened`
}
HEAVY = {
    Column.ENVELOPE, Column.BODYSTRUCTURE, Column.BODY, Column.STRUCTURE, Column.REFERENCES,
    Column.IN_REPLY_TO, Column.BASE_SUBJECT, Column.HEADER, Column.OCTETS,
}  # fmt: skip
NO_MESSAGE = OF_ENTRY | {Column.UID, Column.EMAIL_ID, Column.HEADER, Column.OCTETS}


@dataclass(frozen=True, slots=True)
class BlobHeader:
    """Stands in a row for a header that is too large for a row; it begins the blob."""

    blob: StoredBlob
    length: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, and the UID after the last that was looked at.

    has_blobs: whether a StoredBlob or a BlobHeader stands in a row in place of octets.
    """

    rows: list[tuple[Any, ...]]
    next_uid: int
    has_blobs: bool


class Reader:
    """Rows of some columns; one for each combination of columns, see `reader_of`."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._width = len(columns)
        self._octets_at = [at for at, each in enumerate(columns) if each is Column.OCTETS]
        self._header_at = [at for at, each in enumerate(columns) if each is Column.HEADER]
        self._heavy = [at for at, each in enumerate(columns) if each in HEAVY]
        asked = [SPECIAL.get(each) or source(each) for each in columns]
        joins = ""
        if not NO_MESSAGE.issuperset(columns):
            joins = " JOIN message ON message.id = entry.message"
        if self._octets_at or self._header_at:
            joins += " JOIN content ON content.message = entry.message"
            asked.append("entry.message")
            asked.append("content.header" if self._octets_at else "NULL")
        asked.append("entry.id - :base")
        self._select = f"SELECT {', '.join(asked)} FROM entry{joins} WHERE "

    def read(self, connection: apsw.Connection, mailbox: int, uids: Sequence[int]) -> Batch:
        """The rows of these UIDs (ascending, at least one), or the first of them if heavy."""
        entries = Entries.these(mailbox, uids)
        cursor = connection.execute(
            f"{self._select}{entries.where} ORDER BY entry.id", entries.bindings
        )
        rows: list[tuple[Any, ...]] = []
        weight = 0
        while some := list(islice(cursor, WEIGHED_ROWS)):
            rows += some
            for at in self._heavy:
                weight += sum([len(row[at] or b"") for row in some])
            if weight >= BATCH_WEIGHT:
                cursor.close()
                uids = some[-1][-1:]
                break
        if self._octets_at or self._header_at:
            return self._opened(connection, rows, uids[-1] + 1)
        width = self._width
        return Batch([row[:width] for row in rows], uids[-1] + 1, has_blobs=False)

    def _opened(
        self, connection: apsw.Connection, rows: list[tuple[Any, ...]], next_uid: int
    ) -> Batch:
        """Put header and body together; what is not in its row is in a blob."""
        if not self._octets_at and not any(
            None in [row[at] for row in rows] for at in self._header_at
        ):
            return Batch([row[: self._width] for row in rows], next_uid, has_blobs=False)
        finished = []
        has_blobs = False
        for row in rows:
            values = list(row[: self._width])
            message, header, _ = row[self._width :]
            for at in self._octets_at:
                if values[at] is None:
                    values[at] = blob_header(connection, message).blob
                    has_blobs = True
                else:
                    values[at] = header + values[at]
            for at in self._header_at:
                if values[at] is None:
                    values[at] = blob_header(connection, message)
                    has_blobs = True
            finished.append(tuple(values))
        return Batch(finished, next_uid, has_blobs)


def blob_header(connection: apsw.Connection, message: int) -> BlobHeader:
    """Where the octets of a large message are."""
    digest, size, header_size = connection.execute(
        "SELECT digest, size, header_size FROM message WHERE id = ?", (message,)
    ).get
    return BlobHeader(StoredBlob(digest, size), header_size)


def source(column: Column) -> str:
    table = "entry" if column in OF_ENTRY else "message"
    return f'{table}."{column.value}"'


@lru_cache(maxsize=256)
def reader_of(columns: tuple[Column, ...]) -> Reader:
    return Reader(columns)
