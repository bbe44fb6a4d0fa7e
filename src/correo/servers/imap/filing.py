"""Hold the messages of an APPEND while they arrive.

RFC 3502             MULTIAPPEND: all or none
"""

from dataclasses import dataclass, field

from correo.mailbox.spool import Spool
from correo.servers.imap.places import Place

__all__ = ["Filing", "Incoming"]


@dataclass(slots=True)
class Incoming:
    """One message: flags as `mailbox.flags` makes them, the date as IMAP gave it."""

    spool: Spool
    flags: str
    internal_date: int | None


@dataclass(slots=True)
class Filing:
    """One APPEND under way.

    replaced: the UID that a REPLACE removes from the selected mailbox.
    """

    target: Place
    replaced: int | None = None
    messages: list[Incoming] = field(default_factory=list)

    def abort(self) -> None:
        for message in self.messages:
            message.spool.abort()
