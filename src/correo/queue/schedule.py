"""Decide when a message is tried again, when its sender hears of the delay, and when to give up.

Pure: the moment and the dice are handed in. `waiting_room` asks it when a message arrives,
`delivery.runner` after each attempt.

RFC 5321    4.5.4.1  retry after a while, less and less often; give up after at least 4 to 5 days
RFC 3461    5.2.5    a notice of delay may be sent, once

Departures: 4.5.4.1 wants 30 minutes between attempts; servers that greylist accept after one or
a few minutes, so the first waits are shorter (Postfix 5 min, Exim 15 min, qmail 400 s).
"""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["MINUTE", "Schedule"]

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SPREAD = 0.1  # a tenth more or less, so that messages of one failure do not come back as one wave
CLOSE_S = 1.0  # an attempt this near the end is the last one


@dataclass(frozen=True, slots=True)
class Schedule:
    """How patient we are. All times in seconds.

    first_s: wait after the first failed attempt; each further wait is `factor` times as long,
        up to longest_s.
    lifetime_s: after this long the message goes back to its sender.
    delay_notice_s: after this long the sender is told that it is late; 0 for never.
    """

    first_s: float = 1 * MINUTE
    factor: float = 2.0
    longest_s: float = 6 * HOUR
    lifetime_s: float = 5 * DAY
    delay_notice_s: float = 4 * HOUR

    def expires(self, arrived: float) -> float:
        """When a message that arrived then is given up."""
        return arrived + self.lifetime_s

    def wait(self, attempts: int) -> float:
        """Seconds to wait after this many attempts, at least one."""
        if attempts > 64:  # far beyond the longest wait, and factor ** attempts would overflow
            return self.longest_s
        return min(self.first_s * self.factor ** (attempts - 1), self.longest_s)

    def next_attempt(
        self, attempts: int, now: float, expires: float, random: Callable[[], float]
    ) -> float:
        """When to try again; the last attempt falls on the moment of expiry.

        Args:
            random: gives a number in [0, 1).
        """
        spread = 1.0 + SPREAD * (2.0 * random() - 1.0)
        return min(now + self.wait(attempts) * spread, max(expires, now))

    def is_over(self, now: float, expires: float) -> bool:
        """Whether an attempt that failed now was the last one."""
        return now >= expires - CLOSE_S

    def wants_delay_notice(self, arrived: float, now: float) -> bool:
        """Whether the message has waited long enough to say so."""
        return bool(self.delay_notice_s) and now - arrived >= self.delay_notice_s
