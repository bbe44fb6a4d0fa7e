"""EXPUNGE and UID EXPUNGE: remove what is marked as deleted.

RFC 9051    6.4.3, 6.4.9   EXPUNGE, UID EXPUNGE (RFC 4315 2.1)
RFC 7162    3.2.7, 3.2.9   HIGHESTMODSEQ in the tagged OK
RFC 9738             MESSAGELIMIT of UID EXPUNGE

Departures: messages that came after the client last looked are removed too, if somebody has
marked them; they are never told.

Cost: two thread hops, one of them the commit.
"""

from correo.mailbox import flags
from correo.servers.imap import messagelimit
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
    limit_code = b""
    if uids is not None and messagelimit.code_of(session, uids):
        uids = await marked(session, uids)
        limit_code = messagelimit.code_of(session, uids)
        uids = messagelimit.within(session, uids)
    if uids is None or uids:
        await view.live.account.expunge(view.live.mailbox.id, uids)
        view.live.is_stale = True
    await session.conclude(command, "expunged", limit_code)


async def marked(session: ImapSession, uids: list[int]) -> list[int]:
    """Those that are marked as deleted now: they are what counts."""
    live = session.view.live
    await live.refresh()
    places = ((uid, live.position(uid)) for uid in uids)
    return [uid for uid, at in places if at >= 0 and flags.has(live.flags[at], "\\Deleted")]


HANDLERS: dict[type[Command], Handler] = {Expunge: answer_expunge}
