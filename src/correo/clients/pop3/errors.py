"""What can go wrong with a POP3 server: the way to it, or its answer."""

from correo.base.errors import CorreoError
from correo.wire.pop3 import Reply

__all__ = ["Pop3ConnectionError", "Pop3Error", "Pop3LoginError", "Pop3ReplyError"]


class Pop3Error(CorreoError):
    """The root of what this client raises."""


class Pop3ConnectionError(Pop3Error):
    """No connection, or it is gone: refused, timed out, TLS failed, or not POP3 at all.

    Nothing was deleted, unless QUIT was under way.
    """

    @property
    def is_temporary(self) -> bool:
        return True


class Pop3ReplyError(Pop3Error):
    """The server said -ERR.

    Attributes: command is what it answered; text and code are its own.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.command} was refused: {reply.text or reply.code or 'no reason'}")
        self.command = reply.command
        self.code = reply.code
        self.text = reply.text

    @property
    def is_temporary(self) -> bool:
        """Whether the server says that trying again may help (RFC 2449 8.1, RFC 3206)."""
        return self.code in ("IN-USE", "LOGIN-DELAY") or self.code.startswith("SYS/TEMP")


class Pop3LoginError(Pop3ReplyError):
    """The server does not let this user in, or no way to log in may be used."""
