"""Remove entries from mailboxes, or move them, and later the messages that no entry names any more.

Removing is what a client waits for, so it touches entries only. The messages are noted as loose in
the same transaction and deleted afterwards in small steps, each a transaction of its own; what a
crash leaves loose is deleted after the account is next opened.

RFC 9051    6.4.3    EXPUNGE
RFC 6851    3.3      MOVE: all or none
RFC 8508    3.4      REPLACE: both or neither
RFC 7162    3.1.1    an expunge raises the mailbox's mod-sequence

Cost: 1 µs per entry removed; 10 to 20 µs per message deleted later.
"""
# ruff: noqa: S608 - the statements are put together from constants, values are always bound

import apsw

from correo.base.errors import NotFound
from correo.store.model import Appended, Copied
from correo.store.sqlite import fulltext
from correo.store.sqlite.changelog import last_number, log
from correo.store.sqlite.counters import TALLY, Tally, adjust
from correo.store.sqlite.entries import Entries, numbers
from correo.store.sqlite.filing import Letter, append, copy
from correo.store.sqlite.schema import EXPUNGED
from correo.store.uidset import compress

__all__ = ["delete_loose", "expunge", "loosen", "move", "remove", "replace", "spare_named"]


def expunge(connection: apsw.Connection, mailbox: int, entries: Entries) -> list[int]:
    """Remove entries; returns the UIDs gone, ascending. Raises NotFound."""
    if connection.execute("SELECT 1 FROM mailbox WHERE id = ?", (mailbox,)).get is None:
        raise NotFound("the mailbox is gone")
    return remove(connection, mailbox, entries)


def remove(connection: apsw.Connection, mailbox: int, entries: Entries) -> list[int]:
    """Take entries out of a mailbox that exists, its counters and its log with them."""
    joined, *tally = connection.execute(
        f"SELECT group_concat(id - :base), {TALLY}"
        f" FROM (SELECT * FROM entry WHERE {entries.where} ORDER BY id)",
        entries.bindings,
    ).get
    if joined is None:
        return []
    uids = numbers(joined)
    loosen(connection, entries)
    connection.execute(f"DELETE FROM entry WHERE {entries.where}", entries.bindings)
    number = last_number(connection) + 1
    log(connection, number, mailbox, EXPUNGED, compress(uids))
    adjust(connection, mailbox, number, Tally(*tally).negative())
    return uids


def replace(
    connection: apsw.Connection, source: int, uid: int, target: int, letter: Letter, now: int
) -> Appended:
    """Remove an entry and file a message instead. Raises NotFound, OverQuota."""
    if not remove(connection, source, Entries.these(source, [uid])):
        raise NotFound("the message is gone")
    [appended] = append(connection, target, [letter], now)
    return appended


def move(
    connection: apsw.Connection, source: int, entries: Entries, target: int, now: int
) -> list[Copied]:
    """Copy entries to the target and remove them from the source."""
    copied = copy(connection, entries, target, now, is_move=True)
    if copied:
        gone = Entries.these(source, [each.source_uid for each in copied])
        remove(connection, source, gone)
    return copied


def loosen(connection: apsw.Connection, entries: Entries) -> None:
    """Note the messages of entries that are about to go."""
    connection.execute(
        f"INSERT OR IGNORE INTO loose (message) SELECT message FROM entry WHERE {entries.where}",
        entries.bindings,
    )


def spare_named(connection: apsw.Connection) -> bool:
    """Part the list: what another entry still names goes off it, the rest may be deleted.

    A message without entries can never get one again, so the verdict stays true. Returns whether
    there is anything to delete.
    """
    if connection.execute("SELECT 1 FROM loose WHERE NOT is_unnamed").get is not None:
        connection.execute(
            "DELETE FROM loose WHERE message IN"
            " (SELECT message FROM entry WHERE message IN (SELECT message FROM loose))"
        )
        connection.execute("UPDATE loose SET is_unnamed = 1 WHERE NOT is_unnamed")
    return connection.execute("SELECT 1 FROM loose").get is not None


def delete_loose(connection: apsw.Connection, step: int) -> int:
    """Delete some messages that `spare_named` has found unnamed; returns how many."""
    going = "SELECT message FROM loose WHERE is_unnamed ORDER BY message LIMIT :step"
    bindings: dict[str, apsw.Binding] = {"step": step}
    fulltext.forget(connection, going, bindings)
    connection.execute(f"DELETE FROM content WHERE message IN ({going})", bindings)
    connection.execute(f"DELETE FROM message WHERE id IN ({going})", bindings)
    connection.execute(f"DELETE FROM loose WHERE message IN ({going})", bindings)
    return connection.changes()
