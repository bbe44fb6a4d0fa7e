"""Keep long work from holding up everybody else in the event loop.

Whoever goes through a large mailbox calls `await pace.breathe()` between pieces.

Cost: 0.1 microseconds while the turn lasts.
"""

import asyncio
import time

__all__ = ["TURN_S", "Pace"]

TURN_S = 0.004  # seconds of work before others get their turn


class Pace:
    """One piece of long work; lives as long as it."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until = time.monotonic() + TURN_S

    @property
    def is_over(self) -> bool:
        """Whether the turn is over."""
        return time.monotonic() > self._until

    async def breathe(self) -> None:
        """Return at once, or after the others had their turn."""
        if self.is_over:
            await asyncio.sleep(0)
            self._until = time.monotonic() + TURN_S
