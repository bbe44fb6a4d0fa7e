"""NOTIFY over workers and owners: what others do is told, of whatever may be known (RFC 5465)."""

import asyncio
import random
import re
from collections.abc import Callable

import pytest
from tests.servers.imap.test_shared_sessions import (
    LIMIT_S,
    Scenario,
    Workers,
    file,
    heard,
    ok,
    play,
)

from correo.servers.imap import notifying
from correo.testing.imap_world import ImapWorld, WorldClient

__all__ = ["play"]  # a fixture

BOTH = "(MessageNew MessageExpunge)"
STATUS = re.compile(rb'\* STATUS "?([^ "]+)"? \(MESSAGES (\d+) UIDNEXT (\d+) UIDVALIDITY \d+\)')


def test_a_mailbox_that_comes_to_be_shared_is_told_of(play: Callable[[Scenario], None]) -> None:
    async def scenario(workers: Workers) -> None:
        ana = await workers[0].login()
        bob = await workers[1].login("bob")
        shared = "Shared/ana@correo.test"
        await ok(bob, f"NOTIFY SET (subtree {shared} (MailboxName MessageNew MessageExpunge))")
        await ok(ana, "SETACL INBOX bob@correo.test lr")
        await heard(bob, f'* LIST (\\HasNoChildren) "/" {shared}/INBOX'.encode())
        await file(ana)
        await heard(bob, f"* STATUS {shared}/INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY".encode())
        await ok(ana, "SETACL INBOX bob@correo.test l")
        await heard(bob, f'* LIST (\\NoAccess) "/" {shared}/INBOX'.encode())
        await file(ana)
        await ok(ana, "SETACL INBOX bob@correo.test lr")
        await heard(bob, f'* LIST (\\HasNoChildren) "/" {shared}/INBOX'.encode())
        await ok(ana, "DELETEACL INBOX bob@correo.test")
        await heard(bob, f'* LIST (\\NonExistent) "/" {shared}/INBOX'.encode())

    play(scenario)


def test_what_may_be_listed_and_not_read_is_named_at_once(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(workers: Workers) -> None:
        ana = await workers[0].login()
        bob = await workers[1].login("bob")
        await ok(ana, "SETACL INBOX bob@correo.test l")
        lines = await ok(bob, f"NOTIFY SET STATUS (subtree Shared {BOTH})")
        assert lines[0] == b'* LIST (\\NoAccess) "/" Shared/ana@correo.test/INBOX'
        assert len(lines) == 2

    play(scenario)


def test_a_guest_hears_at_once_what_happens_in_the_selected_mailbox(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(workers: Workers) -> None:
        ana = await workers[0].login()
        bob = await workers[1].login("bob")
        await ok(ana, "SETACL INBOX bob@correo.test lr")
        await ok(bob, "SELECT Shared/ana@correo.test/INBOX")
        await ok(bob, "NOTIFY SET (selected (MessageNew (UID) MessageExpunge))")
        await file(ana)
        await heard(bob, b"* 1 EXISTS\r\n* 1 FETCH (UID 1)")
        await ok(ana, "DELETEACL INBOX bob@correo.test")
        await heard(bob, b"* BYE")

    play(scenario)


def test_the_last_status_told_is_what_is_there(play: Callable[[Scenario], None]) -> None:
    """Many changes at random, by two, in mailboxes that a third watches."""

    async def scenario(workers: Workers) -> None:
        chance = random.Random(5)
        actors = [await workers[0].login(), await workers[1].login()]
        for name in ("one", "two", "three"):
            await ok(actors[0], f"CREATE {name}")
        watcher = await workers[1].login()
        await ok(watcher, f"NOTIFY SET (personal {BOTH})")
        for _ in range(60):
            actor, name = chance.choice(actors), chance.choice(["one", "two", "three"])
            await ok(actor, f"SELECT {name}")
            if chance.random() < 0.7:
                await file(actor, name)
            elif chance.random() < 0.5:
                await ok(actor, "UID COPY 1:2 INBOX")
            else:
                await ok(actor, "UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
                await ok(actor, "EXPUNGE")
        expected = {}
        for name in ("one", "two", "three", "INBOX"):
            lines = await ok(actors[0], f"STATUS {name} (MESSAGES UIDNEXT UIDVALIDITY)")
            match = STATUS.match(lines[0])
            assert match
            if match[3] != b"1":
                expected[match[1]] = match.groups()
        async with asyncio.timeout(LIMIT_S):
            while last_told(watcher) != expected:
                await asyncio.sleep(0.001)

    play(scenario)


def last_told(watcher: WorldClient) -> dict[bytes, tuple[bytes, ...]]:
    lines = bytes(watcher.heard).split(b"\r\n")
    return {match[1]: match.groups() for line in lines if (match := STATUS.match(line))}


async def turns() -> None:
    """Let everybody in the loop do what there is to do."""
    for _ in range(50):
        await asyncio.sleep(0)


def test_news_wait_for_a_command_under_way_and_for_a_slow_reader() -> None:
    async def main() -> None:
        world = ImapWorld()
        ana, watcher = await world.login(), await world.login()
        await ok(watcher, f"NOTIFY SET (personal {BOTH})")
        watcher.connection.pause_writing()
        for _ in range(5):
            await file(ana)
        await turns()
        watcher.send(b"x NOOP\r\n")
        await turns()
        assert not watcher.heard
        watcher.connection.resume_writing()
        lines = await watcher.answer(b"x")
        assert len([line for line in lines if b"STATUS INBOX (MESSAGES 5" in line]) == 1

    asyncio.run(main())


def test_more_mailboxes_than_may_be_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        world = ImapWorld()
        ana, watcher = await world.login(), await world.login()
        monkeypatch.setattr(notifying, "MAILBOXES_LIMIT", 7)
        await ok(watcher, f"NOTIFY SET (personal {BOTH})")
        await ok(ana, "CREATE a")
        await ok(ana, "CREATE b")
        assert b"* OK [NOTIFICATIONOVERFLOW]" in await watcher.take()
        await file(ana)
        assert await watcher.take() == b""  # as after NOTIFY NONE
        lines = await watcher.command(f"NOTIFY SET (personal {BOTH})")
        assert b"NO [NOTIFICATIONOVERFLOW]" in lines[-1]

    asyncio.run(main())


def test_a_client_that_has_gone_is_not_watched_for() -> None:
    async def main() -> None:
        world = ImapWorld()
        ana, watcher = await world.login(), await world.login()
        await ok(watcher, f"NOTIFY SET (personal {BOTH})")
        watcher.leave()
        await asyncio.sleep(0)
        await file(ana)
        assert await watcher.take() == b""
        again = await world.login()
        await ok(again, f"NOTIFY SET (personal {BOTH})")
        await ok(again, "UNAUTHENTICATE")
        await file(ana)
        assert await again.take() == b""

    asyncio.run(main())
