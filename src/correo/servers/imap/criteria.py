"""Say a SEARCH in the words of the mailbox: numbers become UIDs, days and ages become moments.

RFC 9051    6.4.4    search keys
RFC 5032             OLDER and YOUNGER look at the internal date
RFC 6203    3        FUZZY
RFC 5182    2.1      "$" within a search
RFC 8514    4.4      SAVEDATESUPPORTED
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

from correo.mailbox import criteria
from correo.mailbox.criteria import Criterion
from correo.mailbox.fuzzy import nearly
from correo.mailbox.view import View
from correo.servers.imap.refusals import Misused
from correo.store.model import Column
from correo.wire.imap import search_keys as keys
from correo.wire.imap.search_keys import SearchKey

__all__ = ["criterion_of", "every", "is_fuzzy", "mapped", "mentions_numbers"]

EVERY = criteria.Everything()
NONE = criteria.Not(EVERY)
DATE_COLUMNS = {
    keys.DateField.INTERNAL: Column.INTERNAL_DATE,
    keys.DateField.SAVED: Column.SAVE_DATE,
}
DEPTH_LIMIT = 100  # keys within keys; ours


def criterion_of(key: SearchKey, view: View, now: float, depth: int = 0) -> Criterion:
    """What the key means for this view at this moment.

    Raises:
        Misused: the keys are nested too deeply.
    """
    if depth > DEPTH_LIMIT:
        raise Misused("the search is nested too deeply")
    match key:
        case keys.Not():
            return criteria.Not(criterion_of(key.key, view, now, depth + 1))
        case keys.Or():
            sides = (key.left, key.right)
            return criteria.AnyOf(tuple(criterion_of(s, view, now, depth + 1) for s in sides))
        case keys.AllOf():
            return criteria.All(tuple(criterion_of(k, view, now, depth + 1) for k in key.keys))
        case keys.FuzzyKey():
            return nearly(criterion_of(key.key, view, now, depth + 1))
        case keys.MessageSet():
            return among(key, view)
        case keys.WithinKey():
            return within(key, now)
        case _:
            return of_message(key)


def of_message(key: SearchKey) -> Criterion:
    """A key that looks at nothing but the message."""
    match key:
        case keys.AnyMessage() | keys.SaveDateSupported():
            return EVERY
        case keys.RecentKey():
            return NONE
        case keys.FlagKey():
            return criteria.HasFlag(key.flag)
        case keys.HeaderContains():
            return criteria.HeaderHolds(key.field, key.text)
        case keys.BodyContains():
            return criteria.BodyHolds(key.text)
        case keys.TextContains():
            return criteria.TextHolds(key.text)
        case keys.DateKey():
            return on_day(key)
        case keys.SizeKey():
            low, high = (key.octets + 1, None) if key.larger else (None, key.octets)
            return criteria.Between(Column.SIZE, low, high)
        case keys.ModSeqAtLeast():
            return criteria.Between(Column.MODSEQ, key.modseq, None)
        case keys.ObjectIdKey():
            column = Column.THREAD_ID if key.is_thread else Column.EMAIL_ID
            return criteria.Is(column, key.object_id)
    raise Misused("an unknown search key")


def among(key: keys.MessageSet, view: View) -> Criterion:
    """Numbers beyond the last message mean nothing here; a search simply does not find them."""
    if key.is_uid:
        found = view.within(key.messages.spans(view.last_uid))
    else:
        found = view.numbered(key.messages.spans(view.exists))
    return criteria.Among(frozenset([*found, *(view.saved if key.messages.saved else ())]))


def on_day(key: keys.DateKey) -> Criterion:
    first: date | None = key.day
    end: date | None = day_after(key.day)
    if key.relation is keys.DateRelation.BEFORE:
        first, end = None, key.day
    elif key.relation is keys.DateRelation.SINCE:
        end = None
    if key.field is keys.DateField.SENT:
        return criteria.SentWithin(first, end)
    return criteria.Between(DATE_COLUMNS[key.field], midnight(first), midnight(end))


def day_after(day: date) -> date | None:
    return None if day == date.max else day + timedelta(days=1)


def midnight(day: date | None) -> int | None:
    if day is None:
        return None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def within(key: keys.WithinKey, now: float) -> Criterion:
    moment = int(now) - key.seconds
    low, high = (moment, None) if key.younger else (None, moment + 1)
    return criteria.Between(Column.INTERNAL_DATE, low, high)


def mentions_numbers(key: SearchKey) -> bool:
    """Whether sequence numbers are among the keys: then no expunge may be told meanwhile."""
    return any(isinstance(each, keys.MessageSet) and not each.is_uid for each in every(key))


def is_fuzzy(key: SearchKey) -> bool:
    """Whether FUZZY is among the keys."""
    return any(isinstance(each, keys.FuzzyKey) for each in every(key))


def every(key: SearchKey) -> Iterator[SearchKey]:
    """A key and all that it is made of."""
    waiting = [key]
    while waiting:
        key = waiting.pop()
        yield key
        match key:
            case keys.Not() | keys.FuzzyKey():
                waiting.append(key.key)
            case keys.Or():
                waiting += (key.left, key.right)
            case keys.AllOf():
                waiting += key.keys


def mapped(key: SearchKey, change: Callable[[SearchKey], SearchKey]) -> SearchKey:
    """The same search with each key that is made of no others put through `change`."""
    match key:
        case keys.Not():
            return keys.Not(mapped(key.key, change))
        case keys.FuzzyKey():
            return keys.FuzzyKey(mapped(key.key, change))
        case keys.Or():
            return keys.Or(mapped(key.left, change), mapped(key.right, change))
        case keys.AllOf():
            return keys.AllOf(tuple(mapped(each, change) for each in key.keys))
        case _:
            return change(key)
