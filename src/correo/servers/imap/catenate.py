"""CATENATE: put what an URL names into a message that is being appended.

RFC 4469    3, 4     only messages of this user on this server, by relative URLs; BADURL, TOOBIG
RFC 8508    4.2      the same for REPLACE

Cost: two thread hops per URL; octets of a large message go from blob to blob piece by piece.
"""

from correo.base.blobs import Chunk
from correo.base.errors import Refusal
from correo.mailbox.spool import Spool
from correo.servers.imap.append import turn_away
from correo.servers.imap.body import length_of
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.servers.imap.urls import chunk_of, mailbox_of, pieces
from correo.store.model import Mailbox
from correo.wire.imap import codes
from correo.wire.imap.commands import AppendUrl, Command
from correo.wire.imap.url import BadUrl, MessageUrl, parse_url

__all__ = ["HANDLERS"]


async def answer_url(session: ImapSession, command: AppendUrl) -> None:
    assert session.filing is not None
    spool = session.filing.messages[-1].spool
    try:
        chunk = await named_by(session, parse_url(command.url))
        size = length_of(chunk)
        if size > command.room:
            refusal = Refusal("5.3.4", "the message would have too many octets")
            turn_away(session, refusal, codes.TOOBIG)
            return
        await copy(chunk, spool)
    except BadUrl as bad:
        turn_away(session, bad, codes.bad_url(command.url))
    except Refusal as refusal:
        turn_away(session, refusal)
    else:
        session.engine.accept_url(size)


async def named_by(session: ImapSession, url: MessageUrl) -> Chunk:
    """Raises BadUrl."""
    if url.host is not None or url.authorization is not None:
        raise BadUrl("the URL is not relative to this user's mailboxes")
    return await chunk_of(session.account, await mailbox_for(session, url), url)


async def mailbox_for(session: ImapSession, url: MessageUrl) -> Mailbox:
    if url.mailbox is not None:
        return await mailbox_of(session.account, url)
    if session.selected is None:
        raise BadUrl("the URL names no mailbox, and none is selected")
    return session.selected.live.mailbox


async def copy(chunk: Chunk, spool: Spool) -> None:
    async for piece in pieces(chunk):
        spool.write(piece)


HANDLERS: dict[type[Command], Handler] = {AppendUrl: answer_url}
