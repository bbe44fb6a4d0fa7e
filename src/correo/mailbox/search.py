"""Find the messages of a mailbox that meet a criterion, reading as little of them as possible.

The criterion is taken apart; each piece looks only at the messages the cheaper pieces left over.
Flags, UIDs and mod-sequences are answered from memory, dates, sizes and identifiers from their
columns, header texts from the header alone, and only body texts from the messages themselves.

RFC 9051    6.4.4    SEARCH: substrings regardless of case, in decoded text
RFC 5032             WITHIN; RFC 8474 6 identifiers; RFC 8514 4.4 save dates; RFC 7162 3.1.5

Body texts are looked up in the account's full-text index as far as it goes; a single word, or a
part of one, needs no more. Of other texts it names the messages that may have them, which are read.

Departures: a criterion on a message that has just been expunged may go either way (RFC 2180 4.3).
Names of attached files count as body text, the text of attached documents only for what is near.

Cost: flags of 100,000 messages 5 ms; dates, sizes and the usual header fields 2 to 5
microseconds a message the first time and a tenth of it while the mailbox stays selected; body texts
1 to 10 ms by the index, 10 to 50 microseconds for each message that has to be read.
"""

import math
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from itertools import compress
from typing import cast

from correo.base.errors import UsageError
from correo.mailbox import criteria, flags
from correo.mailbox.criteria import Criterion
from correo.mailbox.derived import Derivation, derive, of_column
from correo.mailbox.live import LiveMailbox
from correo.mailbox.texts import fold, header_field, header_test, sent_day_test, text_test
from correo.message.structure import Structure
from correo.message.words import Needle
from correo.net.pace import Pace
from correo.store.api import AccountStore
from correo.store.model import Column, Holding, Octets, Where

__all__ = ["search"]

PIECE = 100  # rows looked at before others may have their turn
REMEMBERED_FIELDS = {"subject", "from", "to", "cc", "bcc"}
INDEX_WORTH = 50  # messages of a mailbox from which on an index is quicker than reading them
INDEX_LAG = 20  # messages that may be read at each search before the index is brought up to date
FIELD_LIMIT = 1000  # octets of a field that are remembered
DAY_S = 86_400
EPOCH = date(1970, 1, 1).toordinal()

# How much has to be read to answer: the cheapest of several criteria goes first.
WEIGHTS: dict[type, int] = {
    criteria.Everything: 0,
    criteria.Among: 0,
    criteria.HasFlag: 1,
    criteria.Between: 2,
    criteria.Is: 2,
    criteria.SentWithin: 2,
    criteria.HeaderHolds: 3,
    criteria.BodyHolds: 4,
    criteria.TextHolds: 4,
}


async def search(
    live: LiveMailbox,
    uids: Sequence[int],
    criterion: Criterion,
    *,
    wants_index: Callable[[AccountStore], None] = lambda _: None,
) -> list[int]:
    """The UIDs among `uids` (ascending) that meet the criterion, ascending.

    Args:
        wants_index: called if a full-text index would have helped, see `indexing`.
    """
    return await _Search(live, wants_index).find(criterion, list(uids))


def weight(criterion: Criterion) -> int:
    """How costly a criterion is, from 0."""
    if isinstance(criterion, criteria.Not):
        return weight(criterion.criterion)
    if isinstance(criterion, criteria.All | criteria.AnyOf):
        return max((weight(each) for each in criterion.criteria), default=0)
    return WEIGHTS[type(criterion)]


class _Search:
    """One search in one mailbox."""

    __slots__ = ("_live", "_pace", "_wants_index")

    def __init__(self, live: LiveMailbox, wants_index: Callable[[AccountStore], None]) -> None:
        self._live = live
        self._wants_index = wants_index
        self._pace = Pace()

    async def find(self, criterion: Criterion, uids: list[int]) -> list[int]:
        match criterion:
            case criteria.Everything():
                return uids
            case criteria.Among():
                return [uid for uid in uids if uid in criterion.uids]
            case criteria.HasFlag():
                return self._by_flag(criterion.flag, uids, has=True)
            case criteria.Not(criteria.HasFlag(flag)):
                return self._by_flag(flag, uids, has=False)
            case criteria.Not():
                found = set(await self.find(criterion.criterion, uids))
                return [uid for uid in uids if uid not in found]
            case criteria.All():
                for each in sorted(criterion.criteria, key=weight):
                    uids = await self.find(each, uids) if uids else uids
                return uids
            case criteria.AnyOf():
                return await self._any_of(criterion, uids)
            case _:
                return await self._by_content(criterion, uids)

    async def _any_of(self, criterion: criteria.AnyOf, uids: list[int]) -> list[int]:
        found: set[int] = set()
        for each in sorted(criterion.criteria, key=weight):
            left = [uid for uid in uids if uid not in found] if found else uids
            found.update(await self.find(each, left) if left else ())
        return [uid for uid in uids if uid in found]

    def _by_flag(self, flag: str, uids: list[int], *, has: bool) -> list[int]:
        """Those with the flag, or without it; of those that are gone nobody can say."""
        live = self._live
        wanted = {known for known in live.known_flags() if flags.has(known, flag) is has}
        if len(uids) == len(live.uids) and uids == live.uids.tolist():
            return list(compress(uids, map(wanted.__contains__, live.flags)))
        position, known = live.position, live.flags
        return [uid for uid in uids if (at := position(uid)) >= 0 and known[at] in wanted]

    def _by_modseq(self, wanted: criteria.Between, uids: list[int]) -> list[int]:
        holds = _within(wanted)
        position, modseqs = self._live.position, self._live.modseqs
        return [uid for uid in uids if (at := position(uid)) >= 0 and holds(modseqs[at])]

    async def _by_content(self, criterion: Criterion, uids: list[int]) -> list[int]:
        match criterion:
            case criteria.Between(column=Column.MODSEQ):
                return self._by_modseq(criterion, uids)
            case criteria.Between():
                return await self._by_number(uids, criterion.column, _within(criterion))
            case criteria.Is():
                return await self._rows(uids, criterion.column, criterion.value.__eq__)
            case criteria.SentWithin():
                return await self._sent_within(criterion, uids)
            case criteria.HeaderHolds():
                return await self._with_field(criterion, uids)
            case criteria.BodyHolds() | criteria.TextHolds():
                return await self._texts(criterion, uids)
        raise UsageError(f"not a criterion: {criterion!r}")

    async def _sent_within(self, wanted: criteria.SentWithin, uids: list[int]) -> list[int]:
        """By the moment it was sent; near the ends of the span, by the day as written."""
        first, end = _midnight(wanted.first), _midnight(wanted.end)
        surely = set(await self._by_number(uids, Column.SENT_DATE, _between(first, end, -DAY_S)))
        perhaps = await self._by_number(uids, Column.SENT_DATE, _between(first, end, DAY_S))
        unsure = [uid for uid in perhaps if uid not in surely]
        if unsure:
            surely.update(await self._rows(unsure, Column.HEADER, sent_day_test(wanted)))
        return [uid for uid in perhaps if uid in surely]

    async def _with_field(self, wanted: criteria.HeaderHolds, uids: list[int]) -> list[int]:
        """By a header field; those that people search are remembered."""
        name, text = wanted.field.lower(), fold(wanted.text)
        if len(self._live.derived.get(f"field {name}", ())) < len(self._live.uids):
            holding = await self._holding(needle_of(wanted), Where.HEADER)
            if holding is not None:
                perhaps = {*holding.found, *holding.unindexed}
                uids = [uid for uid in uids if uid in perhaps]
        if name not in REMEMBERED_FIELDS or "\n" in text or wanted.is_near:
            return await self._rows(uids, Column.HEADER, header_test(wanted))
        field = header_field(name, FIELD_LIMIT)
        derivation = Derivation(f"field {name}", (Column.HEADER,), field)
        values = await derive(self._live, uids, derivation)
        found = {uid for uid in uids if isinstance(value := values.get(uid), str) and text in value}
        long = [uid for uid in uids if values.get(uid) is ...]
        if long:
            found.update(await self._rows(long, Column.HEADER, header_test(wanted)))
        return [uid for uid in uids if uid in found]

    async def _by_number(
        self, uids: list[int], column: Column, holds: Callable[[int | None], bool]
    ) -> list[int]:
        """Those whose date or size passes the test."""
        values = await derive(self._live, uids, of_column(column))
        return [uid for uid in uids if uid in values and holds(values[uid])]

    async def _rows(self, uids: list[int], column: Column, holds: Callable[..., bool]) -> list[int]:
        """Those whose column passes the test."""
        found: list[int] = []
        async for rows in self._fetch(uids, (Column.UID, column)):
            for first in range(0, len(rows), PIECE):
                piece = rows[first : first + PIECE]
                found.extend([cast("int", uid) for uid, value in piece if holds(value)])
                await self._pace.breathe()
        return found

    async def _texts(
        self, criterion: criteria.BodyHolds | criteria.TextHolds, uids: list[int]
    ) -> list[int]:
        """By the full-text index; what it does not know, or not for sure, is read."""
        where = Where.ANYWHERE if isinstance(criterion, criteria.TextHolds) else Where.BODY
        needle = needle_of(criterion)
        holding = await self._holding(needle, where)
        if holding is None:
            return await self._read_texts(criterion, uids)
        sure = set(holding.found) if needle.is_exact and holding.is_sure else set()
        doubtful = {*holding.found, *holding.unindexed} - sure
        if doubtful:
            sure.update(await self._read_texts(criterion, [uid for uid in uids if uid in doubtful]))
        return [uid for uid in uids if uid in sure]

    async def _holding(self, needle: Needle, where: Where) -> Holding | None:
        """What the full-text index says; None if it cannot help."""
        live = self._live
        if not needle.runs or len(live.uids) < INDEX_WORTH:
            return None
        holding = await live.account.holding(live.mailbox.id, needle, where)
        if not holding.is_begun or len(holding.unindexed) >= INDEX_LAG:
            self._wants_index(live.account)
        return holding if holding.is_begun else None

    async def _read_texts(
        self, criterion: criteria.BodyHolds | criteria.TextHolds, uids: list[int]
    ) -> list[int]:
        holds = text_test(criterion)
        found: list[int] = []
        async for rows in self._fetch(uids, (Column.UID, Column.STRUCTURE, Column.OCTETS)):
            for uid, structure, octets in rows:
                tree = Structure.decode(cast("bytes", structure))
                if await holds(cast("Octets", octets), tree):
                    found.append(cast("int", uid))
                await self._pace.breathe()
        return found

    def _fetch(
        self, uids: list[int], columns: Sequence[Column]
    ) -> AsyncIterator[list[tuple[object, ...]]]:
        return self._live.account.fetch(self._live.mailbox.id, uids, columns)


def needle_of(
    criterion: criteria.HeaderHolds | criteria.BodyHolds | criteria.TextHolds,
) -> Needle:
    """What the full-text index is asked for."""
    text = fold(criterion.text)
    return Needle.near(text) if criterion.is_near else Needle.of(text)


def _within(wanted: criteria.Between) -> Callable[[int | None], bool]:
    return _between(wanted.low, wanted.high, 0)


def _between(low: int | None, high: int | None, margin: int) -> Callable[[int | None], bool]:
    """A test for low <= n < high, with both ends moved outwards by a margin."""
    least = -math.inf if low is None else low - margin
    end = math.inf if high is None else high + margin
    return lambda value: value is not None and least <= value < end


def _midnight(day: date | None) -> int | None:
    return None if day is None else (day.toordinal() - EPOCH) * DAY_S
