"""Join what all POP3 connections of a process share, and make a session for each."""

from correo.accounts.authenticator import Authenticator
from correo.base.clock import Clock
from correo.net.driver import Connection
from correo.servers.pop3.session import Pop3Session
from correo.servers.pop3.settings import Pop3Settings
from correo.store.api import Store
from correo.store.maildrop_lock import MaildropLocks

__all__ = ["Pop3Server"]


class Pop3Server:
    """One per process, for port 110 and 995 alike."""

    def __init__(
        self,
        store: Store,
        authenticator: Authenticator,
        locks: MaildropLocks,
        settings: Pop3Settings,
        clock: Clock,
    ) -> None:
        self.store = store
        self.authenticator = authenticator
        self.locks = locks
        self.settings = settings
        self.clock = clock

    def make_session(self, connection: Connection) -> Pop3Session:
        return Pop3Session(
            connection, self.store, self.authenticator, self.locks, self.settings, self.clock
        )

    def turned_away(self, text: str) -> bytes:
        """The greeting for a connection over a limit."""
        return f"-ERR [SYS/TEMP] {text}\r\n".encode()
