"""Join what all connections of an SMTP listener share, and make a session for each."""

from correo.accounts.authenticator import Authenticator
from correo.intake.api import Intake
from correo.net.driver import Connection
from correo.servers.smtp.session import SmtpSession
from correo.servers.smtp.settings import SmtpSettings
from correo.servers.smtp.urls import UrlSource
from correo.wire.smtp.replies import write_reply

__all__ = ["SmtpServer"]


class SmtpServer:
    """One per listener and process: SMTP (25), submission (587, 465) or LMTP, by its role.

    Args:
        urls: finds what IMAP URLs name, for submission (BURL).
    """

    def __init__(
        self,
        intake: Intake,
        authenticator: Authenticator,
        settings: SmtpSettings,
        urls: UrlSource | None = None,
    ) -> None:
        self.intake = intake
        self.authenticator = authenticator
        self.settings = settings
        self.urls = urls
        self.options = settings.engine_options(has_urls=urls is not None)

    def make_session(self, connection: Connection) -> SmtpSession:
        return SmtpSession(
            connection, self.intake, self.authenticator, self.settings, self.options, self.urls
        )

    def turned_away(self, text: str) -> bytes:
        """The greeting for a connection over a limit (RFC 5321 3.8)."""
        return write_reply(421, "4.7.0", f"{self.settings.hostname} {text}")
