"""Keep one timer per connection: how long the peer may be silent, and when its phase must end.

`Connection` owns one. Hearing from the peer costs one assignment; the timer itself moves only
when it fires or has to fire earlier than planned, so that a busy connection pays nothing.
"""

import asyncio
from collections.abc import Callable

__all__ = ["Patience"]


class Patience:
    """Calls `out_of_time` when the idle limit or the deadline has passed.

    Args:
        is_excused: whether the peer is not to blame now (we are at work); then the idle limit
            starts anew and the deadline waits for `heard`.
    """

    __slots__ = (
        "_deadline",
        "_idle_limit_s",
        "_is_excused",
        "_loop",
        "_out_of_time",
        "_timer",
        "last_heard",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        out_of_time: Callable[[], None],
        is_excused: Callable[[], bool],
    ) -> None:
        self._loop = loop
        self._out_of_time = out_of_time
        self._is_excused = is_excused
        self._timer: asyncio.TimerHandle | None = None
        self._idle_limit_s = 0.0
        self._deadline: float | None = None
        self.last_heard = loop.time()

    def heard(self) -> None:
        """The peer has just said something, or the turn is just now its own."""
        self.last_heard = self._loop.time()

    def set_idle_limit(self, seconds: float) -> None:
        """Allow this much silence; 0 for any."""
        self._idle_limit_s = seconds
        self._arm()

    def set_deadline(self, seconds: float | None) -> None:
        """Allow this much time from now, however busy the peer looks; None for any."""
        self._deadline = None if seconds is None else self._loop.time() + seconds
        self._arm()

    def call_later(self, seconds: float, call: Callable[[], None]) -> None:
        """From now on wait for nothing but this moment."""
        self.stop()
        self._timer = self._loop.call_later(seconds, call)

    def stop(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._idle_limit_s = 0.0
        self._deadline = None

    def _due(self) -> float | None:
        idle = self.last_heard + self._idle_limit_s if self._idle_limit_s else None
        if idle is None or self._deadline is None:
            return self._deadline if idle is None else idle
        return min(idle, self._deadline)

    def _arm(self) -> None:
        due = self._due()
        if due is None:
            return  # a timer still set finds that out when it fires
        if self._timer is not None:
            if self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._fired)

    def _fired(self) -> None:
        self._timer = None
        due = self._due()
        if due is None:
            return
        if self._loop.time() >= due:
            if not self._is_excused():
                self._out_of_time()
                return
            self.heard()
            if self._deadline is not None and self._loop.time() >= self._deadline:
                self._timer = self._loop.call_later(1.0, self._fired)
                return
        self._arm()
