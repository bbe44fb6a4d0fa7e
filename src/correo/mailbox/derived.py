"""Work values out of messages once, and remember them as long as the mailbox is selected.

Sorting, threading and searching ask for the same of every message again and again, and a message
never changes. What is remembered goes with the live mailbox, and when messages go.

Cost: reading columns 2 microseconds a message the first time, a look-up each later.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import filterfalse
from typing import Any

from correo.mailbox.live import LiveMailbox
from correo.net.pace import Pace
from correo.store.model import Column

__all__ = ["MOST_REMEMBERED", "Derivation", "derive", "of_column"]

PIECE = 250  # rows looked at before others may have their turn
MOST_REMEMBERED = 100_000  # messages of a mailbox; ours, 10 MB a value. Beyond, nothing is


@dataclass(frozen=True, slots=True)
class Derivation:
    """A value of a message: what is read for it, and what is made of that.

    name: of the value, under which it is remembered.
    """

    name: object
    columns: tuple[Column, ...]
    make: Callable[..., Any]


def of_column(column: Column) -> Derivation:
    """The value of a column as it stands."""
    return Derivation(column, (column,), as_it_is)


def as_it_is(value: Any) -> Any:
    return value


async def derive(
    live: LiveMailbox, uids: Sequence[int], derivation: Derivation
) -> Mapping[int, Any]:
    """The value for each UID (ascending), and perhaps for others; those gone are left out."""
    known: dict[int, Any] = {}
    if len(live.uids) <= MOST_REMEMBERED:
        known = live.derived.setdefault(derivation.name, known)
    missing = list(filterfalse(known.__contains__, uids))
    pace = Pace()
    columns = (Column.UID, *derivation.columns)
    async for rows in live.account.fetch(live.mailbox.id, missing, columns):
        for first in range(0, len(rows), PIECE):
            found, *values = zip(*rows[first : first + PIECE], strict=True)
            known.update(zip(found, map(derivation.make, *values), strict=True))
            await pace.breathe()
    return known
