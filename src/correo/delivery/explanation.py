"""Say in plain words what became of a message: the part of a report that people read.

`bounce` puts it in front of the part for machines.
"""

from collections.abc import Sequence
from enum import Enum

from correo.message.dates import format_date
from correo.store.queue import QueuedMessage, QueuedRecipient, RecipientState

__all__ = ["Explanation", "explain"]

SHOWN = 100  # recipients written out; the machine part has all of them


class Explanation(Enum):
    """The kinds of news."""

    FAILED = "failed"
    DELAYED = "delayed"
    SUCCEEDED = "succeeded"

    @property
    def subject(self) -> str:
        """The report's subject."""
        return SUBJECTS[self]


SUBJECTS = {
    Explanation.FAILED: "Undeliverable: your message could not be delivered",
    Explanation.DELAYED: "Delayed: your message is still waiting",
    Explanation.SUCCEEDED: "Delivered: your message has arrived",
}
BEGINNINGS = {
    Explanation.FAILED: "Your message could not be delivered to these recipients:",
    Explanation.DELAYED: (
        "Your message has not been delivered yet to these recipients. You need not send it again; "
        "it will be tried until {until}."
    ),
    Explanation.SUCCEEDED: "As you have asked, here is what became of your message:",
}
OUTCOMES = {
    RecipientState.DELIVERED: "delivered to the mailbox",
    RecipientState.RELAYED: "handed to {host}, which will not report any further",
    RecipientState.EXPANDED: "handed to the members of this list of addresses",
}


def explain(
    what: Explanation,
    recipients: Sequence[QueuedRecipient],
    message: QueuedMessage,
    hostname: str,
) -> str:
    """The text, lines ending in LF."""
    until = format_date(int(message.expires)).decode()
    lines = [f"This is the mail system at {hostname}.", "", BEGINNINGS[what].format(until=until)]
    for recipient in recipients[:SHOWN]:
        lines += ["", f"    <{recipient.address}>", *reasons(recipient)]
    if len(recipients) > SHOWN:
        lines += ["", f"    and {len(recipients) - SHOWN} more"]
    lines += ["", f"The message arrived here on {format_date(int(message.arrived)).decode()}."]
    return "\n".join(lines) + "\n"


def reasons(recipient: QueuedRecipient) -> list[str]:
    """Why, in the words of whoever said it."""
    outcome = OUTCOMES.get(recipient.state)
    if outcome is not None:
        return [f"        {outcome.format(host=recipient.host or 'another server')}"]
    lines = []
    if recipient.status == "4.4.7":
        lines.append("        it could not be delivered in the time there is; the last answer:")
    if recipient.host:
        lines.append(f"        {recipient.host} said: {recipient.diagnostic}")
    else:
        lines.append(f"        {recipient.diagnostic} ({recipient.status})")
    return lines
