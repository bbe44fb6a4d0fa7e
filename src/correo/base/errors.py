"""Say who must act when something fails: the peer, the asker, or the author of this code.

Every error a room raises on purpose is one of these. They become protocol replies once per
protocol, in `servers/`; nothing below catches `Exception`.

RFC 3463    enhanced status codes: class.subject.detail
"""

__all__ = [
    "AlreadyExists",
    "AuthenticationFailed",
    "CorreoError",
    "DamagedStore",
    "NotFound",
    "OverQuota",
    "PeerError",
    "Refusal",
    "StorageFull",
    "TooManyAnnotations",
    "TooManyIdentifiers",
    "UsageError",
]


class CorreoError(Exception):
    """The root of everything correo raises on purpose."""

    @property
    def is_temporary(self) -> bool:
        """Whether trying the same again later may help."""
        return False


class PeerError(CorreoError):
    """The other side broke the protocol beyond repair; the connection ends.

    Engines raise this and nothing else. The text is for the log and the farewell line.
    """


class UsageError(CorreoError):
    """Our own code, or the caller of our API, is wrong; never caused by a peer's octets."""


class Refusal(CorreoError):
    """A well-formed request, and the answer is no.

    Args:
        status: enhanced status code, "5.1.1"; its first digit alone decides whether a
            retry makes sense ("4": later, "5": never).
        text: one sentence for a person, without CR or LF.
        reply: SMTP reply code where it is not derivable from the status (e.g. 452, 550).
    """

    def __init__(self, status: str, text: str, *, reply: int | None = None) -> None:
        super().__init__(f"{status} {text}")
        self.status = status
        self.text = text
        self.reply = reply

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed later (RFC 3463 2)."""
        return self.status.startswith("4")

    @property
    def told(self) -> str:
        """The text as strangers may read it; that of trouble of our own names files of ours."""
        return self.text


class NotFound(Refusal):
    """What was named does not exist (any more)."""

    def __init__(self, text: str, *, status: str = "5.1.1") -> None:
        super().__init__(status, text)


class AlreadyExists(Refusal):
    """The name is taken."""

    def __init__(self, text: str) -> None:
        super().__init__("5.3.5", text)


class OverQuota(Refusal):
    """The account's limit would be passed; nothing was stored."""

    def __init__(self, text: str) -> None:
        super().__init__("4.2.2", text, reply=452)


class TooManyAnnotations(Refusal):
    """A mailbox can have no more; none of the new ones was noted."""

    def __init__(self) -> None:
        super().__init__("5.2.2", "there are too many annotations: remove some first")


class TooManyIdentifiers(Refusal):
    """An access control list can name no more; it is as it was."""

    def __init__(self) -> None:
        super().__init__("5.2.2", "too many are named in the list already: remove some first")


class StorageFull(Refusal):
    """The disk is full; nothing was stored, the sender keeps the message."""

    def __init__(self, text: str = "not enough storage, try again later") -> None:
        super().__init__("4.3.1", text, reply=452)

    @property
    def told(self) -> str:
        return "not enough storage, try again later"


class DamagedStore(Refusal):
    """A file of the store cannot be read; the text names it and the way out."""

    def __init__(self, text: str) -> None:
        super().__init__("4.3.0", text, reply=451)

    @property
    def told(self) -> str:
        return "what is stored here cannot be read, try again later"


class AuthenticationFailed(Refusal):
    """The credentials are wrong (RFC 4954 6: 535 5.7.8)."""

    def __init__(self, text: str = "authentication credentials invalid") -> None:
        super().__init__("5.7.8", text, reply=535)
