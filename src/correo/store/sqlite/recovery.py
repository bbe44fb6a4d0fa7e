"""File again what a power cut took from accounts after the journal had made it durable.

The wiring calls it at the start of a server, before anything else opens an account. An account's file holds, after a power cut,
all its transactions up to some point; those behind it were appends of the journal (every other
commit is synced, and what came before it with it). So the records whose number is higher than the
account's last are what is missing. After a mere crash nothing is.

Two records may have one number: the process of the earlier one ended between record and commit,
so nobody was told, and another process used the number. The later one counts.
"""

import logging
from collections.abc import Iterable
from pathlib import Path

import apsw

from correo.base.errors import DamagedStore, NotFound
from correo.message.scan import scan
from correo.store.blobs.files import FileBlobStore
from correo.store.model import INLINE_LIMIT, AccountId, StoredBlob
from correo.store.sqlite import filing
from correo.store.sqlite.changelog import last_number
from correo.store.sqlite.connecting import explained
from correo.store.sqlite.database import Database
from correo.store.sqlite.filing import Letter, letter_of
from correo.store.sqlite.journal import abandoned_segments, sync_accounts
from correo.store.sqlite.redo import Redo, RedoLetter, read_segment
from correo.store.sqlite.schema import MIGRATIONS
from correo.store.sqlite.store import place_of

__all__ = ["recover"]

log = logging.getLogger("correo.store")


def recover(data: Path, blobs: FileBlobStore) -> int:
    """Apply what crashed processes have left in `<data>/journal`; returns how many messages.

    Segments of a process that is still at work (the server before this one, say) are its own
    affair. Blocks. What was applied is durable on return. An account that is damaged is passed over with a line in the
    log, and the segments stay for when its copy is in place.

    Raises:
        StorageFull: there is no room for what has to be filed; free some and start again.
    """
    segments = abandoned_segments(data / "journal")
    is_whole = True
    filed = 0
    for account, redos in in_order(segments).items():
        try:
            filed += file_again(place_of(data / "accounts", account), blobs, redos)
        except NotFound:  # removed since
            continue
        except DamagedStore as error:
            log.error("%s; mail that it lost waits in %s", error.text, data / "journal")
            is_whole = False
    if is_whole:
        for segment in segments:
            segment.unlink()
    if filed:
        log.warning("%d messages were filed again after a power cut", filed)
    return filed


def in_order(segments: Iterable[Path]) -> dict[AccountId, list[Redo]]:
    """All records by account, ascending by number; of two with one number, the later one."""
    found: dict[AccountId, dict[int, Redo]] = {}
    for segment in segments:
        for redo in read_segment(segment):
            of_account = found.setdefault(AccountId(redo.account), {})
            known = of_account.get(redo.number)
            if known is None or known.written_at <= redo.written_at:
                of_account[redo.number] = redo
    return {
        account: [redos[number] for number in sorted(redos)] for account, redos in found.items()
    }


def file_again(path: Path, blobs: FileBlobStore, redos: list[Redo]) -> int:
    database = Database(path, MIGRATIONS, create=False)
    connection = database.open()
    try:
        with explained(path, connection):
            connection.execute("BEGIN IMMEDIATE")
            filed = sum(apply(connection, blobs, redo) for redo in redos)
            connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        database.close()
    sync_accounts([database.path])
    return filed


def apply(connection: apsw.Connection, blobs: FileBlobStore, redo: Redo) -> int:
    """How many messages were filed: all of the record, or none."""
    if last_number(connection) >= redo.number:
        return 0
    letters = [letter(blobs, each) for each in redo.letters]
    is_filed = filing.append_again(
        connection, redo.mailbox, letters, uid=redo.uid, number=redo.number, now=redo.now
    )
    return len(letters) if is_filed else 0


def letter(blobs: FileBlobStore, kept: RedoLetter) -> Letter:
    if kept.digest is None:
        index = scan(kept.octets)
        return letter_of(index, kept.octets, None, kept.flags, kept.internal_date)
    whole = blobs.open(StoredBlob(kept.digest, kept.size)).read_now(0, kept.size)
    index = scan(whole)
    header = whole[: index.header_size] if index.header_size <= INLINE_LIMIT else b""
    return letter_of(index, header, kept.digest, kept.flags, kept.internal_date)
