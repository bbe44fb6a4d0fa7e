"""Keep a mailbox's counters equal to its entries, change by change.

Cost: one row updated per operation; the counters of many entries are summed by SQLite.
"""

from typing import NamedTuple

import apsw

__all__ = ["TALLY", "Tally", "adjust"]

TALLY = """
    count(*),
    ifnull(sum(instr(flags, '\\Seen') = 0), 0),
    ifnull(sum(instr(flags, '\\Deleted') > 0), 0),
    ifnull(sum(size), 0),
    ifnull(sum(CASE WHEN instr(flags, '\\Deleted') > 0 THEN size END), 0)
"""  # of some entries, in the order of Tally's fields


class Tally(NamedTuple):
    """What some entries add to the counters of their mailbox."""

    messages: int
    unseen: int
    deleted: int
    size: int
    deleted_size: int

    def negative(self) -> "Tally":
        return Tally(*(-each for each in self))


def adjust(
    connection: apsw.Connection, mailbox: int, number: int, tally: Tally, *, uids: int = 0
) -> None:
    """Add to the counters; `number` is the change that did it, `uids` how many were used."""
    connection.execute(
        "UPDATE mailbox SET messages = messages + ?, unseen = unseen + ?, deleted = deleted + ?,"
        " size = size + ?, deleted_size = deleted_size + ?, uid_next = uid_next + ?,"
        " highest_modseq = ? WHERE id = ?",
        (*tally, uids, number, mailbox),
    )
