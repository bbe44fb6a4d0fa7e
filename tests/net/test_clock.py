"""The real clock."""

import asyncio
import time

from correo.net.clock import SystemClock


def test_the_system_clock_tells_the_time_and_waits() -> None:
    clock = SystemClock()
    assert abs(clock.now() - time.time()) < 5
    before = clock.monotonic()
    asyncio.run(clock.sleep(0.01))
    asyncio.run(clock.sleep(-1))
    assert clock.monotonic() - before >= 0.009
