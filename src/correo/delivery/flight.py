"""Follow one message through one attempt: what is still on its way, what came of the rest.

The runner splits a message into parts (one per destination, one for all mailboxes here); each part
ends with verdicts. When the last part is back, `ended` says what its sender must hear, and `ending`
what becomes of the message.

RFC 5321    4.5.4.1  try again later, give up in the end
RFC 3463    3.5      4.4.7 delivery time expired
"""

from collections.abc import Callable, Sequence

from correo.delivery.bounce import Bounces, Due
from correo.delivery.verdict import Verdict, apply
from correo.queue.schedule import Schedule
from correo.store.queue import Fate, Progress, QueuedMessage, QueuedRecipient, RecipientState

__all__ = ["Flight"]

WORTH_KEEPING = {
    RecipientState.DELIVERED,
    RecipientState.RELAYED,
    RecipientState.PASSED_ON,
    RecipientState.EXPANDED,
}


class Flight:
    """A message while it is being delivered."""

    __slots__ = ("_unrecorded", "added", "message", "parts")

    def __init__(self, message: QueuedMessage) -> None:
        self.message = message
        self.parts = 0
        self.added: list[QueuedMessage] = []
        self._unrecorded: dict[int, QueuedRecipient] = {}

    def part_ended(self, positions: Sequence[int], verdicts: Sequence[Verdict], now: float) -> None:
        """Note what came of these recipients."""
        for position, verdict in zip(positions, verdicts, strict=True):
            recipient = self.message.recipients[position]
            apply(verdict, recipient, now)
            self._unrecorded[position] = recipient

    def progress(self) -> Progress | None:
        """What must survive a crash now, so that nobody gets the message twice; None if nothing.

        Failures wait for the end of the attempt, where their report is.
        """
        done = [
            (position, recipient)
            for position, recipient in self._unrecorded.items()
            if recipient.state in WORTH_KEEPING
        ]
        for position, _ in done:
            del self._unrecorded[position]
        return Progress(self.message.id, Fate.KEPT, done) if done else None

    def ended(self, now: float, schedule: Schedule, bounces: Bounces) -> Due:
        """Every part is back: give up what is too old, and say which news are due."""
        message = self.message
        message.attempts += 1
        if schedule.is_over(now, message.expires):
            self._expire(now)
        is_late = not message.is_delay_told and schedule.wants_delay_notice(message.arrived, now)
        message.is_delay_told = message.is_delay_told or is_late
        return bounces.due(message, with_delays=is_late)

    def ending(self, now: float, schedule: Schedule, random: Callable[[], float]) -> Progress:
        """What becomes of the message; `added` has the reports, put there by the runner."""
        message = self.message
        if not message.waiting:
            return Progress(message.id, Fate.DONE, added=self.added)
        return Progress(
            message.id,
            Fate.DEFERRED,
            list(enumerate(message.recipients)),
            due=schedule.next_attempt(message.attempts, now, message.expires, random),
            attempts=message.attempts,
            is_delay_told=message.is_delay_told,
            added=self.added,
        )

    def _expire(self, now: float) -> None:
        for position in self.message.waiting:
            recipient = self.message.recipients[position]
            recipient.state = RecipientState.FAILED
            recipient.status = "4.4.7"
            recipient.tried_at = recipient.tried_at or now
