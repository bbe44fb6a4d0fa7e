"""Remember the mailboxes a session files messages in, so that each APPEND need not ask again.

Other users' mailboxes are not remembered: what may be done there can change at any time.

Made at a session's first APPEND, COPY or MOVE. What is remembered counts until the store reports
that the list of mailboxes has changed, in this process or another.

RFC 9051    6.3.12, 6.4.7   TRYCREATE, unless it is certain that the mailbox cannot be created

Cost: spares a thread hop per APPEND; a watch on the account's bus.
"""

from correo.base.errors import NotFound
from correo.mailbox import names
from correo.servers.imap.places import Place, Places
from correo.servers.imap.refusals import NoTarget
from correo.store.api import AccountStore, Watch
from correo.store.model import MailboxId
from correo.wire.imap.commands import Command

__all__ = ["Targets"]

REMEMBERED = 20  # mailboxes; ours


class Targets:
    """Mailboxes by name, as they were found; only their identity is to be relied on."""

    __slots__ = ("_changes", "_known", "_places", "_watch")

    def __init__(self, account: AccountStore, places: Places) -> None:
        self._places = places
        self._known: dict[str, Place] = {}
        self._changes = 0
        self._watch: Watch = account.watch(self._woken)

    def close(self) -> None:
        self._watch.close()

    def known(self, name: str) -> Place | None:
        """As `find`, if nobody has to be asked."""
        return self._known.get(names.canonical(name))

    async def find(self, command: Command, name: str) -> Place:
        """The mailbox of this name. Raises NoTarget, NotFound, NotPermitted."""
        known = self.known(name)
        if known is not None:
            return known
        changes = self._changes
        try:
            found = await self._places.find(command, name)
        except NotFound:
            if await self._places.can_make(command, name):
                raise NoTarget from None
            raise
        if found.is_own and changes == self._changes:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[names.canonical(name)] = found
        return found

    def _woken(self, mailbox: MailboxId | None) -> None:
        if mailbox is None:
            self._known.clear()
            self._changes += 1
