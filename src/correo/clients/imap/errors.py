"""What can go wrong with an IMAP server: the way to it, or its answer."""

from correo.base.errors import CorreoError
from correo.wire.imap.response_types import ResponseCode, StatusLine, Verdict

__all__ = ["ImapConnectionError", "ImapError", "ImapLoginError", "ImapReplyError"]

LATER = frozenset({"UNAVAILABLE", "INUSE", "LIMIT"})  # RFC 5530 3


class ImapError(CorreoError):
    """The root of what this client raises."""


class ImapConnectionError(ImapError):
    """No connection, or it is gone: refused, timed out, TLS failed, or not IMAP at all.

    What was under way may or may not have happened.
    """

    @property
    def is_temporary(self) -> bool:
        return True


class ImapReplyError(ImapError):
    """The server said NO or BAD; nothing of the command happened, or only a part (COPY).

    Attributes: verdict, text and code are the server's own.
    """

    def __init__(self, command: str, status: StatusLine) -> None:
        super().__init__(f"{command} was refused: {status.text or status.verdict.value}")
        self.command = command
        self.verdict: Verdict = status.verdict
        self.text = status.text
        self.code: ResponseCode | None = status.code

    @property
    def code_name(self) -> str:
        """The response code's name, "" without one: NONEXISTENT, TRYCREATE, OVERQUOTA..."""
        return self.code.name if self.code is not None else ""

    @property
    def is_temporary(self) -> bool:
        """Whether the server says that trying again may help (RFC 5530)."""
        return self.code_name in LATER


class ImapLoginError(ImapReplyError):
    """The server does not let this user in, or no mechanism may be used."""
