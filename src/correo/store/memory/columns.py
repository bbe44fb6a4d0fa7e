"""Give the values of an entry that somebody asks for, column by column."""

from collections.abc import Sequence

from correo.store.conversation import email_id, thread_id
from correo.store.memory.blobs import MemoryBlobStore
from correo.store.memory.boxes import Entry
from correo.store.model import Column, NewMessage, Octets, StoredBlob
from correo.store.texts import storable

__all__ = ["row_of"]


async def row_of(
    blobs: MemoryBlobStore, uid: int, entry: Entry, columns: Sequence[Column]
) -> tuple[object, ...]:
    """One row, its values in the order of the columns."""
    return tuple([await value_of(blobs, uid, entry, column) for column in columns])


async def value_of(blobs: MemoryBlobStore, uid: int, entry: Entry, column: Column) -> object:
    filed, index = entry.filed, entry.filed.message.index
    match column:
        case Column.UID:
            return uid
        case Column.EMAIL_ID:
            return email_id(filed.number)
        case Column.THREAD_ID:
            return thread_id(filed.thread)
        case Column.IN_REPLY_TO:
            return b" ".join(index.in_reply_to)
        case Column.REFERENCES:
            return b" ".join(index.references)
        case Column.BASE_SUBJECT:
            return storable(index.base_subject)
        case Column.PREVIEW:
            return storable(index.preview)
        case Column.HAS_ATTACHMENT:
            return int(index.has_attachment)
        case Column.OCTETS:
            return octets_of(blobs, filed.message)
        case Column.HEADER:
            octets = octets_of(blobs, filed.message)
            if isinstance(octets, bytes):
                return octets[: index.header_size]
            return await octets.read(0, index.header_size)
        case Column.MODSEQ | Column.FLAGS | Column.INTERNAL_DATE | Column.SAVE_DATE:
            return getattr(entry, column.value)
        case _:
            return getattr(index, column.value)


def octets_of(blobs: MemoryBlobStore, message: NewMessage) -> Octets:
    octets = message.octets
    return blobs.open(octets) if isinstance(octets, StoredBlob) else octets
