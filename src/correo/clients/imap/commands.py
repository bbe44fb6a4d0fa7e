"""What all groups of client commands share: the connection, and what the server can."""

from correo.clients.imap.connection import ImapConnection
from correo.clients.imap.model import SelectedMailbox
from correo.clients.imap.picture import Picture
from correo.clients.imap.text import mailbox_argument

__all__ = ["Commands"]


class Commands:
    """A logged-in (or not yet logged-in) connection."""

    def __init__(self, connection: ImapConnection) -> None:
        self.connection = connection
        self._picture = Picture()
        connection.note = self._picture.note

    @property
    def capabilities(self) -> frozenset[str]:
        """In capitals, as last told."""
        return self.connection.engine.capabilities

    def can(self, *capabilities: str) -> bool:
        """Whether the server has one of these."""
        return not self.capabilities.isdisjoint(capabilities)

    @property
    def mailbox(self) -> SelectedMailbox | None:
        """The mailbox that is open."""
        return self._picture.mailbox

    def _name(self, mailbox: str) -> bytes:
        return mailbox_argument(mailbox, utf8=self.connection.engine.is_utf8)
