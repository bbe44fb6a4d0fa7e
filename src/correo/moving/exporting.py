"""Take the mail of an account out into files that any mail program reads.

The account stays as it is. A message that cannot be read is told of and passed over.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, cast

from correo.base.blobs import Blob
from correo.base.errors import DamagedStore
from correo.moving.model import Broken
from correo.store.api import AccountStore
from correo.store.model import Column, Mailbox, Octets

__all__ = ["Departure", "MessageFile", "OpenFolder", "Writer", "take_out"]

STEP = 256 * 1024  # octets of a large message read at a time
COLUMNS = (Column.UID, Column.SIZE, Column.FLAGS, Column.INTERNAL_DATE, Column.OCTETS)
Row = tuple[int, int, str, int, Octets]


class MessageFile(Protocol):
    """A message on its way out."""

    def write(self, octets: bytes) -> None: ...

    def finish(self) -> None: ...

    def abort(self) -> None: ...


class OpenFolder(Protocol):
    """Where the messages of one mailbox go. Raises OSError, as everything here."""

    def begin(self, uid: int, size: int, flags: str, internal_date: int) -> MessageFile | None:
        """None if this message lies there already."""

    def finish(self) -> list[str]:
        """All is written; keywords that could not be kept."""


class Writer(Protocol):
    """A format: what an account looks like in it."""

    def open(self, mailbox: Mailbox) -> OpenFolder: ...

    def close(self) -> None:
        """Make everything durable."""


@dataclass(frozen=True, slots=True)
class Departure:
    """One message that lies outside now. is_new: False if it did already."""

    mailbox: str
    uid: int
    size: int
    is_new: bool


async def take_out(account: AccountStore, writer: Writer) -> AsyncIterator[Departure | Broken]:
    """Write every mailbox, each message told of when it is written; durable after `close`.

    Raises:
        OSError: the files cannot be written.
        DamagedStore: the account cannot be read.
    """
    for mailbox in await account.mailboxes():
        folder = writer.open(mailbox)
        snapshot = await account.snapshot(mailbox.id)
        async for rows in account.fetch(mailbox.id, snapshot.uids, COLUMNS):
            for uid, size, flags, internal_date, octets in cast("list[Row]", rows):
                file = folder.begin(uid, size, flags, internal_date)
                trouble = await write(file, octets, size) if file is not None else ""
                if trouble:
                    yield Broken(f"{mailbox.name}, UID {uid}", trouble)
                else:
                    yield Departure(mailbox.name, uid, size, file is not None)
        for keyword in folder.finish():
            yield Broken(mailbox.name, f"a Maildir has no letter left for the keyword {keyword}")


async def write(file: MessageFile, octets: Octets, size: int) -> str:
    """Why the message cannot be written; "" if it is. Raises OSError."""
    try:
        if isinstance(octets, bytes):
            file.write(octets)
        else:
            await copy(octets, file, size)
        file.finish()
    except DamagedStore as error:
        file.abort()
        return error.text
    except BaseException:
        file.abort()
        raise
    return ""


async def copy(blob: Blob, file: MessageFile, size: int) -> None:
    for start in range(0, size, STEP):
        file.write(await blob.read(start, STEP))
