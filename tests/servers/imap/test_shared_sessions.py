"""Owners and guests in one mailbox at once, in one worker and in two: all know what is there."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.servers.imap.test_many_sessions import (
    RANDOM,
    ModelClient,
    Speaker,
    act,
    agree,
    resynchronise,
)

from correo.net.clock import SystemClock
from correo.store.bus import Bus
from correo.store.model import AccountId
from correo.store.sqlite.directory import SqliteDirectory
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads
from correo.testing.imap_world import ImapWorld, WorldClient, message

SHARED = "Shared/ana@correo.test/INBOX"
LIMIT_S = 20.0  # for news to cross from one worker to another on a busy machine

Workers = tuple[ImapWorld, ImapWorld]
Scenario = Callable[[Workers], Awaitable[None]]


@asynccontextmanager
async def worker(folder: Path) -> AsyncIterator[ImapWorld]:
    """A server with a store, a bus and a directory of its own, over a data directory."""
    threads, bus, clock = StorageThreads(2), Bus(folder / "bus"), SystemClock()
    bus.start()
    store, directory = SqliteStore(folder, threads, bus, clock), SqliteDirectory(folder, threads)
    try:
        yield ImapWorld(store=store, directory=directory, clock=clock)
    finally:
        await store.close()
        await directory.close()
        bus.close()
        threads.close()


@pytest.fixture(params=["one worker", "two workers"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scenario], None]:
    """Run a scenario with the owner's worker and the guest's, which may be the same."""

    async def main(scenario: Scenario) -> None:
        async with worker(tmp_path) as first:
            if request.param == "one worker":
                await scenario((first, first))
                return
            async with worker(tmp_path) as second:
                await scenario((first, second))

    return lambda scenario: asyncio.run(main(scenario))


async def heard(client: WorldClient, expected: bytes) -> None:
    """Wait until the client has been told this; it takes all it was told."""
    async with asyncio.timeout(LIMIT_S):
        while expected not in client.heard:
            await asyncio.sleep(0.001)
    client.heard.clear()


async def ok(client: WorldClient, command: str | bytes) -> list[bytes]:
    answer = await client.command(command)
    assert answer[-1].split()[1] == b"OK", answer
    return answer


async def file(client: WorldClient, mailbox: str = "INBOX", subject: str = "hello") -> None:
    octets = message(subject)
    await ok(client, b"APPEND %b {%d+}\r\n%b" % (mailbox.encode(), len(octets), octets))


async def idle(client: WorldClient) -> None:
    client.send(b"i IDLE\r\n")
    await heard(client, b"+ ")


async def met(workers: Workers, rights: str) -> tuple[WorldClient, WorldClient]:
    """Ana, and Bob, who has these rights in her INBOX; a message is in it."""
    ana = await workers[0].login()
    await workers[1].account("bob")
    await ok(ana, f"SETACL INBOX bob@correo.test {rights}")
    await file(ana)
    return ana, await workers[1].login("bob")


def test_an_idle_guest_hears_what_the_owner_does(play: Callable[[Scenario], None]) -> None:
    async def scenario(workers: Workers) -> None:
        ana, bob = await met(workers, "lr")
        await ok(bob, f"SELECT {SHARED}")
        await idle(bob)
        await file(ana)
        await heard(bob, b"* 2 EXISTS")
        await ok(ana, "SELECT INBOX")
        await ok(ana, "STORE 2 +FLAGS (\\Deleted)")
        await heard(bob, b"* 2 FETCH (UID 2 FLAGS (\\Deleted))")
        await ok(ana, "EXPUNGE")
        await heard(bob, b"* 2 EXPUNGE")

    play(scenario)


def test_an_idle_owner_hears_what_a_guest_does(play: Callable[[Scenario], None]) -> None:
    async def scenario(workers: Workers) -> None:
        ana, bob = await met(workers, "lrswite")
        await ok(ana, "SELECT INBOX")
        await idle(ana)
        await ok(bob, f"SELECT {SHARED}")
        await ok(bob, "STORE 1 +FLAGS (\\Seen)")
        await heard(ana, b"* 1 FETCH (UID 1 FLAGS (\\Seen))")
        await file(bob, SHARED)
        await heard(ana, b"* 2 EXISTS")
        await file(bob)
        await ok(bob, "SELECT INBOX")
        await ok(bob, f"MOVE 1 {SHARED}")
        await heard(ana, b"* 3 EXISTS")

    play(scenario)


def test_an_idle_guest_who_may_no_longer_read_is_sent_away(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(workers: Workers) -> None:
        ana, bob = await met(workers, "lrs")
        await ok(bob, f"SELECT {SHARED}")
        await idle(bob)
        await ok(ana, "SETACL INBOX bob@correo.test +w")
        await heard(bob, b"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Seen \\Draft \\*)]")
        await ok(ana, "DELETEACL INBOX bob@correo.test")
        await heard(bob, b"* BYE you may no longer read the mailbox")
        again = await workers[1].login("bob")
        answer = await again.command(f"SELECT {SHARED}")
        assert answer == [b"t2 NO [NONEXISTENT] there is no such mailbox"]

    play(scenario)


def test_a_mail_that_comes_after_the_right_to_read_is_gone_is_not_told(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(workers: Workers) -> None:
        ana, bob = await met(workers, "lr")
        await ok(bob, f"SELECT {SHARED}")
        await idle(bob)
        ana.send(b"a SETACL INBOX -bob@correo.test r\r\n")
        octets = message()
        ana.send(b"b APPEND INBOX {%d+}\r\n%b\r\n" % (len(octets), octets))
        async with asyncio.timeout(LIMIT_S):
            while b"* BYE" not in bob.heard:
                await asyncio.sleep(0.001)
        assert b"EXISTS" not in bob.heard

    play(scenario)


@pytest.mark.parametrize("turns", range(6))
def test_a_guest_that_begins_to_idle_while_rights_change_hears_what_comes(
    play: Callable[[Scenario], None], turns: int
) -> None:
    async def scenario(workers: Workers) -> None:
        ana, bob = await met(workers, "lr")
        await ok(bob, f"SELECT {SHARED}")
        await file(ana)
        bob.send(b"i IDLE\r\n")
        for _ in range(turns):
            await asyncio.sleep(0)
        await ok(ana, "SETACL INBOX bob@correo.test +p")
        await file(ana)
        await heard(bob, b"* 3 EXISTS")

    play(scenario)


def test_changed_rights_count_for_the_next_command(play: Callable[[Scenario], None]) -> None:
    async def scenario(workers: Workers) -> None:
        ana, bob = await met(workers, "lr")
        await ok(bob, f"SELECT {SHARED}")
        for _ in range(20):
            await ok(ana, "SETACL INBOX bob@correo.test +w")
            answer = await ok(bob, "STORE 1 +FLAGS (\\Flagged)")
            assert b"* FLAGS (" in answer[0]
            await ok(ana, "SETACL INBOX bob@correo.test -w")
            answer = await bob.command("STORE 1 -FLAGS (\\Flagged)")
            assert b" NO [NOPERM] " in answer[-1]

    play(scenario)


def test_what_is_shared_is_listed_at_once_and_no_longer_once_it_is_not(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(workers: Workers) -> None:
        ana, bob = await met(workers, "lr")
        for _ in range(5):
            assert len(await ok(bob, 'LIST "" Shared/*')) == 3
            await ok(ana, "SETACL INBOX bob@correo.test -l")
            assert len(await ok(bob, 'LIST "" Shared/*')) == 1
            await ok(ana, "SETACL INBOX anyone l")
            assert len(await ok(bob, 'LIST "" Shared/*')) == 3
            await ok(ana, "DELETEACL INBOX anyone")
            assert len(await ok(bob, 'LIST "" Shared/*')) == 1
            await ok(ana, "SETACL INBOX bob@correo.test +l")

    play(scenario)


def test_guests_of_a_removed_account_are_told_and_find_nothing(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(workers: Workers) -> None:
        _, bob = await met(workers, "lr")
        await ok(bob, f"SELECT {SHARED}")
        await idle(bob)
        await workers[0].directory.remove_account(AccountId("ana"))
        await workers[0].store.remove(AccountId("ana"))
        await heard(bob, b"* BYE")
        again = await workers[1].login("bob")
        assert len(await ok(again, 'LIST "" Shared/*')) == 1
        answer = await again.command(f"SELECT {SHARED}")
        assert answer[-1].startswith(b"t3 NO [NONEXISTENT]")

    play(scenario)


def test_a_guest_comes_back_with_qresync_and_hears_what_happened(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(workers: Workers) -> None:
        ana, bob = await met(workers, "lr")
        await ok(ana, "SELECT INBOX")
        await file(ana)
        await ok(bob, "ENABLE QRESYNC")
        opening = b"\n".join(await ok(bob, f"SELECT {SHARED}"))
        validity = opening.partition(b"UIDVALIDITY ")[2].partition(b"]")[0]
        modseq = opening.partition(b"HIGHESTMODSEQ ")[2].partition(b"]")[0]
        await ok(bob, "UNSELECT")
        await ok(ana, "STORE 1 +FLAGS (\\Deleted)")
        await ok(ana, "EXPUNGE")
        await ok(ana, "STORE 1 +FLAGS (\\Seen)")
        answer = await ok(bob, f"SELECT {SHARED} (QRESYNC ({int(validity)} {int(modseq)}))")
        assert b"* VANISHED (EARLIER) 1" in answer
        assert any(line.startswith(b"* 1 FETCH (UID 2 FLAGS (\\Seen) ") for line in answer)
        found = await ok(bob, f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {int(modseq)} VANISHED)")
        assert b"* VANISHED (EARLIER) 1" in found

    play(scenario)


def test_what_one_notes_for_oneself_nobody_else_reads(play: Callable[[Scenario], None]) -> None:
    async def scenario(workers: Workers) -> None:
        ana, bob = await met(workers, "lrw")
        for client, mailbox, text in ((ana, "INBOX", "mine"), (bob, SHARED, "his")):
            note = f'(/private/comment "{text}" /shared/comment "{text}")'
            await ok(client, f"SETMETADATA {mailbox} {note}")
        entries = "(/private/comment /shared/comment)"
        for client, mailbox, text in ((ana, "INBOX", "mine"), (bob, SHARED, "his")):
            answer = await ok(client, f"GETMETADATA {mailbox} {entries}")
            told = f'* METADATA {mailbox} (/private/comment "{text}" /shared/comment "his")'
            assert answer[0] == told.encode()
            answer = await ok(client, 'GETMETADATA (DEPTH infinity) "" /private/comment')
            assert len(answer) == 1

    play(scenario)


def test_a_damaged_account_does_not_hide_what_others_share(tmp_path: Path) -> None:
    async def run() -> None:
        async with worker(tmp_path) as world:
            for name in ("ana", "eva"):
                owner = await world.login(name)
                await world.account("bob")
                await ok(owner, "SETACL INBOX bob lr")
        [path] = (tmp_path / "accounts").glob("*/ana.db")
        path.write_bytes(b"no database" * 1000)
        async with worker(tmp_path) as world:
            bob = await world.login("bob")
            listed = await ok(bob, 'LIST "" Shared/*')
            assert [line for line in listed if b"INBOX" in line] == [
                b'* LIST (\\HasNoChildren) "/" Shared/eva@correo.test/INBOX'
            ]
            answer = await bob.command(f"SELECT {SHARED}")
            assert answer[-1].startswith(b"t3 NO [CORRUPTION] what is stored here cannot be read")

    asyncio.run(run())


@pytest.mark.parametrize(("rights", "code"), [("rlt", b"NO [NOPERM]"), ("rlte", b"OK ")])
def test_a_replaced_message_goes_only_if_the_guest_may_expunge_it(rights: str, code: bytes) -> None:
    async def run() -> None:
        world = ImapWorld()
        ana, bob = await met((world, world), rights)
        await ok(bob, f"SELECT {SHARED}")
        octets = message()
        answer = await bob.command(b"REPLACE 1 INBOX {%d+}\r\n%b" % (len(octets), octets))
        assert answer[-1].partition(b" ")[2].startswith(code)
        [counted, _] = await ok(ana, "STATUS INBOX (MESSAGES)")
        assert counted == b"* STATUS INBOX (MESSAGES %d)" % (code != b"OK ")

    asyncio.run(run())


class GuestSpeaker:
    """A guest who says what the owner would, about the owner's mailboxes."""

    def __init__(self, client: Speaker, owner: str) -> None:
        self._client = client
        self._prefix = f"Shared/{owner}/".encode()

    async def command(self, text: str | bytes) -> list[bytes]:
        octets = text if isinstance(text, bytes) else text.encode()
        for name in (b"INBOX", b"Archive", b"Trash"):
            octets = octets.replace(name, self._prefix + name)
        return await self._client.command(octets)

    def leave(self) -> None:
        self._client.leave()


class MixedWorld:
    """Where each second client is a guest with every right, and each third in another worker."""

    def __init__(self, workers: Workers) -> None:
        self._turns = itertools.cycle([("ana", 0), ("bob", 0), ("bob", 1), ("ana", 1)])
        self._workers = workers

    async def login(self) -> Speaker:
        name, at = next(self._turns)
        client = await self._workers[at].login(name)
        return client if name == "ana" else GuestSpeaker(client, "ana@correo.test")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_owners_and_guests_keep_a_true_picture_whatever_the_others_do(
    play: Callable[[Scenario], None], seed: int
) -> None:
    async def scenario(workers: Workers) -> None:
        ana, _ = await met(workers, "lrswipkxtea")
        for name in ("Archive", "Trash"):
            await ok(ana, f"SETACL {name} bob@correo.test lrswipkxtea")
        RANDOM.seed(seed)
        world = MixedWorld(workers)
        models = [ModelClient(await world.login(), qresync=at % 2 == 1) for at in range(4)]
        for model in models:
            await model.open()
        for turn in range(40):
            acting = RANDOM.sample(models, RANDOM.randint(1, len(models)))
            await asyncio.gather(*(act(model) for model in acting))
            if turn % 10 == 9:
                await agree(world, models)
                await resynchronise(world, RANDOM.choice(models))

    play(scenario)
