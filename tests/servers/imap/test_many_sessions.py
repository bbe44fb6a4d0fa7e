"""Several sessions on one mailbox do what they like; a model of each client follows every answer.

The model is strict: a sequence number that no message has, a FETCH that names another message
than the number meant, an expunge told while numbers are in use, a flag that the client would
believe in and that is not there: each fails.
"""

import asyncio
import random
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from correo.net.clock import SystemClock
from correo.store.bus import Bus
from correo.store.memory.store import MemoryStore
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads
from correo.testing.clock import FakeClock
from correo.testing.imap_world import ImapWorld, message

pytestmark = pytest.mark.slow  # hundreds of random commands from several clients at once

FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "\\Deleted", "alpha", "Beta")
NUMBERED = (
    "FETCH",
    "STORE",
    "SEARCH",
    "SORT",
    "THREAD",
)  # no expunge is told while one of these is answered


class Speaker(Protocol):
    """A client that has a connection; `WorldClient` is one."""

    async def command(self, text: str | bytes) -> list[bytes]: ...

    def leave(self) -> None: ...


class World(Protocol):
    """Where clients log in; `ImapWorld` is one."""

    async def login(self) -> Speaker: ...


@dataclass
class Message:
    """What a client believes of one message; None is what it has not been told."""

    uid: int | None = None
    flags: frozenset[str] | None = None


@dataclass
class ModelClient:
    """A client that believes what it is told, and checks it.

    bodies: the octets each (UIDVALIDITY, UID) was ever seen to name; clients may share one.
    """

    client: Speaker
    qresync: bool = False
    messages: list[Message] = field(default_factory=list)
    modseq: int = 0
    told_modseqs: list[int] = field(default_factory=list)
    uid_validity: int = 0
    bodies: dict[tuple[int, int], bytes] = field(default_factory=dict)

    async def command(self, text: str | bytes) -> list[bytes]:
        lines = await self.client.command(text)
        self.follow(lines, text if isinstance(text, str) else text.decode())
        return lines

    def follow(self, lines: list[bytes], command: str = "") -> None:
        """Take every line in, as a client does."""
        in_use = command.startswith(NUMBERED)
        for line in lines:
            assert not (in_use and re.match(rb"\* (\d+ EXPUNGE|VANISHED [^(])", line)), lines
            self.take(line)
        tagged = lines[-1] if lines else b""
        code = re.search(rb"\[HIGHESTMODSEQ (\d+)\]", tagged)
        if code:
            self.modseq = int(code[1])
        elif self.told_modseqs:
            self.modseq = max(self.modseq, *self.told_modseqs)
        self.told_modseqs = []

    def take(self, line: bytes) -> None:
        if match := re.fullmatch(rb"\* (\d+) EXISTS", line):
            count = int(match[1])
            assert count >= len(self.messages), "EXISTS never takes messages away"
            self.messages += [Message() for _ in range(count - len(self.messages))]
        elif match := re.fullmatch(rb"\* (\d+) EXPUNGE", line):
            assert not self.qresync, "VANISHED it is, with QRESYNC"
            assert 1 <= int(match[1]) <= len(self.messages)
            del self.messages[int(match[1]) - 1]
        elif match := re.fullmatch(rb"\* VANISHED ([\d,:]+)", line):
            self.vanish(uids_in(match[1]))
        elif match := re.match(rb"\* (\d+) FETCH \((.*)\)", line, re.DOTALL):
            self.fetched(int(match[1]), match[2])
        elif match := re.match(rb"\* OK \[HIGHESTMODSEQ (\d+)\]", line):
            self.told_modseqs = []
            self.modseq = int(match[1])
        elif match := re.match(rb"\* OK \[UIDVALIDITY (\d+)\]", line):
            self.uid_validity = int(match[1])

    def vanish(self, uids: list[int]) -> None:
        assert self.qresync
        for uid in uids:
            places = [at for at, each in enumerate(self.messages) if each.uid == uid]
            if not places:  # one whose UID we do not know yet: told, but not asked for
                places = [self.unknown_between(uid)]
            del self.messages[places[0]]

    def unknown_between(self, uid: int) -> int:
        for at, each in enumerate(self.messages):
            later = [m.uid for m in self.messages[at + 1 :] if m.uid is not None]
            if each.uid is None and all(other > uid for other in later):
                return at
        raise AssertionError(f"VANISHED {uid} names no message that was told")

    def fetched(self, number: int, items: bytes) -> None:
        assert 1 <= number <= len(self.messages), f"there is no message {number}"
        known = self.messages[number - 1]
        if match := re.search(rb"UID (\d+)", items):
            assert known.uid in (None, int(match[1])), f"message {number} is another one"
            known.uid = int(match[1])
        if match := re.search(rb"BODY\[\] \{\d+\}\r\n(.*)", items, re.DOTALL):
            assert known.uid is not None
            first = self.bodies.setdefault((self.uid_validity, known.uid), match[1])
            assert match[1] == first, f"UID {known.uid} names another message now"
        if match := re.search(rb"FLAGS \(([^)]*)\)", items):
            known.flags = frozenset(match[1].decode().split())
        if match := re.search(rb"MODSEQ \((\d+)\)", items):
            self.told_modseqs.append(int(match[1]))
        uids = [each.uid for each in self.messages if each.uid is not None]
        assert uids == sorted(set(uids)), "UIDs ascend"

    async def open(self, mailbox: str = "INBOX") -> None:
        if self.qresync:
            await self.command("ENABLE QRESYNC")
        self.messages = []
        await self.command(f"SELECT {mailbox}")
        await self.learn()

    async def learn(self) -> None:
        """Ask for what is not known, and only that; as often as something comes in between."""
        while unknown := [
            number
            for number, each in enumerate(self.messages, 1)
            if each.uid is None or each.flags is None
        ]:
            await self.command(f"FETCH {','.join(map(str, unknown))} (UID FLAGS)")
            await self.command("NOOP")

    async def store(self, mode: str, flags: list[str], *, uid: bool, silent: bool) -> None:
        if not self.messages:
            return
        number = random_number(len(self.messages))
        target = self.messages[number - 1]
        if uid and target.uid is None:
            return
        name = f"{mode}FLAGS{'.SILENT' if silent else ''} ({' '.join(flags)})"
        where = f"UID STORE {target.uid}" if uid else f"STORE {number}"
        if silent and target.flags is not None:  # what the client believes it has done
            changed = set(flags)
            target.flags = frozenset(
                changed
                if not mode
                else target.flags | changed
                if mode == "+"
                else target.flags - changed
            )
        await self.command(f"{where} {name}")


RANDOM = random.Random()


def random_number(count: int) -> int:
    """Mostly one of the first few, so that clients get into each other's way."""
    return RANDOM.randint(1, min(count, 3) if RANDOM.random() < 0.7 else count)


def uids_in(octets: bytes) -> list[int]:
    found: list[int] = []
    for part in octets.decode().split(","):
        low, _, high = part.partition(":")
        found.extend(range(int(low), int(high or low) + 1))
    return found


async def act(model: ModelClient) -> None:
    """One thing a client might do."""
    count = len(model.messages)
    number = random_number(count) if count else 0
    spread = f"{random_number(count)}:{random_number(count)}" if count else ""
    match RANDOM.randint(0, 15):
        case 0 | 1:
            octets = message(f"number {RANDOM.random()}")
            await model.command(b"APPEND INBOX {%d+}\r\n%b" % (len(octets), octets))
        case 2 | 3 | 4:
            flags = RANDOM.sample(FLAGS, RANDOM.randint(0, 2)) or ["\\Seen"]
            await model.store(
                RANDOM.choice(["", "+", "-"]),
                flags,
                uid=RANDOM.random() < 0.5,
                silent=RANDOM.random() < 0.5,
            )
        case 5 if count:
            await model.command(f"COPY {number} INBOX")
        case 6 if count:
            await model.command(f"COPY {spread} Archive")
        case 7 if count:
            await model.command(f"MOVE {number} {RANDOM.choice(['Trash', 'INBOX'])}")
        case 8:
            await model.command("EXPUNGE")
        case 9 if count:
            await model.command(f"FETCH {spread} (UID FLAGS)")
        case 10 if count:
            await model.command(f"FETCH {number} (UID BODY[])")
        case 11:
            await model.command(
                RANDOM.choice(["SEARCH UNSEEN", "UID SEARCH 1:* UNSEEN", "SEARCH ALL"])
            )
        case 12 if count and model.messages[number - 1].uid:
            await model.command(f"UID FETCH {model.messages[number - 1].uid} (FLAGS MODSEQ)")
        case 13:
            await model.command(
                RANDOM.choice(
                    ["SORT (SUBJECT) UTF-8 ALL", "UID SORT (REVERSE DATE) UTF-8 UNSEEN",
                     "THREAD REFERENCES UTF-8 ALL"]
                )
            )  # fmt: skip
        case 14 if count:
            octets = message(f"instead {RANDOM.random()}")
            target = RANDOM.choice(["INBOX", "Archive"])
            head = b"REPLACE %d %b {%d+}\r\n" % (number, target.encode(), len(octets))
            await model.command(head + octets)
        case _:
            await model.command("NOOP")


async def play(world: ImapWorld, seed: int, rounds: int) -> None:
    RANDOM.seed(seed)
    await world.account()
    models = [ModelClient(await world.login(), qresync=at % 2 == 1) for at in range(4)]
    for model in models:
        await model.open()
    for _ in range(rounds):
        acting = RANDOM.sample(models, RANDOM.randint(1, len(models)))
        await asyncio.gather(*(act(model) for model in acting))
        if RANDOM.random() < 0.3:
            await agree(world, models)
        if RANDOM.random() < 0.2:
            await resynchronise(world, RANDOM.choice(models))
    await agree(world, models)


async def truth(world: World) -> dict[int, frozenset[str]]:
    """All messages and their flags, as a client that comes new sees them."""
    fresh = ModelClient(await world.login())
    await fresh.open()
    fresh.client.leave()
    return beliefs(fresh)


def beliefs(model: ModelClient) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    for each in model.messages:
        assert each.uid is not None
        assert each.flags is not None
        found[each.uid] = each.flags
    return found


async def agree(world: World, models: list[ModelClient]) -> None:
    """In the end everybody has heard of everything."""
    for model in models:
        await model.command("NOOP")
    for model in models:
        await model.command("NOOP")
        await model.learn()
    real = await truth(world)
    for model in models:
        assert beliefs(model) == real


async def resynchronise(world: World, model: ModelClient) -> None:
    """A client that was cut off, and comes back with QRESYNC, knows what a new one does."""
    if not model.qresync or any(each.uid is None or each.flags is None for each in model.messages):
        return
    kept = beliefs(model)
    back = ModelClient(await world.login(), qresync=True)
    await back.command("ENABLE QRESYNC")
    answer = await back.client.command(
        f"SELECT INBOX (QRESYNC ({model.uid_validity} {model.modseq}))"
    )
    for line in answer:
        if match := re.fullmatch(rb"\* VANISHED \(EARLIER\) ([\d,:]+)", line):
            for uid in uids_in(match[1]):
                kept.pop(uid, None)
        elif match := re.match(rb"\* \d+ FETCH \(UID (\d+) FLAGS \(([^)]*)\)", line):
            kept[int(match[1])] = frozenset(match[2].decode().split())
    last = max(kept, default=0)
    for line in await back.client.command(f"UID FETCH {last + 1}:* (FLAGS)"):
        if match := re.match(rb"\* \d+ FETCH \(UID (\d+) FLAGS \(([^)]*)\)", line):
            kept[int(match[1])] = frozenset(match[2].decode().split())
    assert kept == await truth(world)
    back.client.leave()


@pytest.mark.parametrize("seed", range(12))
def test_every_client_keeps_a_true_picture_whatever_the_others_do(seed: int) -> None:
    async def run() -> None:
        clock = FakeClock()
        await play(ImapWorld(store=MemoryStore(clock), clock=clock), seed, 120)

    asyncio.run(run())


@pytest.mark.parametrize("seed", range(4))
def test_every_client_keeps_a_true_picture_over_sqlite(seed: int, tmp_path: Path) -> None:
    async def run() -> None:
        threads, bus, clock = StorageThreads(2), Bus(), SystemClock()
        store = SqliteStore(tmp_path, threads, bus, clock)
        try:
            await play(ImapWorld(store=store, clock=clock), seed, 60)
        finally:
            await store.close()
            bus.close()
            threads.close()

    asyncio.run(run())
