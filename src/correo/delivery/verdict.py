"""Say what an attempt came to for one recipient.

`local` and `remote` give verdicts, `flight` applies them, `bounce` tells the sender.

RFC 3463    2        the class of a status code decides: 2 done, 4 later, 5 never
RFC 3464    2.3      what a report wants to know of each recipient
"""

from dataclasses import dataclass

from correo.base.errors import Refusal
from correo.store.queue import QueuedRecipient, RecipientState

__all__ = ["DeliveryFailure", "Verdict", "apply"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome for one recipient.

    state: WAITING means a failure that may pass.
    status: enhanced status code. diagnostic: the peer's exact words, or our own reason.
    host: who said it, "" if it was we.
    """

    state: RecipientState
    status: str
    diagnostic: str
    host: str = ""


class DeliveryFailure(Refusal):
    """A whole destination cannot be served; the status says whether for now or for ever."""

    def __init__(self, status: str, text: str, *, host: str = "") -> None:
        super().__init__(status, text)
        self.host = host

    def verdict(self) -> Verdict:
        """The same for each recipient."""
        state = RecipientState.WAITING if self.is_temporary else RecipientState.FAILED
        return Verdict(state, self.status, self.text, self.host)


def apply(verdict: Verdict, recipient: QueuedRecipient, now: float) -> None:
    """Write a verdict down in the recipient."""
    recipient.state = verdict.state
    recipient.status = verdict.status
    recipient.diagnostic = verdict.diagnostic
    recipient.host = verdict.host
    recipient.tried_at = now
