"""After any gap, QRESYNC tells a client exactly what a full synchronisation would."""

import asyncio
import re
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from correo.testing.imap_world import ImapWorld, WorldClient, message

FETCHED = re.compile(rb"\* \d+ FETCH \(UID (\d+) FLAGS \(([^)]*)\) MODSEQ \((\d+)\)\)")
VANISHED = re.compile(rb"\* VANISHED \(EARLIER\) ([0-9:,]+)")
VALIDITY, HIGHEST = re.compile(rb"UIDVALIDITY (\d+)"), re.compile(rb"HIGHESTMODSEQ (\d+)")

NUMBERS = st.integers(1, 8)  # UIDs; five messages are there from the beginning
CHANGES = st.one_of(
    st.just("append"),
    NUMBERS.map(lambda uid: f"UID STORE {uid} +FLAGS (\\Flagged)"),
    NUMBERS.map(lambda uid: f"UID STORE {uid} -FLAGS (\\Flagged)"),
    st.tuples(NUMBERS, NUMBERS).map(lambda ends: f"UID STORE {ends[0]}:{ends[1]} FLAGS (a)"),
    NUMBERS.map(lambda uid: f"UID MOVE {uid} Trash"),
    NUMBERS.map(lambda uid: f"UID COPY {uid} INBOX"),
    NUMBERS.map(lambda uid: f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)"),
    st.just("EXPUNGE"),
    st.just("sync"),
)


@dataclass
class Memory:
    """What a client keeps of a mailbox between its connections."""

    uid_validity: int = 0
    modseq: int = 0
    flags: dict[int, set[bytes]] = field(default_factory=dict)

    def take(self, lines: list[bytes]) -> None:
        """Learn from what SELECT or FETCH has said."""
        for line in lines:
            if found := VALIDITY.search(line):
                self.uid_validity = int(found[1])
            if found := VANISHED.match(line):
                for uid in numbers(found[1]):
                    self.flags.pop(uid, None)
            if found := FETCHED.match(line):
                self.flags[int(found[1])] = set(found[2].split())
        for line in lines:
            if found := HIGHEST.search(line):
                self.modseq = int(found[1])


def numbers(listed: bytes) -> list[int]:
    found: list[int] = []
    for part in listed.split(b","):
        first, _, last = part.partition(b":")
        found.extend(range(int(first), int(last or first) + 1))
    return found


async def logged_in(world: ImapWorld) -> WorldClient:
    client = world.connect()
    await client.take()
    await client.command("LOGIN ana correo")
    await client.command("ENABLE QRESYNC")
    return client


async def append(client: WorldClient) -> None:
    octets = message()
    client.send(b"t0 APPEND INBOX {%d+}\r\n%b\r\n" % (len(octets), octets))
    await client.answer(b"t0")


async def full(world: ImapWorld) -> Memory:
    memory = Memory()
    client = await logged_in(world)
    memory.take(await client.command("SELECT INBOX"))
    modseq = memory.modseq
    memory.take(await client.command("UID FETCH 1:* (FLAGS MODSEQ)"))
    memory.modseq = modseq
    client.leave()
    return memory


async def resynchronised(world: ImapWorld, memory: Memory, *, with_known: bool) -> None:
    client = await logged_in(world)
    known = " 1:1000" if with_known else ""  # of others nothing is told (RFC 7162 3.2.5.1)
    parameters = f"{memory.uid_validity} {memory.modseq}{known}"
    memory.take(await client.command(f"SELECT INBOX (QRESYNC ({parameters}))"))
    client.leave()


@settings(max_examples=60, deadline=None)
@given(st.lists(CHANGES, min_size=3, max_size=25), st.booleans())
def test_what_a_client_knows_after_a_gap_is_what_is_there(
    changes: list[str], with_known: bool
) -> None:
    async def scenario() -> None:
        world = ImapWorld()
        await world.account()
        worker = await logged_in(world)
        await worker.command("SELECT INBOX")
        for _ in range(5):
            await append(worker)
        memory = await full(world)
        for change in [*changes, "sync"]:
            if change == "sync":
                await resynchronised(world, memory, with_known=with_known)
                there = await full(world)
                assert memory == there
            elif change == "append":
                await append(worker)
            else:
                await worker.command(change)

    asyncio.run(scenario())
