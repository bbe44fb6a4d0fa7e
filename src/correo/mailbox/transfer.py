"""Copy messages from one account's mailbox into another's, all or none.

Within an account a copy is an entry and no octets (`AccountStore.copy`); this is for everything
else: the octets go into the other account's file and are indexed there. They count against the
quota of whoever owns it.

RFC 9051    6.4.7    COPY: flags and internal date are kept; a COPY that fails leaves nothing
RFC 4314    4        flags that the user has no right to set are left out

Departures: the batches are durable one after the other, so a crash in between leaves some. They
have new EMAILIDs, as the account is another.

Cost: as for APPEND, in batches of about a megabyte; memory for one of them.
"""

from collections.abc import Sequence
from typing import cast

from correo.base.blobs import Blob
from correo.mailbox.append import prepare
from correo.net.pace import Pace
from correo.store.api import AccountStore, BlobStore
from correo.store.model import Column, Copied, MailboxId, NewMessage, Octets
from correo.store.rights import ALL, permitted

__all__ = ["transfer"]

COLUMNS = (Column.UID, Column.FLAGS, Column.INTERNAL_DATE, Column.OCTETS)
Place = tuple[AccountStore, MailboxId]


async def transfer(
    source: Place, uids: Sequence[int], target: Place, blobs: BlobStore, *, rights: str = ALL
) -> list[Copied]:
    """File copies in the target; durable on return. UIDs that are gone are left out.

    Args:
        rights: of the user in the target; its flags are as far as they allow.

    Raises:
        NotFound: the target is gone. OverQuota, StorageFull: nothing was copied.
    """
    (account, mailbox), (into, target_mailbox) = source, target
    copied: list[Copied] = []
    pace = Pace()
    try:
        async for rows in account.fetch(mailbox, uids, COLUMNS):
            batch = []
            for row in rows:
                batch.append(await renewed(row, rights, blobs))
                await pace.breathe()
            filed = await into.append(target_mailbox, batch)
            sources = [cast("int", row[0]) for row in rows]
            copied += [Copied(uid, new.uid) for uid, new in zip(sources, filed, strict=True)]
    except BaseException:
        if copied:
            gone = [each.uid for each in copied]
            await into.expunge(target_mailbox, gone, only_deleted=False)
        raise
    return copied


async def renewed(row: tuple[object, ...], rights: str, blobs: BlobStore) -> NewMessage:
    """A row of COLUMNS as a message to be filed."""
    _, flags, date, octets = cast("tuple[int, str, int, Octets]", row)
    whole = octets if isinstance(octets, bytes) else await read_whole(octets)
    return (await prepare(whole, blobs)).new(permitted(flags, rights), date)


async def read_whole(blob: Blob) -> bytes:
    return await blob.read(0, blob.size)
