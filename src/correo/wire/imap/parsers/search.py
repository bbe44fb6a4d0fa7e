"""SEARCH and UID SEARCH: return options, charset, and the tree of keys.

RFC 9051    6.4.4    SEARCH; RFC 3501 6.4.4 for the keys of IMAP4rev1
RFC 4731    3.1      RETURN; RFC 5182 2.1 SAVE; RFC 9394 3.1 PARTIAL; RFC 7377 ESEARCH
RFC 5267    4, 5     RETURN (CONTEXT UPDATE), CANCELUPDATE; RFC 5465 8 UPDATE with FETCH items
RFC 7162    3.1.5    MODSEQ; RFC 5032 3 OLDER, YOUNGER; RFC 8474 6; RFC 8514 4.4
RFC 9738             UIDAFTER, UIDBEFORE
RFC 6855    3        no CHARSET after ENABLE UTF8=ACCEPT

Keys nest at most NESTING_LIMIT deep: NOT, OR and parentheses each count as one.
"""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from correo.wire.imap.arguments import NUMBER_LIMIT, Arguments, BadCommand, check_utf8
from correo.wire.imap.commands import CancelUpdate, Command, MultiSearch, Search, SearchReturn
from correo.wire.imap.dates import parse_date
from correo.wire.imap.fetch_items import FetchItem
from correo.wire.imap.parsers.fetch import list_of_items
from correo.wire.imap.parsers.shape import Parser
from correo.wire.imap.partial import PartialRange
from correo.wire.imap.search_keys import (
    AllOf,
    AnyMessage,
    BodyContains,
    DateField,
    DateKey,
    DateRelation,
    FilterKey,
    FlagKey,
    FuzzyKey,
    HeaderContains,
    MessageSet,
    ModSeqAtLeast,
    Not,
    ObjectIdKey,
    Or,
    RecentKey,
    SaveDateSupported,
    SearchKey,
    SizeKey,
    TextContains,
    WithinKey,
)
from correo.wire.imap.sequence import SequenceSet
from correo.wire.imap.sources import Source, SourceKind, read_sources

__all__ = ["CHARSETS", "NESTING_LIMIT", "PARSERS", "read_keys", "read_program", "read_returns"]

NESTING_LIMIT = 200  # ours; mail programs write a search for 100 senders as 99 nested ORs
RETURNS = {option.value.decode(): option for option in SearchReturn}
CHARSETS = {b"UTF-8", b"US-ASCII"}
SET_OCTETS = b"0123456789*$"
TAGS_LIMIT = 100  # in one CANCELUPDATE; ours


class Returns(NamedTuple):
    """RETURN (...): the options, None without RETURN, and what some of them bring."""

    options: frozenset[SearchReturn] | None = None
    partial: PartialRange | None = None
    update_items: tuple[FetchItem, ...] = ()


class Keys:
    """The keys of one search, read recursively."""

    __slots__ = ("arguments", "depth", "mentions_modseq")

    def __init__(self, arguments: Arguments) -> None:
        self.arguments = arguments
        self.depth = 0
        self.mentions_modseq = False

    def program(self) -> SearchKey:
        keys = [self.key()]
        while self.arguments.skip(b" "):
            keys.append(self.key())
        return keys[0] if len(keys) == 1 else AllOf(tuple(keys))

    def key(self) -> SearchKey:
        arguments = self.arguments
        self.depth += 1
        if self.depth > NESTING_LIMIT:
            raise BadCommand("search keys are nested too deeply")
        if arguments.skip(b"("):
            key = self.program()
            arguments.close()
        elif arguments.octets[arguments.at : arguments.at + 1] in SET_BEGINNINGS:
            key = MessageSet(arguments.sequence_set(), is_uid=False)
        else:
            key = self.named()
        self.depth -= 1
        return key

    def named(self) -> SearchKey:
        word = self.arguments.word()
        if word in PLAIN:
            return PLAIN[word]
        reader = READERS.get(word)
        if reader is None:
            raise BadCommand(f"unknown search key {word}")
        self.arguments.space()
        return reader(self)

    def text(self) -> str:
        return check_utf8(self.arguments.astring())


SET_BEGINNINGS = {bytes([octet]) for octet in SET_OCTETS}
PLAIN: dict[str, SearchKey] = {
    "ALL": AnyMessage(),
    "ANSWERED": FlagKey("\\Answered"),
    "DELETED": FlagKey("\\Deleted"),
    "DRAFT": FlagKey("\\Draft"),
    "FLAGGED": FlagKey("\\Flagged"),
    "SEEN": FlagKey("\\Seen"),
    "UNANSWERED": Not(FlagKey("\\Answered")),
    "UNDELETED": Not(FlagKey("\\Deleted")),
    "UNDRAFT": Not(FlagKey("\\Draft")),
    "UNFLAGGED": Not(FlagKey("\\Flagged")),
    "UNSEEN": Not(FlagKey("\\Seen")),
    "RECENT": RecentKey(),
    "OLD": Not(RecentKey()),
    "NEW": AllOf((RecentKey(), Not(FlagKey("\\Seen")))),
    "SAVEDATESUPPORTED": SaveDateSupported(),
}


def read_or(keys: Keys) -> SearchKey:
    left = keys.key()
    keys.arguments.space()
    return Or(left, keys.key())


def read_not(keys: Keys) -> SearchKey:
    return Not(keys.key())


def read_header(keys: Keys) -> SearchKey:
    field = keys.text()
    keys.arguments.space()
    return HeaderContains(field, keys.text())


def read_keyword(keys: Keys) -> SearchKey:
    return FlagKey(keys.arguments.atom().decode("ascii"))


def read_unkeyword(keys: Keys) -> SearchKey:
    return Not(read_keyword(keys))


def read_uid(keys: Keys) -> SearchKey:
    return MessageSet(keys.arguments.sequence_set(), is_uid=True)


def read_uid_after(keys: Keys) -> SearchKey:
    """RFC 9738; nothing is above the highest number there can be."""
    last = NUMBER_LIMIT - 1
    uid = keys.arguments.nz_number()
    return Not(AnyMessage()) if uid == last else uid_range(uid + 1, last)


def read_uid_before(keys: Keys) -> SearchKey:
    uid = keys.arguments.nz_number()
    return Not(AnyMessage()) if uid == 1 else uid_range(1, uid - 1)


def uid_range(first: int, last: int) -> SearchKey:
    return MessageSet(SequenceSet(((first, last),)), is_uid=True)


def read_modseq(keys: Keys) -> SearchKey:
    arguments = keys.arguments
    keys.mentions_modseq = True
    if arguments.has(b'"'):
        if not arguments.string().lower().startswith(b"/flags/"):
            raise BadCommand("unknown metadata entry")
        arguments.space()
        if arguments.word() not in ("PRIV", "SHARED", "ALL"):
            raise BadCommand("expected priv, shared or all")
        arguments.space()
    return ModSeqAtLeast(arguments.number64())


def read_day(keys: Keys) -> date:
    try:
        return parse_date(keys.arguments.astring())
    except ValueError as error:
        raise BadCommand(str(error)) from None


def address_key(field: str) -> Callable[[Keys], SearchKey]:
    return lambda keys: HeaderContains(field, keys.text())


def date_key(field: DateField, relation: DateRelation) -> Callable[[Keys], SearchKey]:
    return lambda keys: DateKey(field, relation, read_day(keys))


def size_key(*, larger: bool) -> Callable[[Keys], SearchKey]:
    return lambda keys: SizeKey(larger, keys.arguments.number64())


def within_key(*, younger: bool) -> Callable[[Keys], SearchKey]:
    return lambda keys: WithinKey(younger, keys.arguments.nz_number())


def object_id_key(*, is_thread: bool) -> Callable[[Keys], SearchKey]:
    return lambda keys: ObjectIdKey(keys.text(), is_thread)


def read_filter(keys: Keys) -> SearchKey:
    name = keys.arguments.atom().decode("ascii")
    if "/" in name:
        raise BadCommand("the name of a filter has no slash")
    return FilterKey(name)


READERS: dict[str, Callable[[Keys], SearchKey]] = {
    "NOT": read_not,
    "OR": read_or,
    "HEADER": read_header,
    "BCC": address_key("Bcc"),
    "CC": address_key("Cc"),
    "FROM": address_key("From"),
    "TO": address_key("To"),
    "SUBJECT": address_key("Subject"),
    "BODY": lambda keys: BodyContains(keys.text()),
    "TEXT": lambda keys: TextContains(keys.text()),
    "KEYWORD": read_keyword,
    "UNKEYWORD": read_unkeyword,
    "FILTER": read_filter,
    "FUZZY": lambda keys: FuzzyKey(keys.key()),
    "UID": read_uid,
    "UIDAFTER": read_uid_after,
    "UIDBEFORE": read_uid_before,
    "MODSEQ": read_modseq,
    "LARGER": size_key(larger=True),
    "SMALLER": size_key(larger=False),
    "YOUNGER": within_key(younger=True),
    "OLDER": within_key(younger=False),
    "EMAILID": object_id_key(is_thread=False),
    "THREADID": object_id_key(is_thread=True),
    **{
        prefix + relation.name: date_key(field, relation)
        for prefix, field in (
            ("", DateField.INTERNAL),
            ("SENT", DateField.SENT),
            ("SAVED", DateField.SAVED),
        )
        for relation in DateRelation
    },
}


def read_program(octets: bytes) -> tuple[SearchKey, bool]:
    """Keys kept as octets, as a filter is (RFC 5466 3.1). Raises BadCommand."""
    return read_keys(Arguments(b" " + octets, []))


def search(*, is_uid: bool) -> Parser:
    def parse(tag: bytes, arguments: Arguments) -> Command:
        options, partial, items = read_returns(arguments)
        key, mentions_modseq, is_known = read_searched(arguments)
        return Search(tag, is_uid, key, options, mentions_modseq, is_known, partial, items)

    return parse


def parse_multi_search(tag: bytes, arguments: Arguments) -> Command:
    """RFC 7377 4, esearch; without sources it is the selected mailbox that is meant."""
    sources: tuple[Source, ...] = (Source(SourceKind.SELECTED),)
    if arguments.octets[arguments.at : arguments.at + 5].upper() == b" IN (":
        arguments.at += 4
        sources = read_sources(arguments)
    options, partial, items = read_returns(arguments)
    key, mentions_modseq, is_known = read_searched(arguments)
    return MultiSearch(tag, True, key, options, mentions_modseq, is_known, partial, items, sources)


def read_searched(arguments: Arguments) -> tuple[SearchKey, bool, bool]:
    """The keys, behind a charset perhaps; whether MODSEQ is among them, and whether the charset
    is known. Keys in an unknown charset are not read."""
    if arguments.octets[arguments.at : arguments.at + 9].upper() == b" CHARSET ":
        if read_charset(arguments) not in CHARSETS:
            return AnyMessage(), False, False
    return *read_keys(arguments), True


def read_keys(arguments: Arguments) -> tuple[SearchKey, bool]:
    """The keys, to the end of the command, and whether MODSEQ is among them."""
    arguments.space()
    keys = Keys(arguments)
    key = keys.program()
    arguments.end()
    return key, keys.mentions_modseq


def read_returns(arguments: Arguments) -> Returns:
    """RETURN (...), if it is there."""
    if arguments.octets[arguments.at : arguments.at + 8].upper() != b" RETURN ":
        return Returns()
    arguments.at += 8
    arguments.open()
    found: set[SearchReturn] = set()
    partial: PartialRange | None = None
    items: tuple[FetchItem, ...] = ()
    while not arguments.skip(b")"):
        if found:
            arguments.space()
        word = arguments.word()
        if word not in RETURNS or (word == "PARTIAL" and partial is not None):
            raise BadCommand(f"unknown return option {word}")
        found.add(RETURNS[word])
        if word == "PARTIAL":
            arguments.space()
            partial = arguments.partial_range()
        elif word == "UPDATE":
            items = read_update_items(arguments)
    if partial is not None and SearchReturn.ALL in found:
        raise BadCommand("ALL and PARTIAL exclude each other")
    return Returns(frozenset(found) or frozenset({SearchReturn.ALL}), partial, items)


def read_update_items(arguments: Arguments) -> tuple[FetchItem, ...]:
    """The grammar has no space before the parenthesis (RFC 5465 8), its example has (7)."""
    if arguments.skip(b"(") or arguments.skip(b" ("):
        return tuple(list_of_items(arguments))
    return ()


def parse_cancel_update(tag: bytes, arguments: Arguments) -> Command:
    tags: list[bytes] = []
    while not tags or not arguments.at_end:
        arguments.space()
        tags.append(arguments.string())
        if len(tags) > TAGS_LIMIT:
            raise BadCommand(f"more than {TAGS_LIMIT} tags")
    return CancelUpdate(tag, tuple(tags))


def read_charset(arguments: Arguments) -> bytes:
    arguments.at += 9
    charset = arguments.astring().upper()
    if arguments.utf8_accept:
        raise BadCommand("no CHARSET after ENABLE UTF8=ACCEPT")
    return charset


PARSERS: dict[bytes, Parser] = {
    b"SEARCH": search(is_uid=False),
    b"UID SEARCH": search(is_uid=True),
    b"ESEARCH": parse_multi_search,
    b"CANCELUPDATE": parse_cancel_update,
}
