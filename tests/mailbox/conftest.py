"""A mailbox in memory, of messages as they come."""

from collections.abc import Iterable

import pytest

from correo.mailbox.append import prepare
from correo.mailbox.live import LiveMailbox
from correo.store.memory.store import MemoryStore
from correo.store.model import INBOX, AccountId, NewMessage
from correo.testing.clock import FakeClock

START = 1_767_225_600  # 1 January 2026; each message came a second after the one before


class Filled:
    """Makes mailboxes."""

    async def __call__(self, mail: Iterable[tuple[bytes, str]]) -> LiveMailbox:
        store = MemoryStore(FakeClock(START))
        account = await store.create(AccountId("ana"))
        batch: list[NewMessage] = []
        for number, (octets, flags) in enumerate(mail):
            batch.append((await prepare(octets, store.blobs)).new(flags, START + number))
        await account.append(INBOX, batch)
        return LiveMailbox(account, await account.snapshot(INBOX))


@pytest.fixture
def filled() -> Filled:
    return Filled()
