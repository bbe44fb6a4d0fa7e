"""Where an accepted message goes at once: straight into local mailboxes.

`accept` calls it; the wiring gives it `delivery.local`. So local mail costs one commit, not two,
and the queue keeps only what cannot be delivered now.
"""

from collections.abc import Sequence
from typing import Protocol

from correo.base.errors import Refusal
from correo.mailbox.append import Prepared
from correo.store.directory import Account

__all__ = ["Handoff"]


class Handoff(Protocol):
    """Direct local delivery."""

    async def deliver(self, message: Prepared, accounts: Sequence[Account]) -> list[Refusal | None]:
        """File one message, Return-Path in front, in the INBOX of each account, in parallel.

        Returns:
            One entry per account: None if it is filed, durably; else why not.
        """

    async def check_room(self, account: Account, octets: int) -> None:
        """Raises OverQuota if a message of this size would not fit; 0 asks for any room."""
