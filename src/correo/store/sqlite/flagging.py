"""Change flags of many entries at once: read them, decide once per distinct set, write by set.

RFC 9051    6.4.6    STORE
RFC 7162    3.1.3    UNCHANGEDSINCE; one new mod-sequence for all that really change

Cost: 1.2 µs per entry.
"""
# ruff: noqa: S608 - the statements are put together from constants, values are always bound

from collections import defaultdict
from itertools import repeat

import apsw

from correo.base.errors import NotFound
from correo.store.flags import changed
from correo.store.model import FLAG_RIGHTS, FlagMode, FlagsStored
from correo.store.sqlite.changelog import changes, last_number, log
from correo.store.sqlite.counters import Tally, adjust
from correo.store.sqlite.entries import Entries, numbers
from correo.store.sqlite.schema import FLAGGED
from correo.store.uidset import ascending, compress

__all__ = ["store_flags"]

SCANS = 8  # distinct sets up to which going over all entries once for each is cheaper

Found = list[tuple[int, int, str]]  # UID, mod-sequence, flags: a Change to be


def store_flags(
    connection: apsw.Connection,
    mailbox: int,
    entries: Entries,
    mode: FlagMode,
    flags: str,
    unchanged_since: int | None,
    rights: str = FLAG_RIGHTS,
) -> FlagsStored:
    """Change flags of some entries. Raises NotFound if the mailbox is gone."""
    previous = connection.execute("SELECT highest_modseq FROM mailbox WHERE id = ?", (mailbox,)).get
    if previous is None:
        raise NotFound("the mailbox is gone")
    found = flags_of(connection, entries)
    conflicting: list[int] = []
    if unchanged_since is not None:
        conflicting = [uid for uid, modseq, _ in found if modseq > unchanged_since]
        found = [each for each in found if each[1] <= unchanged_since]
    by_flags: defaultdict[str, list[int]] = defaultdict(list)
    for uid, _, old in found:
        by_flags[old].append(uid)
    after = {old: changed(old, mode, flags, rights) for old in by_flags}
    same = {old for old, new in after.items() if old == new}
    unchanged = changes(each for each in found if each[2] in same) if same else []
    changing = {old: uids for old, uids in by_flags.items() if old not in same}
    if not changing:
        return FlagsStored([], unchanged, conflicting, previous)
    number = last_number(connection) + 1
    if len(changing) > SCANS or conflicting:
        for old, uids in changing.items():
            rewrite(connection, Entries.these(mailbox, uids), old, after[old], number)
    else:
        for old in changing:
            rewrite(connection, entries, old, after[old], number)
    adjust(connection, mailbox, number, difference(connection, mailbox, changing, after))
    uids = ascending(uid for uids in changing.values() for uid in uids)
    log(connection, number, mailbox, FLAGGED, compress(uids))
    new = [after[old] for _, _, old in found if old in changing]
    return FlagsStored(
        changes(zip(uids, repeat(number), new, strict=False)), unchanged, conflicting, previous
    )


def flags_of(connection: apsw.Connection, entries: Entries) -> Found:
    uids, modseqs, flags = connection.execute(
        "SELECT group_concat(id - :base), group_concat(modseq), group_concat(flags, char(10))"
        f" FROM (SELECT * FROM entry WHERE {entries.where} ORDER BY id)",
        entries.bindings,
    ).get
    if uids is None:
        return []
    return list(zip(numbers(uids), numbers(modseqs), flags.split("\n"), strict=True))


def rewrite(connection: apsw.Connection, entries: Entries, old: str, new: str, number: int) -> None:
    """Write one set for another. What a STORE makes is never again something it would change, so
    that no statement meets the work of the one before."""
    connection.execute(
        f"UPDATE entry SET flags = :new, modseq = :number WHERE {entries.where} AND flags = :old",
        {**entries.bindings, "new": new, "old": old, "number": number},
    )


def difference(
    connection: apsw.Connection,
    mailbox: int,
    changing: dict[str, list[int]],
    after: dict[str, str],
) -> Tally:
    """What the changes add to the counters of the mailbox."""
    unseen = deleted = deleted_size = 0
    for old, uids in changing.items():
        new = after[old]
        unseen += len(uids) * (("\\Seen" in old) - ("\\Seen" in new))
        sign = ("\\Deleted" in new) - ("\\Deleted" in old)
        deleted += sign * len(uids)
        if sign:
            deleted_size += sign * size_of(connection, Entries.these(mailbox, uids))
    return Tally(0, unseen, deleted, 0, deleted_size)


def size_of(connection: apsw.Connection, entries: Entries) -> int:
    return int(
        connection.execute(
            f"SELECT ifnull(sum(size), 0) FROM entry WHERE {entries.where}", entries.bindings
        ).get
    )
