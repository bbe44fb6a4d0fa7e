"""Remember the mailboxes a session files messages in, so that each APPEND need not ask again.

Made at a session's first APPEND, COPY or MOVE. What is remembered counts until the store reports
that the list of mailboxes has changed, in this process or another.

RFC 9051    6.3.12, 6.4.7   TRYCREATE

Cost: spares a thread hop per APPEND; a watch on the account's bus.
"""

from correo.base.errors import NotFound
from correo.mailbox import names
from correo.servers.imap.refusals import NoTarget
from correo.store.api import AccountStore, Watch
from correo.store.model import Mailbox, MailboxId

__all__ = ["Targets"]

REMEMBERED = 20  # mailboxes; ours


class Targets:
    """Mailboxes by name, as they were found; only their identity is to be relied on."""

    __slots__ = ("_account", "_changes", "_known", "_watch")

    def __init__(self, account: AccountStore) -> None:
        self._account = account
        self._known: dict[str, Mailbox] = {}
        self._changes = 0
        self._watch: Watch = account.watch(self._woken)

    def close(self) -> None:
        self._watch.close()

    def known(self, name: str) -> Mailbox | None:
        """As `find`, if nobody has to be asked."""
        return self._known.get(names.canonical(name))

    async def find(self, name: str) -> Mailbox:
        """The mailbox of this name. Raises NoTarget."""
        known = self.known(name)
        if known is not None:
            return known
        name = names.canonical(name)
        changes = self._changes
        try:
            found = await self._account.mailbox(name)
        except NotFound:
            raise NoTarget from None
        if changes == self._changes:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[name] = found
        return found

    def _woken(self, mailbox: MailboxId | None) -> None:
        if mailbox is None:
            self._known.clear()
            self._changes += 1
