"""GETMETADATA and SETMETADATA.

RFC 5464    4.2, 4.3, 5   commands; entries begin with /private/ or /shared/

Departures: options are taken before the mailbox, as the grammar has them, and behind it, as the
examples do. Entries are compared regardless of case (3.2) and so kept in lower case. "/private" and
"/shared" may be asked for, so that DEPTH gives a client all that was noted.
"""

import re

from correo.wire.imap.arguments import Arguments, BadCommand, check_utf8
from correo.wire.imap.commands import Command, GetMetadata, SetMetadata
from correo.wire.imap.parsers.shape import Parser

__all__ = ["PARSERS", "read_entries"]

# RFC 5464 3.2: no "*", "%", "//", no "/" at the end, nothing but printable ASCII
ENTRY = re.compile(r"/(?:private|shared)(?:/[!-$&-)+-.0-~ ]+)+")
TOPS = ("/private", "/shared")  # hold nothing themselves, but all the rest is below them
DEPTHS = {"0": 0, "1": 1, "INFINITY": None}


def parse_get_metadata(tag: bytes, arguments: Arguments) -> Command:
    command = GetMetadata(tag, "", ())
    arguments.space()
    has_options = arguments.has(b"(")
    if has_options:
        read_options(arguments, command)
        arguments.space()
    command.mailbox = arguments.mailbox()
    arguments.space()
    first = arguments.at
    try:
        command.entries = read_entries(arguments)
    except BadCommand:
        if has_options:
            raise
        arguments.at = first
        read_options(arguments, command)
        arguments.space()
        command.entries = read_entries(arguments)
    arguments.end()
    return command


def read_options(arguments: Arguments, command: GetMetadata) -> None:
    arguments.open()
    read_option(arguments, command)
    while not arguments.skip(b")"):
        arguments.space()
        read_option(arguments, command)


def read_option(arguments: Arguments, command: GetMetadata) -> None:
    word = arguments.word()
    arguments.space()
    if word == "MAXSIZE":
        command.max_size = arguments.number()
    elif word == "DEPTH":
        depth = arguments.word()
        if depth not in DEPTHS:
            raise BadCommand("DEPTH is 0, 1 or infinity")
        command.depth = DEPTHS[depth]
    else:
        raise BadCommand(f"unknown option {word}")


def read_entries(arguments: Arguments) -> tuple[str, ...]:
    """One entry that is asked for, or a list of them in parentheses; each once."""
    if not arguments.skip(b"("):
        return (read_asked(arguments),)
    found = [read_asked(arguments)]
    while not arguments.skip(b")"):
        arguments.space()
        found.append(read_asked(arguments))
    return tuple(dict.fromkeys(found))


def read_asked(arguments: Arguments) -> str:
    """An entry, or the top of all there are."""
    entry = read_name(arguments)
    return entry if entry in TOPS else checked(entry)


def read_entry(arguments: Arguments) -> str:
    return checked(read_name(arguments))


def read_name(arguments: Arguments) -> str:
    return check_utf8(arguments.astring()).lower()


def checked(entry: str) -> str:
    if ENTRY.fullmatch(entry) is None:
        raise BadCommand("an entry has the form /private/... or /shared/...")
    return entry


def parse_set_metadata(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    mailbox = arguments.mailbox()
    arguments.space()
    arguments.open()
    notes = dict([read_note(arguments)])
    while not arguments.skip(b")"):
        arguments.space()
        notes.update([read_note(arguments)])
    arguments.end()
    return SetMetadata(tag, mailbox, notes)


def read_note(arguments: Arguments) -> tuple[str, bytes | None]:
    entry = read_entry(arguments)
    arguments.space()
    return entry, arguments.nstring()


PARSERS: dict[bytes, Parser] = {
    b"GETMETADATA": parse_get_metadata,
    b"SETMETADATA": parse_set_metadata,
}
