"""The bus: who is woken by what, in this process and in the others."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.store.bus import ANYTHING, Bus, decode, encode
from correo.store.model import AccountId, MailboxId

ANA, BOB = AccountId("ana"), AccountId("bob")
ONE, TWO = MailboxId(1), MailboxId(2)
FILLING = b"filling"


class Watcher:
    """Notes what it is woken with, and can be waited for."""

    def __init__(self, bus: Bus, account: AccountId = ANA) -> None:
        self.woken: list[MailboxId | None] = []
        self._event = asyncio.Event()
        self.watch = bus.watch(account, self._note)

    def _note(self, mailbox: MailboxId | None) -> None:
        self.woken.append(mailbox)
        self._event.set()

    async def wait(self) -> list[MailboxId | None]:
        await asyncio.wait_for(self._event.wait(), 10)
        self._event.clear()
        woken, self.woken = self.woken, []
        return woken


@contextmanager
def processes(folder: Path, count: int) -> Iterator[list[Bus]]:
    """Buses that meet in a directory, as those of several processes do."""
    buses = [Bus(folder / "bus") for _ in range(count)]
    for bus in buses:
        bus.start()
    try:
        yield buses
    finally:
        for bus in buses:
            bus.close()


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await scenario()

    asyncio.run(main())


def test_a_burst_wakes_each_watcher_once_per_mailbox() -> None:
    async def scenario() -> None:
        bus = Bus()
        ana, bob = Watcher(bus), Watcher(bus, BOB)
        for mailbox in (ONE, TWO, ONE, None, ONE):
            bus.announce(ANA, mailbox)
        assert ana.woken == []
        assert set(await ana.wait()) == {ONE, TWO, None}
        assert ana.woken == bob.woken == []

    run(scenario)


def test_a_watcher_may_close_itself_or_another_while_it_is_woken() -> None:
    async def scenario() -> None:
        bus = Bus()
        woken = []

        def close_all(mailbox: MailboxId | None) -> None:
            woken.append(mailbox)
            for watch in watches:
                watch.close()

        watches = [bus.watch(ANA, close_all) for _ in range(3)]
        bus.announce(ANA, ONE)
        await asyncio.sleep(0)
        assert len(woken) >= 1
        bus.announce(ANA, ONE)
        await asyncio.sleep(0)
        assert len(woken) <= 3

    run(scenario)


def test_other_processes_are_told_and_the_announcer_hears_itself_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        with processes(tmp_path, 3) as buses:
            watchers = [Watcher(bus) for bus in buses]
            buses[0].announce(ANA, ONE)
            buses[0].announce(ANA, None)
            buses[0].announce(BOB, TWO)
            for watcher in watchers:
                assert set(await watcher.wait()) == {ONE, None}
            buses[2].announce(ANA, TWO)
            for watcher in watchers:
                assert await watcher.wait() == [TWO]

    run(scenario)


def test_a_process_that_comes_later_is_found(tmp_path: Path) -> None:
    async def scenario() -> None:
        with processes(tmp_path, 2) as [first, second]:
            watcher = Watcher(second)
            first.announce(ANA, ONE)
            await watcher.wait()
            late = Bus(tmp_path / "bus")
            late.start()
            watcher = Watcher(late)
            first.announce(ANA, TWO)
            assert await watcher.wait() == [TWO]
            late.close()
            first.announce(ANA, ONE)
            await asyncio.sleep(0)

    run(scenario)


def test_the_socket_of_a_killed_process_is_removed(tmp_path: Path) -> None:
    async def scenario() -> None:
        with processes(tmp_path, 1) as [bus]:
            dead = tmp_path / "bus" / "4711-dead"
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left:
                left.bind(str(dead))
            watcher = Watcher(bus)
            bus.announce(ANA, ONE)
            await watcher.wait()
            assert not dead.exists()

    run(scenario)


def test_what_a_full_socket_could_not_take_is_made_up_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        with processes(tmp_path, 1) as [sender]:
            path = tmp_path / "bus" / "4711-busy"
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as busy:
                busy.bind(str(path))
                busy.setblocking(False)
                fill(path)
                sender.announce(ANA, ONE)
                await asyncio.sleep(0)
                assert set(drained(busy)) == {FILLING}
                assert await soon(busy) == [ANYTHING]
                sender.announce(ANA, TWO)
                assert await soon(busy) == [b"ana 2\n"]

    run(scenario)


def fill(path: Path) -> None:
    """Put into a socket what it holds, so that it takes nothing more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as another:
        another.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                another.sendto(FILLING, str(path))


async def soon(receiver: socket.socket) -> list[bytes]:
    """What comes next."""
    async with asyncio.timeout(10):
        while not (datagrams := drained(receiver)):
            await asyncio.sleep(0)
    return datagrams


def drained(receiver: socket.socket) -> list[bytes]:
    datagrams = []
    try:
        while True:
            datagrams.append(receiver.recv(100_000))
    except BlockingIOError:
        return datagrams


def test_who_may_have_missed_something_looks_at_everything(tmp_path: Path) -> None:
    async def scenario() -> None:
        with processes(tmp_path, 1) as [bus]:
            ana, bob = Watcher(bus), Watcher(bus, BOB)
            [path] = (tmp_path / "bus").iterdir()
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
                other.sendto(ANYTHING, str(path))
            assert await ana.wait() == [None]
            assert await bob.wait() == [None]

    run(scenario)


@pytest.mark.parametrize(
    "datagram",
    [b"", b"\n", b"\xff\xfe", b"ana one", b"ana -1", b" 1 2", b"ana 1" * 9000, "ana ²".encode()],
)
def test_a_strange_datagram_does_no_harm(tmp_path: Path, datagram: bytes) -> None:
    async def scenario() -> None:
        with processes(tmp_path, 1) as [bus]:
            ana = Watcher(bus)
            [path] = (tmp_path / "bus").iterdir()
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
                other.sendto(datagram, str(path))
            bus.announce(ANA, TWO)
            assert TWO in await ana.wait()

    run(scenario)


def test_a_directory_with_a_long_name_serves_as_well(tmp_path: Path) -> None:
    async def scenario() -> None:
        with processes(tmp_path / ("long" * 40), 2) as [first, second]:
            watcher = Watcher(second)
            first.announce(ANA, ONE)
            assert await watcher.wait() == [ONE]

    run(scenario)


def test_a_closed_bus_leaves_no_socket(tmp_path: Path) -> None:
    async def scenario() -> None:
        with processes(tmp_path, 2):
            assert len(os.listdir(tmp_path / "bus")) == 2
        assert os.listdir(tmp_path / "bus") == []

    run(scenario)


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z0-9_.-]{1,40}", fullmatch=True),
        st.sets(st.integers(0, 2**31), max_size=30),
        max_size=50,
    )
)
@settings(max_examples=100)
def test_announcements_come_out_as_they_went_in(changed: dict[str, set[int]]) -> None:
    found: dict[str, set[int]] = {}
    for datagram in encode(changed):
        decode(datagram, found)
    assert found == changed


def test_many_announcements_are_parted_into_datagrams_that_fit() -> None:
    changed = {f"account{number}": set(range(100)) for number in range(2000)}
    datagrams = encode(changed)
    assert all(len(datagram) <= 60_000 for datagram in datagrams)
    found: dict[str, set[int]] = {}
    for datagram in datagrams:
        decode(datagram, found)
    assert found == changed
    assert encode({"ana": set(range(100_000))}) == [ANYTHING]


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_any_octets_can_be_decoded(octets: bytes) -> None:
    decode(octets, {})


def test_changes_soon_after_one_another_travel_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        monkeypatch.setattr("correo.store.bus.SPACING_S", 1000.0)
        with processes(tmp_path, 2) as (near, far):
            near_watcher, far_watcher = Watcher(near), Watcher(far)
            near.announce(ANA, ONE)
            assert await far_watcher.wait() == [ONE]  # the first one at once
            await near_watcher.wait()
            for mailbox in (ONE, TWO):
                near.announce(ANA, mailbox)
                await near_watcher.wait()  # who is in the same process never waits
            assert far_watcher.woken == []
            near.close()  # what was not told yet is told now
            assert set(await far_watcher.wait()) == {ONE, TWO}

    run(scenario)
