"""Read a whole mailbox as parallel lists, the way sessions hold it.

Cost: 0.4 µs per entry; SQLite joins the columns to three strings, so no row becomes a tuple.
"""
# ruff: noqa: S608 - the statement is put together from constants, values are always bound

from sys import intern

import apsw

from correo.base.errors import NotFound
from correo.store.model import Snapshot
from correo.store.sqlite.entries import Entries, numbers
from correo.store.sqlite.mailboxes import mailbox_by_id

__all__ = ["snapshot"]


def snapshot(connection: apsw.Connection, mailbox: int) -> Snapshot:
    """All entries of a mailbox. Raises NotFound."""
    state = mailbox_by_id(connection, mailbox)
    if state is None:
        raise NotFound("the mailbox is gone")
    entries = Entries.all_of(mailbox)
    uids, flags, modseqs = connection.execute(
        "SELECT group_concat(id - :base), group_concat(flags, char(10)), group_concat(modseq)"
        f" FROM (SELECT id, flags, modseq FROM entry WHERE {entries.where} ORDER BY id)",
        entries.bindings,
    ).get
    if uids is None:
        return Snapshot(state, [], [], [])
    return Snapshot(state, numbers(uids), list(map(intern, flags.split("\n"))), numbers(modseqs))
