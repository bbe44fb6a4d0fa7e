"""Read the answers a large FETCH consists of in one step each, straight from the input.

A client that fetches headers, bodies or flags of a whole mailbox gets thousands of answers of one
form: UID and FLAGS, then at most one section as a literal. Those that have arrived whole are
recognised here by one pattern; everything else, and whatever has not arrived whole, is left to
the engine's general way (`response_reader`), which makes the same events of it.

RFC 9051    7.5.2    FETCH

Cost: about a third of the general way's. On the client's hot path.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from correo.wire.imap.response_types import FetchData
from correo.wire.imap.value_shapes import words
from correo.wire.imap.values import parse_values

__all__ = ["WholeFetch", "whole_fetches"]

# Numbers of ten digits may be beyond 32 bits: the general way judges those.
NUMBER = rb"([0-9]{1,9})"
FLAGS = rb"FLAGS \(([A-Z0-9\\$_. -]{0,200})\)"
SECTION = rb"(BODY\[(?:[A-Z0-9.]*|[0-9.]*HEADER\.FIELDS \([A-Z0-9 -]*\))\]) \{([0-9]{1,5})\}\r\n"
START = re.compile(  # with group 5 it is whole, otherwise a section follows
    rb"\* %b FETCH \((?:UID %b )?(?:%b(?: UID %b)?(?:(\)\r\n)| ))?(?(5)|%b)"
    % (NUMBER, NUMBER, FLAGS, NUMBER, SECTION),
    re.IGNORECASE,
)
END = re.compile(rb"(?: UID %b)?(?: %b)?\)\r\n" % (NUMBER, FLAGS), re.IGNORECASE)

WholeFetch = tuple[FetchData, int]
"""An answer, and where what follows it begins."""


def whole_fetches(octets: bytearray, largest: int) -> Iterator[WholeFetch]:
    """The answers at the beginning of the octets that are whole and of the common form.

    largest: octets of a section that may be taken from the input; with a larger one it ends.

    The octets must not change while this goes on.
    """
    position = 0
    with memoryview(octets) as view:
        while start := START.match(octets, position):
            number, uid, flags, later_uid, whole, label, size = start.groups()
            data = FetchData(int(number))
            position = start.end()
            take_attributes(data, later_uid or uid, flags)
            if whole is None:
                literal_end = position + int(size)
                end = END.match(octets, literal_end)
                if end is None or int(size) > largest:
                    return
                data.sections[label.upper()] = bytes(view[position:literal_end])
                take_attributes(data, end[1], end[2])
                position = end.end()
            yield data, position


def take_attributes(data: FetchData, uid: bytes | None, flags: bytes | None) -> None:
    if uid is not None:
        data.uid = int(uid)
    if flags is not None:
        data.flags = flag_words(flags)


@lru_cache(maxsize=1000)
def flag_words(octets: bytes) -> tuple[str, ...]:
    return words(parse_values(octets, []))
