"""Move the time of a test on: five days of retries take milliseconds."""

from datetime import UTC, datetime, timedelta

from correo.testing.household import Household
from correo.testing.server import MailServer

__all__ = ["VirtualTime"]


class VirtualTime:
    """The clock of a test: queue, retries, greylisting and expiry go by it."""

    def __init__(self, server: MailServer, household: Household) -> None:
        self._server = server
        self._household = household

    @property
    def now(self) -> datetime:
        """In UTC."""
        return datetime.fromtimestamp(self._household.clock.now(), UTC)

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Let time pass, and all that is due on the way happen at its time; returns when it has.

        Raises ValueError: time is real in this test, or would go back.
        """
        span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if span < timedelta(0):
            raise ValueError("time goes forward only")
        self._server.call(self._household.advance(span.total_seconds()))
