"""Read the mail of one account for a test, each message once.

`Household` has one per account. Messages are kept as they were first read, so that a test that
looks often does not parse often.
"""

import re
from collections.abc import Callable

from correo.base.errors import NotFound
from correo.mailbox.sections import read_blob
from correo.message import headers
from correo.store.api import AccountStore
from correo.store.model import Column, MailboxId
from correo.testing.received import MessageEnvelope, ReceivedMessage

__all__ = ["MailboxReader"]

ID = re.compile(rb"\sid (\S+?)(?:\s|;|$)")

HEADER_LIMIT = 8192  # octets; our Received field stands at the very front

Kept = dict[int, tuple[int, ReceivedMessage]]
FindEnvelope = Callable[[str], tuple[int, MessageEnvelope | None]]


class MailboxReader:
    """Args: find_envelope: by the id that the Received field tells; and which one it was."""

    def __init__(self, address: str, store: AccountStore, find_envelope: FindEnvelope) -> None:
        self._address = address
        self._store = store
        self._find_envelope = find_envelope
        self._kept: dict[MailboxId, Kept] = {}

    async def read(self, mailbox: str) -> list[tuple[int, ReceivedMessage]]:
        """(which one to come it was, message) of all there are, in the order of their UIDs; [] if there
        is no such mailbox."""
        try:
            found = await self._store.mailbox(mailbox)
            snapshot = await self._store.snapshot(found.id)
        except NotFound:
            return []
        kept = self._kept.setdefault(found.id, {})
        await self._fetch(found.id, [uid for uid in snapshot.uids if uid not in kept], kept)
        return [kept[uid] for uid in snapshot.uids if uid in kept]

    async def _fetch(self, mailbox: MailboxId, uids: list[int], kept: Kept) -> None:
        if not uids:
            return
        async for rows in self._store.fetch(mailbox, uids, [Column.UID, Column.OCTETS]):
            for uid, octets in rows:
                assert isinstance(uid, int)
                raw = octets if isinstance(octets, bytes) else await whole(octets)
                kept[uid] = self._message(raw, uid)

    def _message(self, raw: bytes, uid: int) -> tuple[int, ReceivedMessage]:
        match = ID.search(headers.first(raw[:HEADER_LIMIT], b"received") or b"")
        number, envelope = self._find_envelope(match[1].decode("latin-1") if match else "")
        return number, ReceivedMessage(raw, account=self._address, uid=uid, envelope=envelope)


async def whole(blob: object) -> bytes:
    """All of a large message."""
    return await read_blob(blob, 0, blob.size)  # type: ignore[attr-defined,arg-type]
