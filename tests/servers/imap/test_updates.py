"""A client that only applies ADDTO and REMOVEFROM knows what a search would find (RFC 5267 4.3)."""

import asyncio
import random
import re

import pytest

from correo.testing.imap_world import ImapWorld, WorldClient, message

SEARCHES = {
    b"n": b"SEARCH RETURN (UPDATE ALL) UNSEEN",
    b"u": b"UID SEARCH RETURN (UPDATE ALL) OR FLAGGED SUBJECT b",
    b"s": b"UID SORT RETURN (UPDATE ALL) (SUBJECT REVERSE ARRIVAL) UTF-8 FLAGGED",
    b"r": b"SORT RETURN (UPDATE ALL) (REVERSE SUBJECT) UTF-8 NOT FLAGGED",
}
UPDATE = re.compile(
    rb'\* ESEARCH \(TAG "(.)"\)( UID)?(?: REMOVEFROM \((.*?)\))?(?: ADDTO \((.*)\))?$'
)
PIECE = re.compile(rb"(\d+) ([\d:,]+)")


def numbers(octets: bytes) -> list[int]:
    found: list[int] = []
    for part in octets.split(b",") if octets else []:
        low, _, high = part.partition(b":")
        found.extend(range(int(low), int(high or low) + 1))
    return found


class Follower:
    """Knows the mailbox by EXISTS and EXPUNGE, and results by ADDTO and REMOVEFROM.

    results: by tag; of messages, each a list of its own, so that numbers may shift.
    """

    def __init__(self) -> None:
        self.messages: list[list[int]] = []
        self.by_uid: dict[int, list[int]] = {}
        self.results: dict[bytes, list[list[int]]] = {}

    def hear(self, lines: list[bytes]) -> None:
        for line in lines:
            if match := re.fullmatch(rb"\* (\d+) EXISTS", line):
                self.messages += [[] for _ in range(int(match[1]) - len(self.messages))]
            elif match := re.fullmatch(rb"\* (\d+) EXPUNGE", line):
                del self.messages[int(match[1]) - 1]
            elif match := re.match(rb"\* (\d+) FETCH \(UID (\d+)", line):
                self.by_uid[int(match[2])] = self.messages[int(match[1]) - 1]
            elif match := UPDATE.fullmatch(line):
                self._update(*match.groups(default=b""))

    def _update(self, tag: bytes, is_uid: bytes, removed: bytes, added: bytes) -> None:
        known = self.results[tag]
        for position, each in PIECE.findall(removed):
            for number in numbers(each):
                gone = self._message(number, is_uid)
                at = int(position) - 1 if int(position) else index(known, gone)
                assert known[at] is gone
                del known[at]
        for position, each in PIECE.findall(added):
            new = [self._message(number, is_uid) for number in numbers(each)]
            at = int(position) - 1 if int(position) else len(known)
            known[at:at] = new

    def _message(self, number: int, is_uid: bytes) -> list[int]:
        return self.by_uid[number] if is_uid else self.messages[number - 1]

    def begin(self, tag: bytes, line: bytes, is_uid: bytes) -> None:
        found = re.search(rb" ALL ([\d:,]+)", line)
        self.results[tag] = [
            self._message(number, is_uid) for number in numbers(found[1] if found else b"")
        ]

    def numbers_of(self, tag: bytes) -> list[int]:
        """A result as numbers, in the order known; where the server leaves it open, ascending."""
        known = [index(self.messages, each) + 1 for each in self.results[tag]]
        return known if b"SORT" in SEARCHES[tag] else sorted(known)


def index(messages: list[list[int]], wanted: list[int]) -> int:
    return next(at for at, each in enumerate(messages) if each is wanted)


async def learn(follower: Follower, client: WorldClient) -> None:
    """Ask for what is new, UIDs too, for results that speak of them."""
    client.send(b"x NOOP\r\n")
    lines = await client.answer(b"x")
    heard, updates = (
        [x for x in lines if b"ESEARCH" not in x],
        [x for x in lines if b"ESEARCH" in x],
    )
    early = [x for x in updates if lines.index(x) < min(map(lines.index, heard))]
    follower.hear(early)
    follower.hear(heard)
    client.send(b"y FETCH 1:* UID\r\n" if follower.messages else b"y NOOP\r\n")
    follower.hear(await client.answer(b"y"))
    follower.hear([x for x in updates if x not in early])


async def act(actor: WorldClient, chance: random.Random) -> None:
    exists = len([x for x in await actor.command("FETCH 1:* UID") if b"FETCH (" in x])
    what = chance.choice(["append", "flag", "seen", "expunge"])
    if what == "append" or not exists:
        octets = message(chance.choice("abc"))
        flags = chance.choice([b"", b"\\Flagged", b"\\Seen"])
        await actor.command(b"APPEND INBOX (%b) {%d+}\r\n%b" % (flags, len(octets), octets))
        return
    which = chance.randint(1, exists)
    sign = chance.choice("+-")
    if what == "expunge":
        await actor.command(f"STORE {which} +FLAGS.SILENT (\\Deleted)")
        await actor.command("EXPUNGE")
    else:
        flag = "\\Flagged" if what == "flag" else "\\Seen"
        await actor.command(f"STORE {which} {sign}FLAGS.SILENT ({flag})")


@pytest.mark.parametrize("seed", range(6))
def test_who_applies_the_updates_knows_the_result(seed: int) -> None:
    async def main() -> None:
        chance = random.Random(seed)
        world = ImapWorld()
        actor = await world.login(select="INBOX")
        for _ in range(5):
            await act(actor, chance)
        client = await world.login(select="INBOX")
        follower = Follower()
        await learn_all(follower, client)
        for tag, search in SEARCHES.items():
            client.send(tag + b" " + search + b"\r\n")
            lines = await client.answer(tag)
            follower.begin(tag, lines[0], b"UID" if search.startswith(b"UID") else b"")
        for _ in range(40):
            await act(actor, chance)
            if chance.random() < 0.3:
                continue
            await learn(follower, client)
            for tag, search in SEARCHES.items():
                plain = search.removeprefix(b"UID ").replace(b"UPDATE ", b"")
                lines = await client.command(plain.decode())
                found = re.search(rb" ALL ([\d:,]+)", lines[0])
                assert follower.numbers_of(tag) == numbers(found[1] if found else b"")

    asyncio.run(main())


async def learn_all(follower: Follower, client: WorldClient) -> None:
    lines = await client.command("FETCH 1:* UID")
    follower.messages = [[] for line in lines if b"FETCH (" in line]
    follower.hear(lines)
