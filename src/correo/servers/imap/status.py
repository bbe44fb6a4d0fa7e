"""STATUS: the counts of a mailbox, without opening it.

RFC 9051    6.3.11   STATUS
RFC 7162    3.1.7    HIGHESTMODSEQ; RFC 8438 SIZE; RFC 8474 4.3 MAILBOXID; RFC 7889 APPENDLIMIT

Departures: RECENT is always 0 (RFC 9051 appendix E).

Cost: one thread hop.
"""

from collections.abc import Callable

from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import Mailbox
from correo.wire.imap import responses
from correo.wire.imap.commands import Command, Status, StatusItem

__all__ = ["HANDLERS", "status_line"]

VALUES: dict[StatusItem, Callable[[Mailbox], int | str]] = {
    StatusItem.MESSAGES: lambda mailbox: mailbox.messages,
    StatusItem.RECENT: lambda _mailbox: 0,
    StatusItem.UIDNEXT: lambda mailbox: mailbox.uid_next,
    StatusItem.UIDVALIDITY: lambda mailbox: mailbox.uid_validity,
    StatusItem.UNSEEN: lambda mailbox: mailbox.unseen,
    StatusItem.DELETED: lambda mailbox: mailbox.deleted,
    StatusItem.SIZE: lambda mailbox: mailbox.size,
    StatusItem.HIGHESTMODSEQ: lambda mailbox: mailbox.highest_modseq,
    StatusItem.MAILBOXID: lambda mailbox: mailbox.object_id,
    StatusItem.DELETED_STORAGE: lambda mailbox: mailbox.deleted_size,
}


async def answer_status(session: ImapSession, command: Status) -> None:
    if StatusItem.HIGHESTMODSEQ in command.items:
        session.enable_condstore()
    place = await session.places.find(command, command.mailbox)
    session.engine.send_lines([status_line(session, place.mailbox, command.items)])
    await session.conclude(command, "counted")


def status_line(session: ImapSession, mailbox: Mailbox, items: tuple[StatusItem, ...]) -> bytes:
    """The STATUS response for a mailbox as it was found."""
    limit = session.services.settings.limits.append
    values = [
        (item, limit if item is StatusItem.APPENDLIMIT else VALUES[item](mailbox)) for item in items
    ]
    return responses.status(mailbox.name, values, utf8=session.engine.is_utf8)


HANDLERS: dict[type[Command], Handler] = {Status: answer_status}
