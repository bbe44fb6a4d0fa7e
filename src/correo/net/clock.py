"""Tell the real time and wait in it; the only clock of a running server."""

import asyncio
import time

__all__ = ["SystemClock"]


class SystemClock:
    """`base.clock.Clock` over the operating system's clocks and the running event loop."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
