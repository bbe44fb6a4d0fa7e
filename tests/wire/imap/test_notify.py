"""NOTIFY is read as RFC 5465 8 has it, and what cannot be meant is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.wire.imap.arguments import Arguments, BadCommand
from correo.wire.imap.fetch_items import FetchAttribute
from correo.wire.imap.notifications import EventGroup, EventType, Notify
from correo.wire.imap.parsers.notify import PARSERS
from correo.wire.imap.sources import Source, SourceKind

NEW, GONE, FLAGS = EventType.MESSAGE_NEW, EventType.MESSAGE_EXPUNGE, EventType.FLAG_CHANGE
SELECTED = Source(SourceKind.SELECTED)


def parsed(octets: bytes) -> Notify:
    command = PARSERS[b"NOTIFY"](b"a", Arguments(octets, []))
    assert isinstance(command, Notify)
    return command


def group(source: Source, *events: EventType) -> EventGroup:
    return EventGroup(source, frozenset(events))


ACCEPTED = [
    ("none", b" NONE", Notify(b"a")),
    (
        "selected",
        b" SET (selected (MessageNew (UID FLAGS) MessageExpunge))",
        Notify(
            b"a",
            (
                EventGroup(
                    SELECTED,
                    frozenset({NEW, GONE}),
                    items=(FetchAttribute.UID, FetchAttribute.FLAGS),
                ),
            ),
        ),
    ),
    (
        "selected-delayed, and more with status",
        b" set status (SELECTED-delayed (messagenew messageexpunge flagchange))"
        b" (subtree Lists NONE)",
        Notify(
            b"a",
            (
                EventGroup(SELECTED, frozenset({NEW, GONE, FLAGS}), is_delayed=True),
                group(Source(SourceKind.SUBTREE, ("Lists",))),
            ),
            wants_status=True,
        ),
    ),
    (
        "several names",
        b" SET (mailboxes (a b) (SubscriptionChange ServerMetadataChange))",
        Notify(
            b"a",
            (
                group(
                    Source(SourceKind.MAILBOXES, ("a", "b")),
                    EventType.SUBSCRIPTION_CHANGE,
                    EventType.SERVER_METADATA_CHANGE,
                ),
            ),
        ),
    ),
    (
        "events unknown here",
        b" SET (personal (Vacation MailboxName))",
        Notify(
            b"a",
            (
                EventGroup(
                    Source(SourceKind.PERSONAL),
                    frozenset({EventType.MAILBOX_NAME}),
                    unknown=("VACATION",),
                ),
            ),
        ),
    ),
]

REFUSED = [
    ("nothing", b""),
    ("neither set nor none", b" ALL"),
    ("more behind none", b" NONE (selected NONE)"),
    ("no group", b" SET STATUS"),
    ("another word for status", b" SET NOOP (personal NONE)"),
    ("no events", b" SET (personal ())"),
    ("only new", b" SET (personal (MessageNew))"),
    ("only gone", b" SET (personal (MessageExpunge))"),
    ("flags alone", b" SET (selected (FlagChange))"),
    ("annotations alone", b" SET (personal (AnnotationChange))"),
    ("too many events", b" SET (personal (" + b" ".join([b"a%d" % n for n in range(200)]) + b"))"),
    ("flags without gone", b" SET (selected (MessageNew FlagChange))"),
    ("a name of the selected mailbox", b" SET (selected (MailboxName))"),
    ("selected twice", b" SET (selected NONE) (selected-delayed NONE)"),
    ("fetch items elsewhere", b" SET (personal (MessageNew (UID) MessageExpunge))"),
    ("no fetch items", b" SET (selected (MessageNew () MessageExpunge))"),
    ("no mailbox", b" SET (subtree NONE)"),
    ("too many groups", b" SET" + b" (personal NONE)" * 101),
]


@pytest.mark.parametrize(("octets", "command"), [pytest.param(o, c, id=i) for i, o, c in ACCEPTED])
def test_what_is_asked_for_is_read(octets: bytes, command: Notify) -> None:
    assert parsed(octets) == command


@pytest.mark.parametrize("octets", [pytest.param(o, id=i) for i, o in REFUSED])
def test_what_cannot_be_meant_is_refused(octets: bytes) -> None:
    with pytest.raises(BadCommand):
        parsed(octets)


PIECES = [b" ", b"(", b")", b"SET", b"NONE", b"selected", b"MessageNew", b"(UID)", b"subtree a"]


@given(st.one_of(st.binary(max_size=60), st.lists(st.sampled_from(PIECES)).map(b"".join)))
def test_any_octets_give_a_command_or_are_refused(octets: bytes) -> None:
    try:
        parsed(octets)
    except BadCommand:
        pass
