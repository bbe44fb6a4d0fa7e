"""The fake clock wakes sleepers in order, each at its own time."""

import asyncio

import pytest

from correo.testing.clock import FakeClock


def test_sleepers_wake_in_order_each_seeing_its_own_time() -> None:
    async def flow() -> None:
        clock = FakeClock(start=1000.0)
        woken: list[tuple[str, float]] = []

        async def sleeper(name: str, *naps: float) -> None:
            for nap in naps:
                await clock.sleep(nap)
                woken.append((name, clock.now()))

        tasks = [asyncio.create_task(sleeper("a", 5, 5)), asyncio.create_task(sleeper("b", 7))]
        await clock.advance(20)
        await asyncio.gather(*tasks)
        assert woken == [("a", 1005.0), ("b", 1007.0), ("a", 1010.0)]
        assert clock.now() == 1020.0
        assert clock.next_waking is None

    asyncio.run(flow())


def test_nobody_wakes_before_the_time() -> None:
    async def flow() -> None:
        clock = FakeClock()
        task = asyncio.create_task(clock.sleep(10))
        await clock.advance(9.9)
        assert not task.done()
        assert clock.next_waking == pytest.approx(0.1)
        await clock.advance(0.1)
        await task

    asyncio.run(flow())


def test_a_cancelled_sleeper_is_forgotten() -> None:
    async def flow() -> None:
        clock = FakeClock()
        task = asyncio.create_task(clock.sleep(10))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert clock.next_waking is None

    asyncio.run(flow())


def test_advance_until_jumps_five_days_of_retries() -> None:
    async def flow() -> None:
        clock = FakeClock()
        tries: list[float] = []

        async def retry() -> None:
            while clock.monotonic() < 5 * 86400:
                tries.append(clock.monotonic())
                await clock.sleep(6 * 3600)

        task = asyncio.create_task(retry())
        await clock.advance_until(task.done)
        assert len(tries) == 20

    asyncio.run(flow())


def test_advance_until_gives_up_when_nothing_can_happen() -> None:
    async def flow() -> None:
        with pytest.raises(AssertionError, match="nobody sleeps"):
            await FakeClock().advance_until(lambda: False)

    asyncio.run(flow())
