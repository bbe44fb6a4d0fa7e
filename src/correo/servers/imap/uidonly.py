"""Refuse message numbers once a client has said that it will use UIDs only.

RFC 9586    3        what uses message numbers is BAD, with UIDREQUIRED
            (REPLACE is the engine's to refuse, for its message may come unasked)
            3.3      UIDFETCH in place of FETCH, VANISHED in place of EXPUNGE

Cost: a look into a set for each command.
"""

from correo.servers.imap.criteria import mentions_numbers
from correo.servers.imap.refusals import UidRequired
from correo.wire.imap.commands import (
    Command,
    Copy,
    Fetch,
    Move,
    Search,
    Select,
    Store,
)
from correo.wire.imap.server import ImapServerEngine

__all__ = ["ENABLED_BY", "check_uids", "is_enabled"]

ENABLED_BY = "UIDONLY"


def is_enabled(engine: ImapServerEngine) -> bool:
    return ENABLED_BY in engine.enabled


def check_uids(command: Command) -> None:
    """Raises UidRequired if the command uses, or asks for, message numbers."""
    match command:
        case Fetch() | Store() | Copy() | Move():
            is_by_number = not command.is_uid
        case Search():
            is_by_number = not command.is_uid or mentions_numbers(command.key)
        case Select():
            is_by_number = command.qresync is not None and command.qresync.match is not None
        case _:
            is_by_number = False
    if is_by_number:
        raise UidRequired
