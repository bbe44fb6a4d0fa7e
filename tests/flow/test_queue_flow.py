"""Whole journeys through the queue: waiting, crashes, holds, a full disk; no real time or peer."""

import asyncio
from collections.abc import Awaitable, Callable

from correo.delivery.runner import RunnerLimits
from correo.queue.schedule import DAY, HOUR, Schedule
from correo.store.directory import AddressKey, AliasEntry
from correo.store.queue import QueuedRecipient
from correo.testing.peers import Answer
from correo.testing.queue_world import QueueWorld, run

Body = Callable[[QueueWorld], Awaitable[None]]


def test_a_message_goes_to_the_mx_and_the_queue_is_empty_again() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        message = await world.send("zoe@b.test")
        await world.clock.advance(0)
        [delivery] = world.peers.host("192.0.2.1").received
        assert delivery.recipients == ("zoe@b.test",)
        assert delivery.content == message.content
        assert await world.left() == 0
        assert world.homes.came == []

    run(body)


def test_a_host_that_is_down_for_a_day_gets_the_message_when_it_is_back() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.refuses = "down"
        await world.send("zoe@b.test")
        await world.clock.advance(1 * DAY)
        assert await world.left() == 1
        assert [text for text in world.homes.texts() if "Delayed" in text]
        peer.refuses = ""
        await world.clock.advance(7 * HOUR)
        assert len(peer.received) == 1
        assert await world.left() == 0

    run(body)


def test_an_alias_in_the_queue_is_expanded_with_the_sender_kept() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        await world.accounts.set_alias(
            AddressKey("all@correo.test"),
            "correo.test",
            AliasEntry("all@correo.test", ("ana@correo.test", "zoe@b.test")),
        )
        await world.send(QueuedRecipient("all@correo.test", frozenset({"SUCCESS"})))
        await world.clock.advance(0)
        [delivery] = world.peers.host("192.0.2.1").received
        assert delivery.reverse_path == "ana@correo.test"
        message, report = world.homes.texts()
        assert message.startswith("From: ana@correo.test")
        assert "Action: expanded" in report
        assert await world.left() == 0

    run(body)


def test_a_user_who_is_gone_bounces() -> None:
    async def body(world: QueueWorld) -> None:
        await world.send("nobody@correo.test")
        await world.clock.advance(0)
        assert "Status: 5.1.1" in world.homes.texts()[0]

    run(body)


def test_a_crash_sends_again_at_most_what_was_on_its_way() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        world.host("c.test", "192.0.2.2")
        b, c = world.peers.host("192.0.2.1"), world.peers.host("192.0.2.2")
        c.gate = asyncio.Event()
        await world.send("zoe@b.test", "zoe@c.test")
        await world.clock.advance(0)
        assert len(b.received) == 1
        world.kill()
        await asyncio.sleep(0)
        c.gate = None
        world.start()
        await world.clock.advance(0)
        assert len(b.received) == 1
        assert len(c.received) == 1
        assert await world.left() == 0

    run(body)


def test_an_orderly_end_gives_back_what_is_not_finished() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.gate = asyncio.Event()
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        await world.stop()
        assert (await world.store.counts()).active == 0
        peer.gate = None
        world.start()
        await world.clock.advance(0)
        assert len(peer.received) == 1

    run(body)


def test_an_orderly_end_lets_peers_answer_for_what_they_are_being_sent() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.gate = asyncio.Event()
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        world.task.cancel()
        closing = asyncio.create_task(world.runner.close(5))
        await world.clock.advance(0)
        peer.gate.set()
        await closing
        assert len(peer.received) == 1
        assert await world.left() == 0

    run(body)


def test_a_mistake_of_ours_keeps_the_message_for_later() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.answers = [Answer(error=ZeroDivisionError()), Answer()]
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        [waiting] = await world.store.messages()
        assert waiting.recipients[0].status == "4.3.0"
        await world.clock.advance(2 * HOUR)
        assert len(peer.received) == 1
        assert await world.left() == 0

    run(body)


def test_a_held_message_waits_and_goes_when_released() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.refuses = "down"
        message = await world.send("zoe@b.test")
        await world.clock.advance(0)
        await world.store.hold([message.id], held=True)
        peer.refuses = ""
        await world.clock.advance(1 * DAY)
        assert peer.received == []
        await world.store.hold([message.id], held=False)
        world.room.wake()
        await world.clock.advance(0)
        assert len(peer.received) == 1

    run(body)


def test_a_retry_by_hand_goes_out_at_once() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.refuses = "down"
        await world.send("zoe@b.test")
        await world.clock.advance(3 * HOUR)
        peer.refuses = ""
        await world.store.retry(None, world.clock.now())
        world.room.wake()
        await world.clock.advance(0)
        assert len(peer.received) == 1

    run(body)


def test_more_than_there_is_room_for_waits_in_the_store_and_follows() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.gate = asyncio.Event()
        await asyncio.gather(*(world.send(f"u{n}@b.test") for n in range(50)))
        await world.clock.advance(0)
        assert 5 <= world.runner.active <= 50
        peer.gate.set()
        for _ in range(50):
            await world.clock.advance(0)
        assert len(peer.received) == 50
        assert await world.left() == 0
        assert world.runner.active == 0

    run(body, lambda: QueueWorld(runner_limits=RunnerLimits(messages=5, record_delay_s=0)))


def test_an_idle_runner_sleeps_without_a_timer() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        await world.send("zoe@b.test")
        await world.clock.advance(1)
        assert world.clock.next_waking is None
        assert len(asyncio.all_tasks()) == 2  # this test and the runner

    run(body)


def test_a_full_disk_is_waited_for_and_nothing_is_sent_twice() -> None:
    async def body(world: QueueWorld) -> None:
        from correo.base.errors import StorageFull

        world.host("b.test")
        record = world.store.record
        failures = 3

        async def full(steps: object) -> None:
            nonlocal failures
            if failures:
                failures -= 1
                raise StorageFull
            await record(steps)  # type: ignore[arg-type]  # whatever the runner gave

        world.store.record = full  # type: ignore[method-assign]  # the disk of this test
        await world.send("zoe@b.test")
        await world.clock.advance(60)
        assert len(world.peers.host("192.0.2.1").received) == 1
        assert await world.left() == 0

    run(body)


def test_patience_is_settable() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test").refuses = "down"
        await world.send("zoe@b.test")
        await world.clock.advance(61)
        assert "Action: failed" in world.homes.texts()[0]

    run(body, lambda: QueueWorld(schedule=Schedule(first_s=5, lifetime_s=60, delay_notice_s=0)))
