"""Make octets a message in a mailbox: index them once, then file them.

`prepare` reads the message and, if it is large, puts it among the blobs; its result may be filed
in many mailboxes of many accounts. `deliver` is the end of every delivery.

RFC 9051    6.3.12   APPEND
            2.3.3    the internal date

Departures: flags are filed as given; whether a keyword is welcome is not asked.

Cost: the index is about 100 microseconds for 2 KB. Messages over THREAD_LIMIT, and
those with more than MANY_PARTS parts, are read in another thread, so that no session waits for
them.
"""

import asyncio
from dataclasses import dataclass

from correo.base.errors import AlreadyExists, NotFound
from correo.mailbox.spool import Spool
from correo.message.index import MessageIndex
from correo.message.scan import scan
from correo.store.api import AccountStore, BlobStore
from correo.store.model import (
    INBOX,
    INLINE_LIMIT,
    Appended,
    Mailbox,
    MailboxId,
    NewMessage,
    StoredBlob,
)

__all__ = ["Prepared", "deliver", "prepare"]

THREAD_LIMIT = 256 * 1024  # octets that are indexed in the event loop; beyond, in a thread,
MANY_PARTS = 500  # ... and so are messages with more lines that may be delimiters


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message ready to be filed: its octets or the name of its blob, and its index."""

    octets: bytes | StoredBlob
    index: MessageIndex

    def new(self, flags: str = "", internal_date: int | None = None) -> NewMessage:
        """One entry of it; flags as `flags.canonical` makes them."""
        return NewMessage(self.octets, self.index, flags, internal_date)


async def prepare(source: bytes | Spool, blobs: BlobStore, *, prefix: bytes = b"") -> Prepared:
    """Index a message; a large one is durable among the blobs on return.

    Args:
        source: the octets, or the spool that took them (it is finished here).
        prefix: header fields to stand in front of it, CRLF after each (trace fields).

    Raises:
        StorageFull: there is no room for it.
    """
    octets = await source.finish() if isinstance(source, Spool) else source
    if isinstance(octets, StoredBlob):
        whole = await blobs.read_all(octets)
        if not prefix:
            return Prepared(octets, await _index(whole))
        octets = whole
    if prefix:
        octets = prefix + octets
    index = await _index(octets)
    if len(octets) > INLINE_LIMIT:
        return Prepared(await blobs.put(octets), index)
    return Prepared(octets, index)


async def deliver(
    account: AccountStore,
    prepared: Prepared,
    mailbox_name: str = "INBOX",
    *,
    flags: str = "",
    internal_date: int | None = None,
    create: bool = False,
) -> Appended:
    """File a message in a mailbox by its name; durable on return.

    Args:
        create: make the mailbox if it is not there.

    Raises:
        NotFound: no such mailbox, and create is not set.
        OverQuota, StorageFull: nothing was filed.
    """
    mailbox = INBOX if mailbox_name == "INBOX" else await _find(account, mailbox_name, create)
    [appended] = await account.append(mailbox, [prepared.new(flags, internal_date)])
    return appended


async def _find(account: AccountStore, name: str, create: bool) -> MailboxId:
    try:
        return (await account.mailbox(name)).id
    except NotFound:
        if not create:
            raise
        return (await _made(account, name)).id


async def _made(account: AccountStore, name: str) -> Mailbox:
    try:
        return await account.create_mailbox(name)
    except AlreadyExists:  # another delivery was quicker
        return await account.mailbox(name)


async def _index(octets: bytes) -> MessageIndex:
    if len(octets) <= THREAD_LIMIT and octets.count(b"\n--") <= MANY_PARTS:
        return scan(octets)
    return await asyncio.to_thread(scan, octets)
