"""Count what peers and accounts send, and say when it is too much.

A bucket per name: it fills with `count` tokens over `period_s`, and holds no more than `count`.
`policy` takes from it at MAIL and RCPT. Each process counts for itself.

RFC 5321    4.5.3.1.10 too many recipients: 452
RFC 3463    4.7.1 delivery not authorised for now

Cost: one dict look-up; names that have not sent for a period are forgotten.
"""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["NO_LIMIT", "Rate", "Rates"]

NAMES_LIMIT = 10_000  # buckets kept before the full ones are thrown out


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds; a count of 0 is no limit."""

    count: int
    period_s: float = 3600.0


NO_LIMIT = Rate(0)


class Rates:
    """The buckets of one rate.

    Args:
        monotonic: seconds that never go back.
    """

    def __init__(self, rate: Rate, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, as of when

    def take(self, name: str) -> bool:
        """Use one up; False if there is none left now."""
        if not self._rate.count:
            return True
        now = self._monotonic()
        tokens = self._tokens(name, now)
        if tokens < 1.0:
            return False
        if len(self._buckets) >= NAMES_LIMIT:
            self._forget_full(now)
        self._buckets[name] = (tokens - 1.0, now)
        return True

    def _tokens(self, name: str, now: float) -> float:
        most = float(self._rate.count)
        tokens, since = self._buckets.get(name, (most, now))
        return min(most, tokens + (now - since) * most / self._rate.period_s)

    def _forget_full(self, now: float) -> None:
        most = float(self._rate.count)
        self._buckets = {
            name: bucket for name, bucket in self._buckets.items() if self._tokens(name, now) < most
        }
