"""Messages come in durably, in few commits, and fresh ones go straight to the runner."""

import asyncio
import os
from collections.abc import Sequence

import pytest

from correo.base.errors import StorageFull, UsageError
from correo.queue.batches import Batches
from correo.queue.lease import is_alive, own_lease
from correo.queue.waiting_room import WaitingRoom
from correo.store.memory.queue import MemoryQueue
from correo.store.queue import QueuedMessage
from correo.testing.contracts.queue_store import NOW, queued


class Runner:
    def __init__(self, *, room: bool = True) -> None:
        self.room = room
        self.taken: list[QueuedMessage] = []
        self.woken = 0

    def has_room(self, octets: int) -> bool:
        return self.room

    def take(self, message: QueuedMessage) -> None:
        self.taken.append(message)

    def wake(self) -> None:
        self.woken += 1


class CountingQueue(MemoryQueue):
    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.error: Exception | None = None

    async def add(self, messages: Sequence[QueuedMessage]) -> None:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        self.batches.append(len(messages))
        await super().add(messages)


def test_a_fresh_message_goes_to_the_runner_under_our_lease_after_the_commit() -> None:
    async def run() -> None:
        store, runner = CountingQueue(), Runner()
        room = WaitingRoom(store, lease="me")
        room.inlet = runner
        message = queued("m")
        await room.enqueue(message)
        assert runner.taken == [message]
        assert await store.claim(NOW, "you", 1) == []
        assert runner.woken == 0

    asyncio.run(run())


@pytest.mark.parametrize("has_runner", [True, False])
def test_without_room_a_message_is_left_unclaimed_and_everybody_is_told(has_runner: bool) -> None:
    async def run() -> None:
        announced: list[None] = []
        store, runner = CountingQueue(), Runner(room=False)
        room = WaitingRoom(store, announce=lambda: announced.append(None), lease="me")
        room.inlet = runner if has_runner else None
        await room.enqueue(queued("m"))
        assert runner.taken == []
        assert runner.woken == int(has_runner)
        assert len(announced) == 1
        assert [m.id for m in await store.claim(NOW, "you", 1)] == ["m"]

    asyncio.run(run())


def test_messages_that_come_together_share_commits() -> None:
    async def run() -> None:
        store = CountingQueue()
        room = WaitingRoom(store)
        await asyncio.gather(*(room.enqueue(queued(str(n))) for n in range(100)))
        assert sum(store.batches) == 100
        assert len(store.batches) <= 2

    asyncio.run(run())


def test_a_full_disk_is_told_to_all_who_wait_and_to_nobody_later() -> None:
    async def run() -> None:
        store = CountingQueue()
        room = WaitingRoom(store)
        store.error = StorageFull()
        failed = await asyncio.gather(
            *(room.enqueue(queued(str(n))) for n in range(3)), return_exceptions=True
        )
        assert [type(each) for each in failed] == [StorageFull] * 3
        store.error = None
        await room.enqueue(queued("m"))
        assert store.batches == [1]

    asyncio.run(run())


def test_a_writer_that_breaks_leaves_nobody_waiting() -> None:
    async def run() -> None:
        async def broken(batch: Sequence[int]) -> None:
            await asyncio.sleep(0)
            raise ZeroDivisionError

        batches: Batches[int] = Batches(broken, limit=1)
        first, second = batches.put(1), batches.put(2)
        task = batches._task
        assert task is not None
        with pytest.raises(ZeroDivisionError):
            await task
        assert first.cancelled()
        with pytest.raises(UsageError):
            await second

    asyncio.run(run())


def test_a_lease_lives_as_long_as_its_process() -> None:
    assert is_alive(own_lease())
    assert not is_alive(f"{os.getpid()}:1")
    assert not is_alive("4194304999:1")
    assert not is_alive("")
    assert not is_alive("x:y")
