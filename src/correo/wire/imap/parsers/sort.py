"""SORT, THREAD and their UID forms: what SEARCH takes, with an order or an algorithm before it.

RFC 5256    5        sort, thread; the charset must be given
RFC 5957    5        DISPLAYFROM, DISPLAYTO
RFC 5267    3.1      SORT RETURN (ESORT)
"""

from correo.wire.imap.arguments import Arguments, BadCommand
from correo.wire.imap.commands import Command, Sort, SortKey, Thread, ThreadAlgorithm
from correo.wire.imap.parsers.search import CHARSETS, read_keys, read_returns
from correo.wire.imap.parsers.shape import Parser, words_in_parentheses
from correo.wire.imap.search_keys import AnyMessage, SearchKey

__all__ = ["PARSERS"]

ORDERS_LIMIT = 20  # criteria of one SORT; ours, there are nine to choose from


def sort(*, is_uid: bool) -> Parser:
    def parse(tag: bytes, arguments: Arguments) -> Command:
        options, partial, items = read_returns(arguments)
        arguments.space()
        orders = read_orders(words_in_parentheses(arguments))
        key, mentions_modseq, is_known = read_searched(arguments)
        return Sort(tag, is_uid, key, options, mentions_modseq, is_known, partial, items, orders)

    return parse


def thread(*, is_uid: bool) -> Parser:
    def parse(tag: bytes, arguments: Arguments) -> Command:
        arguments.space()
        word = arguments.word()
        if word not in ThreadAlgorithm.__members__:
            raise BadCommand(f"unknown threading algorithm {word}")
        key, mentions_modseq, is_known = read_searched(arguments)
        algorithm = ThreadAlgorithm[word]
        return Thread(tag, is_uid, key, None, mentions_modseq, is_known, algorithm=algorithm)

    return parse


def read_orders(words: list[str]) -> tuple[tuple[SortKey, bool], ...]:
    """sort-criteria; REVERSE belongs to the key behind it."""
    orders: list[tuple[SortKey, bool]] = []
    is_reversed = False
    for word in words:
        if word == "REVERSE" and not is_reversed:
            is_reversed = True
            continue
        if word not in SortKey.__members__:
            raise BadCommand(f"unknown sort criterion {word}")
        orders.append((SortKey[word], is_reversed))
        is_reversed = False
    if is_reversed or not 0 < len(orders) <= ORDERS_LIMIT:
        raise BadCommand("expected sort criteria")
    return tuple(orders)


def read_searched(arguments: Arguments) -> tuple[SearchKey, bool, bool]:
    """The charset and the keys; whether MODSEQ is among them, and whether the charset is known.

    Keys in an unknown charset are not read.
    """
    arguments.space()
    if arguments.astring().upper() not in CHARSETS:
        return AnyMessage(), False, False
    return *read_keys(arguments), True


PARSERS: dict[bytes, Parser] = {
    b"SORT": sort(is_uid=False),
    b"UID SORT": sort(is_uid=True),
    b"THREAD": thread(is_uid=False),
    b"UID THREAD": thread(is_uid=True),
}
