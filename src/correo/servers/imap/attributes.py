"""Write FETCH lines from the store's columns, many at a time.

A Plan is made once for a FETCH and then turns rows into lines by the column: a template has a slot
for each value, and nothing is decided message by message.

RFC 9051    7.5.2    FETCH
RFC 7162    3.1.4.2  MODSEQ; RFC 8474 5.3 EMAILID, THREADID; RFC 8514 4.3 SAVEDATE
RFC 8970    3        PREVIEW, a literal where it is not ASCII

Cost: 0.25 microseconds for UID FLAGS of one message, 1.5 for UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE of one
message. On the hot path.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from correo.message.headers import selector
from correo.message.nstring import string
from correo.store.model import Column
from correo.wire.imap.dates import format_date_time
from correo.wire.imap.fetch_items import BodySection, FetchAttribute, FetchItem, SectionText

__all__ = ["Plan", "is_answered_from_columns", "is_answered_from_memory"]

Convert = Callable[[Sequence[Any]], Sequence[Any]]

DAY_S = 86_400
MINUTES = [b" %02d:%02d:" % divmod(minute, 60) for minute in range(DAY_S // 60)]
SECONDS = [b'%02d +0000"' % second for second in range(60)]


def as_they_are(values: Sequence[Any]) -> Sequence[Any]:
    return values


def flag_lists(values: Sequence[str]) -> list[bytes]:
    known = {flags: flags.encode("ascii", "replace") for flags in set(values)}
    return [known[flags] for flags in values]


def dates(moments: Sequence[int]) -> list[bytes]:
    """As `format_date_time`, quicker: only the day is looked up, and nothing is formatted."""
    found = []
    for moment in moments:
        day, second = divmod(moment, DAY_S)
        found.append(day_text(day) + MINUTES[second // 60] + SECONDS[second % 60])
    return found


@lru_cache(maxsize=4096)
def day_text(day: int) -> bytes:
    return format_date_time(day * DAY_S).partition(b" 00:")[0]


def identifiers(values: Sequence[str]) -> list[bytes]:
    return [b"(%b)" % value.encode("ascii") if value else b"NIL" for value in values]


def previews(values: Sequence[str]) -> list[bytes]:
    return [string(value.encode("utf-8", "replace")) for value in values]


# What stands in the store, the slot for it in a line, and how it is made to fit there.
SOURCES: dict[FetchAttribute, tuple[Column, bytes, Convert]] = {
    FetchAttribute.UID: (Column.UID, b"%d", as_they_are),
    FetchAttribute.FLAGS: (Column.FLAGS, b"(%b)", flag_lists),
    FetchAttribute.INTERNALDATE: (Column.INTERNAL_DATE, b"%b", dates),
    FetchAttribute.RFC822_SIZE: (Column.SIZE, b"%d", as_they_are),
    FetchAttribute.ENVELOPE: (Column.ENVELOPE, b"%b", as_they_are),
    FetchAttribute.BODY: (Column.BODY, b"%b", as_they_are),
    FetchAttribute.BODYSTRUCTURE: (Column.BODYSTRUCTURE, b"%b", as_they_are),
    FetchAttribute.MODSEQ: (Column.MODSEQ, b"(%d)", as_they_are),
    FetchAttribute.EMAILID: (Column.EMAIL_ID, b"%b", identifiers),
    FetchAttribute.THREADID: (Column.THREAD_ID, b"%b", identifiers),
    FetchAttribute.SAVEDATE: (Column.SAVE_DATE, b"%b", dates),
    FetchAttribute.PREVIEW: (Column.PREVIEW, b"%b", previews),
}

IN_MEMORY = frozenset({FetchAttribute.UID, FetchAttribute.FLAGS, FetchAttribute.MODSEQ})


def is_answered_from_columns(item: FetchItem) -> bool:
    """Whether an item needs neither the octets of the message nor its structure."""
    return isinstance(item, FetchAttribute) or _is_header_section(item)


def is_answered_from_memory(items: Iterable[FetchItem]) -> bool:
    """Whether the live mailbox knows all that is asked: UID, FLAGS and MODSEQ."""
    return all(item in IN_MEMORY for item in items)


def _is_header_section(item: FetchItem) -> bool:
    """The message's own header, or fields of it."""
    return (
        isinstance(item, BodySection)
        and not item.part
        and item.text is not None
        and item.text is not SectionText.TEXT
    )


class Plan:
    """How to write the lines of one FETCH: what stands before each value, and how it is made.

    Args:
        items: such as are answered from columns. The UID is told first, the rest as asked.
        is_by_uid: UIDFETCH, so that lines are numbered by UIDs (RFC 9586 3.3).

    columns: what to ask the store for; the UID comes first.
    """

    __slots__ = ("_converts", "_template", "columns")

    def __init__(self, items: Iterable[FetchItem], *, is_by_uid: bool = False) -> None:
        self.columns: list[Column] = [Column.UID]
        self._template = b"* %d UIDFETCH (" if is_by_uid else b"* %d FETCH ("
        self._converts: list[tuple[int, Convert]] = []
        for item in sorted(items, key=lambda item: item is not FetchAttribute.UID):
            if self._converts:
                self._template += b" "
            self._add(item)

    def _add(self, item: FetchItem) -> None:
        if isinstance(item, FetchAttribute):
            column, slot, convert = SOURCES[item]
            self._slot(column, b"%b %b" % (item.value, slot), convert)
            return
        assert isinstance(item, BodySection)
        label = item.label.replace(b"%", b"%%")
        self._slot(Column.HEADER, label + b" %b", header_section(item))

    def _slot(self, column: Column, template: bytes, convert: Convert) -> None:
        if column not in self.columns:
            self.columns.append(column)
        self._template += template
        self._converts.append((self.columns.index(column), convert))

    def lines(self, sequence: Sequence[int], columns: Sequence[Sequence[Any]]) -> bytes:
        """The lines of these messages, from the values of `columns` (perhaps more behind them)."""
        return b"".join(self._filled(self._template + b")\r\n", sequence, columns))

    def beginnings(self, sequence: Sequence[int], columns: Sequence[Sequence[Any]]) -> list[bytes]:
        """The same line by line, without their ends: more items follow."""
        end = b" " if self._converts else b""
        return list(self._filled(self._template + end, sequence, columns))

    def _filled(
        self, template: bytes, sequence: Sequence[int], columns: Sequence[Sequence[Any]]
    ) -> Iterable[bytes]:
        """The template for each message, its values in the slots."""
        values = [convert(columns[index]) for index, convert in self._converts]
        return map(template.__mod__, zip(sequence, *values, strict=False))


def header_section(item: BodySection) -> Convert:
    """BODY[HEADER], BODY[HEADER.FIELDS (...)] and the like, with their partials."""
    select = selector(item.fields, exclude=item.text is SectionText.HEADER_FIELDS_NOT)
    partial = item.partial

    def convert(headers: Sequence[bytes]) -> list[bytes]:
        chosen = headers
        if item.text is not SectionText.HEADER:
            chosen = list(map(select, headers))
        if partial is not None:
            first, end = partial[0], partial[0] + partial[1]
            chosen = [octets[first:end] for octets in chosen]
        return [b"{%d}\r\n%b" % (len(octets), octets) for octets in chosen]

    return convert
