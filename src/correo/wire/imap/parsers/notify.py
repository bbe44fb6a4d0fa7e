"""NOTIFY: which events of which mailboxes a client wants to hear of.

RFC 5465    3.1, 8   the command
            5        events that must be asked for together
            6.1      selectors of the selected mailbox; RFC 7377 4 subtree-one

Events that the server does not know are kept by their names: the answer to those is a NO, which
the session gives.
"""

from collections.abc import Set as AbstractSet

from correo.wire.imap.arguments import Arguments, BadCommand
from correo.wire.imap.commands import Command
from correo.wire.imap.fetch_items import FetchItem
from correo.wire.imap.notifications import MESSAGE_EVENTS, EventGroup, EventType, Notify
from correo.wire.imap.parsers.fetch import list_of_items
from correo.wire.imap.parsers.shape import Parser
from correo.wire.imap.sources import Source, SourceKind, read_source

__all__ = ["PARSERS"]

GROUPS_LIMIT = 100  # in one command; ours
EVENTS_LIMIT = 100  # in one group; ours
DELAYED = b"SELECTED-DELAYED "
EVENTS = {event.value.upper(): event for event in EventType}
TOGETHER = frozenset({EventType.MESSAGE_NEW, EventType.MESSAGE_EXPUNGE})
ANNOTATION_CHANGE = "ANNOTATIONCHANGE"  # of messages, which have none here


def parse_notify(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    word = arguments.word()
    if word == "NONE":
        arguments.end()
        return Notify(tag)
    if word != "SET":
        raise BadCommand("expected SET or NONE")
    arguments.space()
    wants_status = not arguments.has(b"(")
    if wants_status:
        if arguments.word() != "STATUS":
            raise BadCommand("expected STATUS or a group of events")
        arguments.space()
    groups = read_groups(arguments)
    if sum(group.is_selected for group in groups) > 1:
        raise BadCommand("the selected mailbox is named twice")
    return Notify(tag, tuple(groups), wants_status)


def read_groups(arguments: Arguments) -> list[EventGroup]:
    groups = [read_group(arguments)]
    while arguments.skip(b" "):
        groups.append(read_group(arguments))
        if len(groups) > GROUPS_LIMIT:
            raise BadCommand(f"more than {GROUPS_LIMIT} groups of events")
    arguments.end()
    return groups


def read_group(arguments: Arguments) -> EventGroup:
    arguments.open()
    start = arguments.at
    is_delayed = arguments.octets[start : start + len(DELAYED)].upper() == DELAYED
    if is_delayed:
        arguments.at += len(DELAYED) - 1
        source = Source(SourceKind.SELECTED)
    else:
        source = read_source(arguments)
    arguments.space()
    events, items = read_events(arguments)
    arguments.close()
    known = frozenset(EVENTS[name] for name in events if name in EVENTS)
    group = EventGroup(source, known, is_delayed, items, tuple(events - EVENTS.keys()))
    check(group)
    return group


def read_events(arguments: Arguments) -> tuple[AbstractSet[str], tuple[FetchItem, ...]]:
    """The events by name, and what to tell of new messages."""
    if not arguments.skip(b"("):
        if arguments.word() != "NONE":
            raise BadCommand("expected events in parentheses, or NONE")
        return frozenset(), ()
    events: set[str] = set()
    items: dict[FetchItem, None] = {}
    while len(events) <= EVENTS_LIMIT:
        word = arguments.word()
        events.add(word)
        if EVENTS.get(word) is EventType.MESSAGE_NEW and arguments.skip(b" ("):
            items.update(list_of_items(arguments))
        if arguments.skip(b")"):
            return events, tuple(items)
        arguments.space()
    raise BadCommand(f"more than {EVENTS_LIMIT} events")


def check(group: EventGroup) -> None:
    """RFC 5465 5: events that go together; 6.1, 8 what the selected mailbox may have."""
    needs_both = not MESSAGE_EVENTS.isdisjoint(group.events) or ANNOTATION_CHANGE in group.unknown
    if needs_both and not TOGETHER.issubset(group.events):
        raise BadCommand("MessageNew and MessageExpunge go together, and with FlagChange")
    if group.is_selected and not MESSAGE_EVENTS.issuperset(group.events):
        raise BadCommand("of the selected mailbox there are only events of messages")
    if group.items and not group.is_selected:
        raise BadCommand("FETCH items are for the selected mailbox only")


PARSERS: dict[bytes, Parser] = {b"NOTIFY": parse_notify}
