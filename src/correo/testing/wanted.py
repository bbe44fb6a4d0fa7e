"""Say what a message has to be like that a test waits for."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from correo.testing.received import ReceivedMessage

__all__ = ["Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a message has to be like; None and "" for anything."""

    to: str = ""
    sender: str = ""
    subject: str | re.Pattern[str] = ""
    text: str | re.Pattern[str] = ""
    where: Callable[[ReceivedMessage], bool] | None = None
    has_account: bool = False

    def fits(self, message: ReceivedMessage) -> bool:
        return (
            (not self.to or self.is_for(message))
            and (not self.sender or self.sender.casefold() == message.sender.casefold())
            and is_in(self.subject, message.subject)
            and (not self.text or is_in(self.text, message.text))
            and (self.where is None or self.where(message))
        )

    def is_for(self, message: ReceivedMessage) -> bool:
        """An account's own copy; for an address without account, whichever copy there is."""
        to = self.to.casefold()
        if self.has_account:
            return to == message.account.casefold()
        return to in (each.casefold() for each in message.recipients)

    def __str__(self) -> str:
        given = {"to": self.to, "sender": self.sender, "subject": self.subject, "text": self.text}
        words = [f"{name}={shown(value)}" for name, value in given.items() if value]
        if self.where is not None:
            words.append("where=...")
        return ", ".join(words) or "any message"


def is_in(wanted: str | re.Pattern[str], text: str) -> bool:
    if isinstance(wanted, re.Pattern):
        return wanted.search(text) is not None
    return wanted.casefold() in text.casefold()


def shown(wanted: str | re.Pattern[str]) -> str:
    return repr(wanted if isinstance(wanted, str) else wanted.pattern)
