"""What time it is, handed in everywhere, so that five days of retries take milliseconds in a test.

`net.clock.SystemClock` is the real one; `testing.clock.FakeClock` jumps.
"""

from typing import Protocol

__all__ = ["Clock"]


class Clock(Protocol):
    """A source of time and of waiting."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start, never going back; for time-outs."""

    async def sleep(self, seconds: float) -> None:
        """Return after this many seconds of this clock; zero or less yields once."""
