"""What a room below refuses, in the words a client reads."""

import asyncio

import pytest

from correo.base.errors import DamagedStore, StorageFull
from correo.store.memory.account import MemoryAccountStore
from correo.testing.imap_world import ImapWorld

TROUBLE = [
    # id, what goes wrong, the response code
    ("damaged", DamagedStore("/data/ana.db is damaged: put a backup in its place"), b"CORRUPTION"),
    ("full", StorageFull("/data/ana.db: the disk is full"), b"UNAVAILABLE"),
]


@pytest.mark.parametrize(
    ("trouble", "code"), [pytest.param(error, code, id=name) for name, error, code in TROUBLE]
)
def test_our_own_trouble_is_named_in_the_log_and_not_to_the_client(
    trouble: DamagedStore | StorageFull,
    code: bytes,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def create(*_: object, **__: object) -> None:
        raise trouble

    async def work() -> list[bytes]:
        world = ImapWorld()
        await world.account()
        client = await world.login()
        monkeypatch.setattr(MemoryAccountStore, "create_mailbox", create)
        return await client.command("CREATE work")

    said = asyncio.run(work())[-1]
    assert b"NO [%b] " % code in said
    assert b"try again later" in said
    assert b"/data" not in said
    assert caplog.messages == [trouble.text]
