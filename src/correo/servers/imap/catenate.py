"""CATENATE: put what an URL names into a message that is being appended.

RFC 4469    3, 4     only messages of this user on this server, by relative URLs; BADURL, TOOBIG
RFC 8508    4.2      the same for REPLACE
RFC 4314    4        "r" in the mailbox of another user

Cost: two thread hops per URL; octets of a large message go from blob to blob piece by piece.
"""

from correo.base.blobs import Chunk, pieces
from correo.base.errors import NotFound, Refusal
from correo.mailbox.namespaces import is_others
from correo.mailbox.spool import Spool
from correo.servers.imap.body import length_of
from correo.servers.imap.refusals import NotPermitted
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.servers.imap.urls import chunk_of, mailbox_of
from correo.store.api import AccountStore
from correo.store.model import Mailbox
from correo.wire.imap import codes
from correo.wire.imap.commands import AppendUrl, Command
from correo.wire.imap.url import BadUrl, MessageUrl, parse_url

__all__ = ["HANDLERS"]


async def answer_url(session: ImapSession, command: AppendUrl) -> None:
    assert session.filing is not None
    spool = session.filing.messages[-1].spool
    try:
        chunk = await named_by(session, command, parse_url(command.url))
        size = length_of(chunk)
        if size > command.room:
            refusal = Refusal("5.3.4", "the message would have too many octets")
            session.refuse(command, refusal, codes.TOOBIG)
            return
        await copy(chunk, spool)
    except BadUrl as bad:
        session.refuse(command, bad, codes.bad_url(command.url))
    else:
        session.engine.accept_url(size)


async def named_by(session: ImapSession, command: AppendUrl, url: MessageUrl) -> Chunk:
    """Raises BadUrl."""
    if url.host is not None or url.authorization is not None:
        raise BadUrl("the URL is not relative to this user's mailboxes")
    account, mailbox = await mailbox_for(session, command, url)
    return await chunk_of(account, mailbox, url)


async def mailbox_for(
    session: ImapSession, command: AppendUrl, url: MessageUrl
) -> tuple[AccountStore, Mailbox]:
    """Raises BadUrl, whether a mailbox is not there or may not be read."""
    if url.mailbox is not None and is_others(url.mailbox):
        try:
            place = await session.places.find(command, url.mailbox)
        except (NotFound, NotPermitted):
            raise BadUrl("the URL names no mailbox that is here") from None
        return place.account, place.mailbox
    if url.mailbox is not None:
        return session.account, await mailbox_of(session.account, url)
    if session.selected is None:
        raise BadUrl("the URL names no mailbox, and none is selected")
    live = session.selected.live
    return live.account, live.mailbox


async def copy(chunk: Chunk, spool: Spool) -> None:
    async for piece in pieces(chunk):
        spool.write(piece)


HANDLERS: dict[type[Command], Handler] = {AppendUrl: answer_url}
