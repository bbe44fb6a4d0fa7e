"""A client that waits long hears that its command is still being worked on."""

import asyncio
from collections.abc import Callable

import pytest

from correo.mailbox.live import LiveMailbox
from correo.servers.imap import progress
from correo.testing.imap_world import ImapWorld


def test_a_search_that_lasts_is_told_of_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end = asyncio.Event()

    async def slow(live: LiveMailbox, *_: object, **__: object) -> list[int]:
        await may_end.wait()
        return live.uids.tolist()

    async def scenario() -> None:
        world = ImapWorld()
        await world.account()
        client = world.connect()
        await client.take()
        await client.command("LOGIN ana correo")
        await client.command("SELECT INBOX")
        client.send(b"t1 SEARCH TEXT x\r\n")
        await until(lambda: client.heard.count(b"INPROGRESS") == 2)
        assert client.heard.startswith(b'* OK [INPROGRESS ("t1" NIL NIL)] still at it\r\n')
        assert b"t1 OK" not in client.heard
        may_end.set()
        await until(lambda: b"t1 OK" in client.heard)

    monkeypatch.setattr("correo.servers.imap.search.search", slow)
    monkeypatch.setattr(progress, "INTERVAL_S", 0.01)
    asyncio.run(scenario())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0)
