"""Commands that change messages: STORE, COPY, MOVE, EXPUNGE, and their UID forms.

RFC 9051    6.4.3, 6.4.6 to 6.4.9
RFC 7162    3.1.3    STORE (UNCHANGEDSINCE n)
RFC 4315    2.1      UID EXPUNGE
RFC 10022            UIDBATCHES
"""

import re
from collections.abc import Callable

from correo.wire.imap.arguments import Arguments, BadCommand
from correo.wire.imap.commands import Command, Copy, Expunge, Move, Store, StoreMode, UidBatches
from correo.wire.imap.parsers.shape import Parser
from correo.wire.imap.sequence import SequenceSet

__all__ = ["PARSERS"]

STORE_ITEM = re.compile(rb"([+-]?FLAGS)(\.SILENT)? ", re.IGNORECASE)


def store(*, is_uid: bool) -> Parser:
    def parse(tag: bytes, arguments: Arguments) -> Command:
        arguments.space()
        messages = arguments.sequence_set()
        arguments.space()
        unchanged_since = store_modifier(arguments) if arguments.skip(b"(") else None
        match = STORE_ITEM.match(arguments.octets, arguments.at)
        if match is None:
            raise BadCommand("expected FLAGS, +FLAGS or -FLAGS")
        arguments.at = match.end()
        flags = arguments.flags() if arguments.has(b"(") else arguments.bare_flags()
        arguments.end()
        mode = StoreMode(match[1].upper().decode("ascii"))
        return Store(tag, is_uid, messages, mode, flags, match[2] is not None, unchanged_since)

    return parse


def store_modifier(arguments: Arguments) -> int:
    word = arguments.word()
    if word != "UNCHANGEDSINCE":
        raise BadCommand(f"unknown STORE modifier {word}")
    arguments.space()
    modseq = arguments.number64()
    arguments.close()
    arguments.space()
    return modseq


def transfer(
    command: Callable[[bytes, bool, SequenceSet, str], Command], *, is_uid: bool
) -> Parser:
    def parse(tag: bytes, arguments: Arguments) -> Command:
        arguments.space()
        messages = arguments.sequence_set()
        arguments.space()
        mailbox = arguments.mailbox()
        arguments.end()
        return command(tag, is_uid, messages, mailbox)

    return parse


def parse_expunge(tag: bytes, arguments: Arguments) -> Command:
    arguments.end()
    return Expunge(tag, None)


def parse_uid_expunge(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    uids = arguments.sequence_set()
    arguments.end()
    return Expunge(tag, uids)


def parse_uid_batches(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    command = UidBatches(tag, arguments.nz_number())
    if arguments.skip(b" "):
        first = arguments.nz_number()
        if not arguments.skip(b":"):
            raise BadCommand("expected the numbers of two batches, such as 1:10")
        command.batches = (first, arguments.nz_number())
    arguments.end()
    return command


PARSERS: dict[bytes, Parser] = {
    b"UIDBATCHES": parse_uid_batches,
    b"STORE": store(is_uid=False),
    b"UID STORE": store(is_uid=True),
    b"COPY": transfer(Copy, is_uid=False),
    b"UID COPY": transfer(Copy, is_uid=True),
    b"MOVE": transfer(Move, is_uid=False),
    b"UID MOVE": transfer(Move, is_uid=True),
    b"EXPUNGE": parse_expunge,
    b"UID EXPUNGE": parse_uid_expunge,
}
