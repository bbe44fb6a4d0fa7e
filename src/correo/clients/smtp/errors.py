"""Say what went wrong between us and a server: the connection, or its answer."""

from correo.base.errors import CorreoError
from correo.wire.smtp.replies import Reply

__all__ = ["SmtpConnectionError", "SmtpError", "SmtpReplyError"]


class SmtpError(CorreoError):
    """The root of what this client raises about a server."""


class SmtpConnectionError(SmtpError):
    """No connection, a broken one, silence, or no SMTP at the other end. Trying later may help.

    stage: what we were waiting for ("connecting", "TLS", "GREETING", "EHLO", "MAIL"...).
    is_tls_failure: changing to TLS failed; `__cause__` has the details.
    """

    def __init__(self, stage: str, reason: str, *, is_tls_failure: bool = False) -> None:
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.reason = reason
        self.is_tls_failure = is_tls_failure

    @property
    def is_temporary(self) -> bool:
        return True


class SmtpReplyError(SmtpError):
    """The server said no to a command that everything after depends on.

    command: GREETING, EHLO, STARTTLS, AUTH... reply: its exact words.
    """

    def __init__(self, command: str, reply: Reply) -> None:
        super().__init__(f"{command}: {reply}")
        self.command = command
        self.reply = reply

    @property
    def is_temporary(self) -> bool:
        return self.reply.is_temporary
