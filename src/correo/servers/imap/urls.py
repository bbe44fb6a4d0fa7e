"""Find what an IMAP URL names: the octets of a message or of a part of it, where they lie.

CATENATE, URLFETCH and BURL ask. Nothing is marked as seen, and nothing large is read here: a part
of a large message comes as a slice of its blob.

RFC 5092    6        UIDVALIDITY, UID, SECTION, PARTIAL
RFC 4469    3        as FETCH BODY.PEEK[section] would give it

Cost: two thread hops, one of them for the mailbox.
"""

from typing import cast

from correo.base.blobs import Chunk
from correo.base.errors import NotFound
from correo.mailbox import names
from correo.message.structure import Structure
from correo.servers.imap.body import section_of
from correo.store.api import AccountStore
from correo.store.model import Column, Mailbox, MailboxId, Octets
from correo.wire.imap.url import BadUrl, MessageUrl

__all__ = ["chunk_of", "mailbox_of", "message_of"]


async def mailbox_of(account: AccountStore, url: MessageUrl) -> Mailbox:
    """The mailbox an URL names in this account. Raises BadUrl."""
    assert url.mailbox is not None
    try:
        return await account.mailbox(names.canonical(url.mailbox))
    except NotFound:
        raise BadUrl("the URL names no mailbox that is here") from None


async def message_of(
    account: AccountStore, mailbox: MailboxId, url: MessageUrl
) -> tuple[Structure, Octets]:
    """The message an URL names. Raises BadUrl."""
    columns = (Column.STRUCTURE, Column.OCTETS)
    async for rows in account.fetch(mailbox, [url.uid], columns):
        for structure, octets in rows:
            return Structure.decode(cast("bytes", structure)), cast("Octets", octets)
    raise BadUrl("the URL names no message that is here")


async def chunk_of(account: AccountStore, mailbox: Mailbox, url: MessageUrl) -> Chunk:
    """The octets an URL names, or the slice of the blob that holds them. Raises BadUrl."""
    if url.uid_validity not in (None, mailbox.uid_validity):
        raise BadUrl("the URL is about a mailbox that is no more")
    tree, octets = await message_of(account, mailbox.id, url)
    chunk = await section_of(url.section, octets, tree)
    if chunk is None:
        raise BadUrl("the URL names a part that the message has not")
    return chunk
