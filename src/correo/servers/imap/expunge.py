"""EXPUNGE and UID EXPUNGE: remove what is marked as deleted.

RFC 9051    6.4.3, 6.4.9   EXPUNGE, UID EXPUNGE (RFC 4315 2.1)
RFC 7162    3.2.7, 3.2.9   HIGHESTMODSEQ in the tagged OK

Departures: messages that came after the client last looked are removed too, if somebody has
marked them; they are never told.

Cost: two thread hops, one of them the commit.
"""

from correo.servers.imap.numbers import uids_of
from correo.servers.imap.refusals import ReadOnly
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.wire.imap.commands import Command, Expunge

__all__ = ["HANDLERS"]


async def answer_expunge(session: ImapSession, command: Expunge) -> None:
    if session.is_read_only:
        raise ReadOnly
    view = session.view
    uids = None if command.uids is None else uids_of(view, command.uids, is_uid=True)
    if uids is None or uids:
        await view.live.account.expunge(view.live.mailbox.id, uids)
        view.live.is_stale = True
    await session.conclude(command, "expunged")


HANDLERS: dict[type[Command], Handler] = {Expunge: answer_expunge}
