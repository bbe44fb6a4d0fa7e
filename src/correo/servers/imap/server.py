"""Make a session for each IMAP connection; one server for all IMAP listeners of a process.

The listener makes a `net.driver.Connection` for each socket and gives it `make_session`.
"""

from correo.accounts.authenticator import Authenticator
from correo.accounts.directory import Directory
from correo.base.clock import Clock
from correo.mailbox.sharing import Sharing
from correo.net.driver import Connection
from correo.servers.imap.dispatch import HANDLERS
from correo.servers.imap.services import Services
from correo.servers.imap.session import ImapSession
from correo.servers.imap.settings import ImapSettings
from correo.servers.imap.url_access import UrlAccess
from correo.store.api import Store

__all__ = ["ImapServer"]


class ImapServer:
    """The IMAP service of a process.

    Attributes:
        urls: opens authorized URLs; submission asks it too (BURL).
    """

    def __init__(
        self,
        store: Store,
        authenticator: Authenticator,
        directory: Directory,
        clock: Clock,
        settings: ImapSettings | None = None,
    ) -> None:
        settings, sharing = settings or ImapSettings(), Sharing(store, directory)
        self.urls = UrlAccess(store, authenticator, clock)
        self._services = Services(
            store, authenticator, clock, settings, HANDLERS, sharing, self.urls
        )

    def make_session(self, connection: Connection) -> ImapSession:
        return ImapSession(connection, self._services)

    def turned_away(self, text: str) -> bytes:
        """The greeting for a connection over a limit (RFC 9051 7.1.5, RFC 5530)."""
        return f"* BYE [UNAVAILABLE] {text}\r\n".encode()

    async def close(self) -> None:
        """Stop what runs in the background; the connections are gone by now."""
        await self._services.indexing.close()
