"""A clock that stands still until it is moved: five days of retries take milliseconds.

Who sleeps on it is woken in the order of their times, and at their times: `now()` seen by a
sleeper that wakes is the moment it asked for, however far the clock is moved at once.
"""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

__all__ = ["FakeClock", "settle"]

SETTLE_TURNS = 20  # turns of the loop given to those who were woken before time goes on


class FakeClock:
    """`base.clock.Clock` in the hands of a test.

    Args:
        start: seconds since 1970 UTC; by default 2026-01-01 00:00.
    """

    def __init__(self, start: float = 1_767_225_600.0) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> float:
        return self._start + self._elapsed

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), woken))
        await woken

    @property
    def next_waking(self) -> float | None:
        """Seconds until the next sleeper wakes, None if nobody sleeps."""
        self._forget_the_cancelled()
        return self._sleepers[0][0] - self._elapsed if self._sleepers else None

    async def advance(self, seconds: float) -> None:
        """Move the clock on, waking sleepers on the way and letting each act before the next."""
        end = self._elapsed + seconds
        await settle()
        while (waking := self.next_waking) is not None and self._elapsed + waking <= end:
            self._elapsed += waking
            self._wake_one()
            await settle()
        self._elapsed = end

    async def advance_until(
        self, condition: Callable[[], bool], *, limit: float = 10 * 86400.0
    ) -> None:
        """Jump from sleeper to sleeper until the condition holds.

        While nobody sleeps it waits for real work (storage threads) to go on; a real second
        without anything to wait for is an error, and so is passing the limit (seconds of this
        clock).
        """
        end = self._elapsed + limit
        idle = 0
        while not condition():
            await settle()
            waking = self.next_waking
            if condition():
                return
            if waking is None:
                idle += 1
                assert idle < 1000, "nobody sleeps on the clock, and the condition does not hold"
                await asyncio.sleep(0.001)
                continue
            idle = 0
            assert self._elapsed + waking <= end, "the condition did not hold in time"
            self._elapsed += waking
            self._wake_one()

    def _wake_one(self) -> None:
        _, _, woken = heapq.heappop(self._sleepers)
        if not woken.done():
            woken.set_result(None)

    def _forget_the_cancelled(self) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(SETTLE_TURNS):
        await asyncio.sleep(0)
