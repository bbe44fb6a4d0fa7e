"""A directory in memory with a domain and a few people, and a clock that never waits."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from correo.accounts.administration import Administration
from correo.accounts.authenticator import Authenticator
from correo.accounts.directory import Directory
from correo.accounts.passwords import HashCost, Passwords
from correo.store.memory.directory import MemoryDirectory

CHEAP = HashCost(memory_kib=8, passes=1, scram_iterations=4096)


@dataclass
class Clock:
    """Moves only when somebody sleeps, or not even then; remembers for how long they slept."""

    time: float = 1_700_000_000.0
    slept: list[float] = field(default_factory=list)
    stands_still: bool = False

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if not self.stands_still:
            self.time += seconds


class Office:
    """Everything the accounts room has, over an empty directory in memory."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryDirectory(node_key=bytes(range(32)))
        self.passwords = Passwords(CHEAP, threads=1)
        self.directory = Directory(self.store)
        self.administration = Administration(self.store, self.clock, self.passwords)
        self.authenticator = Authenticator(self.store, self.clock, self.passwords)


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.passwords.close()


@pytest.fixture
def peopled(office: Office) -> Office:
    """With ana and bob at correo.example."""

    async def fill() -> None:
        await office.administration.add_domain("correo.example")
        await office.administration.add_account("ana@correo.example", "correct horse")
        await office.administration.add_account("bob@correo.example", "battery staple")

    asyncio.run(fill())
    return office
