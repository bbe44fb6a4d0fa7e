"""FETCH and UID FETCH: the hot command, read by one scan per item and remembered whole.

Clients ask for the same items again and again, so the tuple made of "(UID FLAGS ...)" is kept;
what differs from line to line is the set of messages.

RFC 9051    6.4.5, 9 fetch-att, section, partial, section-binary
RFC 3501    6.4.5    RFC822, RFC822.HEADER, RFC822.TEXT
RFC 7162    3.1.4, 3.2.6   CHANGEDSINCE, VANISHED
RFC 8970    4.1      PREVIEW (LAZY); RFC 9394 3.3 PARTIAL

Departures: an unquoted header name must not hold "]", though ASTRING-CHAR has it.

Cost: a line with known items 2 µs, with new ones about 3 µs and 1.5 µs per item.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from correo.wire.imap.arguments import NUMBER64_LIMIT, NUMBER_LIMIT, Arguments, BadCommand
from correo.wire.imap.commands import Command, Fetch
from correo.wire.imap.fetch_items import (
    BinarySection,
    BinarySize,
    BodySection,
    FetchAttribute,
    FetchItem,
    SectionText,
)
from correo.wire.imap.parsers.shape import Parser
from correo.wire.imap.partial import PartialRange
from correo.wire.imap.strings import astring

__all__ = ["PARSERS", "body_section", "list_of_items"]

CACHED_LENGTH = 400  # octets; longer item lists are rare and would make the cache large

ITEM = re.compile(
    rb"(BODY|BODY\.PEEK|BINARY|BINARY\.PEEK|BINARY\.SIZE)"
    rb"\[((?:[^\]\"\x00]|\"(?:[^\"\\\x00]|\\[\"\\])*\"|\x00)*)\]"
    rb"(?:<([0-9]{1,20})\.([0-9]{1,20})>)?(?=[ )]|\Z)"
    rb"|([A-Z0-9.]+)(?=[ )]|\Z)(?:(?<=PREVIEW) \((LAZY)\)(?=[ )]|\Z))?",
    re.IGNORECASE,
)
PART = re.compile(rb"(?:[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9})*)?")
SECTION = re.compile(
    rb"([1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9})*)?(?:(?(1)\.)(HEADER|TEXT|MIME)"
    rb"|(?(1)\.)(HEADER\.FIELDS(?:\.NOT)?) \((.+)\))?",
    re.IGNORECASE | re.DOTALL,
)
A = FetchAttribute
FAST = (A.FLAGS, A.INTERNALDATE, A.RFC822_SIZE)
MACROS: dict[bytes, tuple[FetchItem, ...]] = {
    b"FAST": FAST,
    b"ALL": (*FAST, A.ENVELOPE),
    b"FULL": (*FAST, A.ENVELOPE, A.BODY),
}
SIMPLE: dict[bytes, FetchItem] = {
    **{attribute.value: attribute for attribute in FetchAttribute},
    b"RFC822": BodySection((), None, (), None, peek=False, label=b"RFC822"),
    b"RFC822.HEADER": BodySection(
        (), SectionText.HEADER, (), None, peek=True, label=b"RFC822.HEADER"
    ),
    b"RFC822.TEXT": BodySection((), SectionText.TEXT, (), None, peek=False, label=b"RFC822.TEXT"),
}


class Asked(NamedTuple):
    items: tuple[FetchItem, ...]
    changed_since: int | None
    vanished: bool
    partial: PartialRange | None


def fetch(*, is_uid: bool) -> Parser:
    def parse(tag: bytes, arguments: Arguments) -> Command:
        arguments.space()
        messages = arguments.sequence_set()
        arguments.space()
        rest = arguments.octets[arguments.at :]
        if b"\x00" in rest or len(rest) > CACHED_LENGTH:
            asked = read(arguments, is_uid=is_uid)
        else:
            asked = read_known(rest, is_uid)
        return Fetch(tag, is_uid, messages, *asked)

    return parse


@lru_cache(maxsize=512)
def read_known(octets: bytes, is_uid: bool) -> Asked:
    return read(Arguments(octets, []), is_uid=is_uid)


def read(arguments: Arguments, *, is_uid: bool) -> Asked:
    """Items and modifiers, to the end of the command."""
    items = list_of_items(arguments) if arguments.skip(b"(") else macro_or_item(arguments)
    changed_since, vanished, partial = None, False, None
    if arguments.skip(b" ("):
        changed_since, vanished, partial = modifiers(arguments)
    arguments.end()
    if partial is not None and not is_uid:
        raise BadCommand("PARTIAL needs UID FETCH")
    if vanished and (changed_since is None or not is_uid):
        raise BadCommand("VANISHED needs UID FETCH and CHANGEDSINCE")
    if is_uid:
        items[A.UID] = None
    if changed_since is not None:
        items[A.MODSEQ] = None
    return Asked(tuple(items), changed_since, vanished, partial)


def macro_or_item(arguments: Arguments) -> dict[FetchItem, None]:
    word = arguments.octets[arguments.at :].partition(b" ")[0].upper()
    if word in MACROS:
        arguments.at += len(word)
        return dict.fromkeys(MACROS[word])
    return {item(arguments): None}


def list_of_items(arguments: Arguments) -> dict[FetchItem, None]:
    """Items up to the closing parenthesis, in order, each once."""
    items = {item(arguments): None}
    while not arguments.skip(b")"):
        arguments.space()
        items[item(arguments)] = None
    return items


def item(arguments: Arguments) -> FetchItem:
    match = ITEM.match(arguments.octets, arguments.at)
    if match is None:
        raise BadCommand("malformed FETCH item")
    arguments.at = match.end()
    kind, inside, offset, length, simple, _ = match.groups()
    if simple is not None:
        found = SIMPLE.get(simple.upper())
        if found is None:
            raise BadCommand(f"unknown FETCH item {simple.decode('ascii')}")
        return found
    partial = None if offset is None else check_partial(int(offset), int(length))
    kind = kind.upper()
    if kind.startswith(b"BODY"):
        return body_section(arguments, inside, partial, peek=kind == b"BODY.PEEK")
    return binary_item(kind, inside, partial)


def check_partial(offset: int, length: int) -> tuple[int, int]:
    if not 0 < length < NUMBER64_LIMIT or offset >= NUMBER64_LIMIT:
        raise BadCommand("malformed partial: <offset.length>, length above 0")
    return offset, length


def part_numbers(octets: bytes) -> tuple[int, ...]:
    numbers = tuple([int(number) for number in octets.split(b".")]) if octets else ()
    if any(number >= NUMBER_LIMIT for number in numbers):
        raise BadCommand("the part number is too large")
    return numbers


def binary_item(kind: bytes, inside: bytes, partial: tuple[int, int] | None) -> FetchItem:
    if PART.fullmatch(inside) is None:
        raise BadCommand("malformed section")
    part = part_numbers(inside)
    if kind == b"BINARY.SIZE":
        if partial is not None:
            raise BadCommand("BINARY.SIZE has no partial")
        return BinarySize(part, b"BINARY.SIZE[%b]" % inside)
    label = b"BINARY[%b]%b" % (inside, origin(partial))
    return BinarySection(part, partial, kind == b"BINARY.PEEK", label)


def origin(partial: tuple[int, int] | None) -> bytes:
    return b"" if partial is None else b"<%d>" % partial[0]


def body_section(
    arguments: Arguments, inside: bytes, partial: tuple[int, int] | None, *, peek: bool
) -> BodySection:
    match = SECTION.fullmatch(inside)
    if match is None:
        raise BadCommand("malformed section")
    part, plain, with_fields, names = match.groups()
    fields: tuple[bytes, ...] = ()
    shown = inside.upper()
    text = SectionText(plain.upper()) if plain else None
    if with_fields:
        text = SectionText(with_fields.upper())
        fields = header_names(arguments, names)
        shown = b"%b (%b)" % (
            inside[: match.end(3)].upper(),
            b" ".join([astring(name) for name in fields]),
        )
    if text is SectionText.MIME and not part:
        raise BadCommand("MIME needs a part number")
    label = b"BODY[%b]%b" % (shown, origin(partial))
    return BodySection(part_numbers(part or b""), text, fields, partial, peek, label)


def header_names(arguments: Arguments, octets: bytes) -> tuple[bytes, ...]:
    inner = Arguments(octets, [], utf8=arguments.utf8)
    inner.literals = arguments.literals
    names = [inner.astring()]
    while not inner.at_end:
        inner.space()
        names.append(inner.astring())
    return tuple(names)


def modifiers(arguments: Arguments) -> tuple[int | None, bool, PartialRange | None]:
    changed_since, vanished, partial = None, False, None
    while True:
        word = arguments.word()
        if word == "CHANGEDSINCE" and changed_since is None:
            arguments.space()
            changed_since = arguments.number64()
        elif word == "PARTIAL" and partial is None:
            arguments.space()
            partial = arguments.partial_range()
        elif word == "VANISHED":
            vanished = True
        else:
            raise BadCommand(f"unknown FETCH modifier {word}")
        if arguments.skip(b")"):
            return changed_since, vanished, partial
        arguments.space()


PARSERS: dict[bytes, Parser] = {
    b"FETCH": fetch(is_uid=False),
    b"UID FETCH": fetch(is_uid=True),
}
