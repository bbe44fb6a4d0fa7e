"""Commands about mailboxes: SELECT to STATUS.

RFC 9051    6.3.2 to 6.3.11
RFC 7162    3.1.8    SELECT (CONDSTORE); 3.2.5 SELECT (QRESYNC ...)
RFC 6154    3        CREATE (USE ...)
RFC 5258    3        LIST options; unknown ones get BAD
"""

from enum import Enum
from typing import TypeVar

from correo.wire.imap.arguments import Arguments, BadCommand, RefusedCommand
from correo.wire.imap.commands import (
    Command,
    Create,
    Delete,
    ListMailboxes,
    ListReturn,
    ListSelection,
    QResync,
    Rename,
    Select,
    Status,
    StatusItem,
    Subscribe,
)
from correo.wire.imap.parsers.metadata import read_entries
from correo.wire.imap.parsers.shape import Parser, words_in_parentheses
from correo.wire.imap.sequence import SequenceSet

__all__ = ["PARSERS"]

Option = TypeVar("Option", bound=Enum)

PATTERNS_LIMIT = 1000  # of one LIST; ours
STATUS_ITEMS = {item.value.decode(): item for item in StatusItem}
SELECTIONS = {item.value.decode(): item for item in ListSelection}
RETURNS = {item.value.decode(): item for item in ListReturn}
SPECIAL_USES = {
    use.upper(): use
    for use in (
        "\\All",
        "\\Archive",
        "\\Drafts",
        "\\Flagged",
        "\\Important",
        "\\Junk",
        "\\Sent",
        "\\Trash",
    )
}


def known(table: dict[str, Option], word: str, kind: str) -> Option:
    option = table.get(word)
    if option is None:
        raise BadCommand(f"unknown {kind} {word}")
    return option


def parse_select(tag: bytes, arguments: Arguments) -> Command:
    return select(tag, arguments, read_only=False)


def parse_examine(tag: bytes, arguments: Arguments) -> Command:
    return select(tag, arguments, read_only=True)


def select(tag: bytes, arguments: Arguments, *, read_only: bool) -> Command:
    arguments.space()
    command = Select(tag, arguments.mailbox(), read_only)
    if arguments.skip(b" "):
        arguments.open()
        select_parameter(arguments, command)
        while not arguments.skip(b")"):
            arguments.space()
            select_parameter(arguments, command)
    arguments.end()
    return command


def select_parameter(arguments: Arguments, command: Select) -> None:
    word = arguments.word()
    if word == "CONDSTORE":
        command.condstore = True
    elif word == "QRESYNC":
        arguments.space()
        command.qresync = parse_qresync(arguments)
    else:
        raise BadCommand(f"unknown parameter {word}")


def parse_qresync(arguments: Arguments) -> QResync:
    arguments.open()
    uid_validity = arguments.nz_number()
    arguments.space()
    modseq = arguments.number64()
    uids = match = None
    if arguments.has(b" ") and not arguments.has(b" ("):
        arguments.space()
        uids = without_star(arguments.sequence_set())
    if arguments.skip(b" ("):
        numbers = without_star(arguments.sequence_set())
        arguments.space()
        match = (numbers, without_star(arguments.sequence_set()))
        arguments.close()
    arguments.close()
    return QResync(uid_validity, modseq, uids, match)


def without_star(numbers: SequenceSet) -> SequenceSet:
    if numbers.has_star or numbers.saved:
        raise BadCommand("* and $ are not allowed here")
    return numbers


def parse_create(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    name = arguments.mailbox()
    uses: tuple[str, ...] = ()
    if arguments.skip(b" "):
        arguments.open()
        word = arguments.word()
        if word != "USE":
            raise BadCommand(f"unknown parameter {word}")
        arguments.space()
        uses = parse_uses(arguments)
        arguments.close()
    arguments.end()
    return Create(tag, name, uses)


def parse_uses(arguments: Arguments) -> tuple[str, ...]:
    arguments.open()
    uses: list[str] = []
    while not arguments.skip(b")"):
        if uses:
            arguments.space()
        if not arguments.skip(b"\\"):
            raise BadCommand("a special use begins with a backslash")
        word = "\\" + arguments.word()
        use = SPECIAL_USES.get(word)
        if use is None:
            raise RefusedCommand(f"no special use {word}", b"USEATTR")
        uses.append(use)
    return tuple(uses)


def parse_delete(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    name = arguments.mailbox()
    arguments.end()
    return Delete(tag, name)


def parse_rename(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    name = arguments.mailbox()
    arguments.space()
    new_name = arguments.mailbox()
    arguments.end()
    return Rename(tag, name, new_name)


def parse_subscribe(tag: bytes, arguments: Arguments) -> Command:
    return subscribe(tag, arguments, subscribed=True)


def parse_unsubscribe(tag: bytes, arguments: Arguments) -> Command:
    return subscribe(tag, arguments, subscribed=False)


def subscribe(tag: bytes, arguments: Arguments, *, subscribed: bool) -> Command:
    arguments.space()
    name = arguments.mailbox()
    arguments.end()
    return Subscribe(tag, name, subscribed)


def parse_list(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    command = ListMailboxes(tag, "", ())
    if arguments.has(b"("):
        words = words_in_parentheses(arguments)
        selection = frozenset(known(SELECTIONS, word, "selection option") for word in words)
        check_selection(selection)
        command.selection = selection
        command.is_extended = True
        arguments.space()
    command.reference = arguments.mailbox()
    arguments.space()
    if arguments.has(b"("):
        command.patterns = patterns(arguments)
        command.is_extended = True
    else:
        command.patterns = (arguments.list_mailbox(),)
    if arguments.skip(b" "):
        list_returns(arguments, command)
        command.is_extended = True
    arguments.end()
    return command


def check_selection(selection: frozenset[ListSelection]) -> None:
    """RECURSIVEMATCH needs an option to match with (RFC 5258 3.1)."""
    bases = selection & {ListSelection.SUBSCRIBED, ListSelection.SPECIAL_USE}
    if ListSelection.RECURSIVEMATCH in selection and not bases:
        raise BadCommand("RECURSIVEMATCH needs another selection option")


def patterns(arguments: Arguments) -> tuple[str, ...]:
    arguments.open()
    found = [arguments.list_mailbox()]
    while not arguments.skip(b")"):
        arguments.space()
        found.append(arguments.list_mailbox())
        if len(found) > PATTERNS_LIMIT:
            raise BadCommand(f"more than {PATTERNS_LIMIT} patterns")
    return tuple(found)


def list_returns(arguments: Arguments, command: ListMailboxes) -> None:
    if arguments.word() != "RETURN":
        raise BadCommand("expected RETURN")
    arguments.space()
    arguments.open()
    returns: set[ListReturn] = set()
    while not arguments.skip(b")"):
        if returns:
            arguments.space()
        option = known(RETURNS, arguments.word(), "return option")
        returns.add(option)
        if option is ListReturn.STATUS:
            arguments.space()
            command.status = status_items(arguments)
        elif option is ListReturn.METADATA:
            arguments.space()
            command.entries = read_entries(arguments)
    command.returns = frozenset(returns)


def parse_lsub(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    reference = arguments.mailbox()
    arguments.space()
    pattern = arguments.list_mailbox()
    arguments.end()
    return ListMailboxes(tag, reference, (pattern,), is_lsub=True)


def parse_status(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    name = arguments.mailbox()
    arguments.space()
    items = status_items(arguments)
    arguments.end()
    return Status(tag, name, items)


def status_items(arguments: Arguments) -> tuple[StatusItem, ...]:
    words = dict.fromkeys(words_in_parentheses(arguments))
    if not words:
        raise BadCommand("STATUS needs at least one item")
    return tuple(known(STATUS_ITEMS, word, "STATUS item") for word in words)


PARSERS: dict[bytes, Parser] = {
    b"SELECT": parse_select,
    b"EXAMINE": parse_examine,
    b"CREATE": parse_create,
    b"DELETE": parse_delete,
    b"RENAME": parse_rename,
    b"SUBSCRIBE": parse_subscribe,
    b"UNSUBSCRIBE": parse_unsubscribe,
    b"LIST": parse_list,
    b"LSUB": parse_lsub,
    b"STATUS": parse_status,
}
