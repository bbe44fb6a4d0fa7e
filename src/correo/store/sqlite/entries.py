"""Name a set of entries to SQLite, in the cheapest form there is for it.

A run of neighbouring UIDs is a range of the table; any other set travels as one array. Statements
put `Entries.where` after WHERE and merge `Entries.bindings` with their own, named ones.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace

import apsw
import msgspec

from correo.store.sqlite.schema import SPAN, UID_LIMIT

__all__ = ["Entries", "numbers"]

RANGE = "entry.id BETWEEN :first AND :last"
ARRAY = "entry.id IN (SELECT value + :base FROM carray(:wanted))"
WITH_DELETED = " AND instr(entry.flags, '\\Deleted') > 0"


@dataclass(frozen=True, slots=True)
class Entries:
    """Some entries of one mailbox; `base` is among the bindings and turns an id into a UID."""

    where: str
    bindings: "dict[str, apsw.Binding]"

    @classmethod
    def all_of(cls, mailbox: int) -> "Entries":
        base = mailbox * SPAN
        return cls(RANGE, {"base": base, "first": base, "last": base + UID_LIMIT})

    @classmethod
    def these(cls, mailbox: int, uids: Sequence[int]) -> "Entries":
        """Those of ascending UIDs, each given once; the ones that are gone are left out."""
        base = mailbox * SPAN
        if not uids:
            return cls(RANGE, {"base": base, "first": 1, "last": 0})
        if uids[-1] - uids[0] == len(uids) - 1:
            return cls(RANGE, {"base": base, "first": base + uids[0], "last": base + uids[-1]})
        return cls(ARRAY, {"base": base, "wanted": apsw.carray(array("q", uids))})

    def with_deleted(self) -> "Entries":
        """Those of them that carry \\Deleted."""
        return replace(self, where=self.where + WITH_DELETED)


def numbers(joined: str | None) -> list[int]:
    """What group_concat made of integers; a hundred thousand in 2 ms."""
    return msgspec.json.decode(f"[{joined or ''}]", type=list[int])
