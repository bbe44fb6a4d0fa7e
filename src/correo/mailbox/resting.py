"""Keep mailboxes that nobody shows any more for a while: whoever opens one again is quicker.

What is kept is brought up to date by `changes_since`, which is exact after any time; so nobody has
to watch over it. What is kept is bounded, and what is older than MINUTES goes with the next look.

Cost: 30 to 150 octets for each message kept, and for each value worked out of it.
"""

import time

from correo.mailbox.live import LiveMailbox
from correo.store.api import AccountStore
from correo.store.model import AccountId, MailboxId

__all__ = ["Resting"]

VALUES = 150_000  # messages kept, and values worked out of them; ours, at most 15 MB or so
KEPT_S = 600.0  # after that it is likely that nobody comes back


class Resting:
    """The mailboxes of a process that were shown last."""

    def __init__(self) -> None:
        self._kept: dict[tuple[AccountId, MailboxId], tuple[float, LiveMailbox]] = {}

    def put(self, live: LiveMailbox) -> None:
        """Keep it, if it is not gone, and let go of what is too much or too old."""
        key = live.account.account_id, live.mailbox.id
        self._kept.pop(key, None)
        if live.is_gone or live.views:
            return
        now = time.monotonic()
        self._kept[key] = now, live
        total = sum(weight(each) for _, each in self._kept.values())
        for old, (since, each) in list(self._kept.items()):
            if total <= VALUES and now - since < KEPT_S:
                return
            total -= weight(each)
            del self._kept[old]

    async def woken(self, account: AccountStore, mailbox: MailboxId) -> LiveMailbox | None:
        """The mailbox as it is now, if it was kept; nobody else has it then.

        Raises DamagedStore.
        """
        since, live = self._kept.pop((account.account_id, mailbox), (0.0, None))
        if live is None or time.monotonic() - since > KEPT_S:
            return None
        live.account = account
        await live.refresh()
        return None if live.is_gone else live


def weight(live: LiveMailbox) -> int:
    return len(live.uids) + sum(len(values) for values in live.derived.values())
