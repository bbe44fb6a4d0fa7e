"""Name what a client can be told of without asking: the events of NOTIFY.

RFC 5465    5, 8     event types
"""

from dataclasses import dataclass
from enum import Enum

from correo.wire.imap.commands import Command
from correo.wire.imap.fetch_items import FetchItem
from correo.wire.imap.sources import Source, SourceKind

__all__ = ["MESSAGE_EVENTS", "EventGroup", "EventType", "Notify"]


class EventType(Enum):
    """The value is the name, as BADEVENT lists it."""

    MESSAGE_NEW = "MessageNew"
    MESSAGE_EXPUNGE = "MessageExpunge"
    FLAG_CHANGE = "FlagChange"
    MAILBOX_NAME = "MailboxName"
    SUBSCRIPTION_CHANGE = "SubscriptionChange"
    MAILBOX_METADATA_CHANGE = "MailboxMetadataChange"
    SERVER_METADATA_CHANGE = "ServerMetadataChange"


MESSAGE_EVENTS = frozenset(
    {EventType.MESSAGE_NEW, EventType.MESSAGE_EXPUNGE, EventType.FLAG_CHANGE}
)


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Some mailboxes, and what is to be told of them; no events for NONE.

    is_delayed: SELECTED-DELAYED: expunges wait for a command that may tell of them.
    items: what to FETCH of new messages; only for the selected mailbox.
    unknown: events that this server does not have, in capitals.
    """

    source: Source
    events: frozenset[EventType]
    is_delayed: bool = False
    items: tuple[FetchItem, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def is_selected(self) -> bool:
        """Whether it is about the selected mailbox, whichever that is."""
        return self.source.kind is SourceKind.SELECTED


@dataclass(slots=True)
class Notify(Command):
    """NOTIFY SET, or NONE (no groups). wants_status: STATUS of the mailboxes before the answer."""

    groups: tuple[EventGroup, ...] = ()
    wants_status: bool = False
