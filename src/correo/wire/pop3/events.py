"""What the POP3 server engine asks of whoever knows accounts and maildrops.

Each waits for one of the engine's methods, named beside it; until then the pipeline is held.
"""

from dataclasses import dataclass

__all__ = [
    "CommandHeard",
    "DeletionsDue",
    "DigestGiven",
    "Event",
    "MechanismChosen",
    "MessageWanted",
    "PasswordGiven",
    "ResponseGiven",
    "TlsWanted",
]


@dataclass(slots=True)
class CommandHeard:
    """A command the session wants to be asked about (`ask_first`). Answer with obey or
    refuse_message.

    verb: capitals. line: the whole command, without CRLF.
    """

    verb: str
    line: bytes


@dataclass(slots=True)
class PasswordGiven:
    """USER and PASS. Answer with open_maildrop or refuse_login."""

    username: str
    password: str


@dataclass(slots=True)
class DigestGiven:
    """APOP. Answer with open_maildrop or refuse_login."""

    username: str
    digest: str


@dataclass(slots=True)
class MechanismChosen:
    """AUTH. response: the initial one decoded, None if there was none.

    Answer with challenge, open_maildrop or refuse_login.
    """

    mechanism: str
    response: bytes | None


@dataclass(slots=True)
class ResponseGiven:
    """The next response of an AUTH exchange, decoded. Answer as MechanismChosen."""

    octets: bytes


@dataclass(slots=True)
class TlsWanted:
    """STLS. Answer with start_tls, encrypt, then tls_started."""


@dataclass(slots=True)
class MessageWanted:
    """RETR, or TOP with so many lines. Answer with send_message, begin_message or
    refuse_message."""

    number: int
    lines: int | None


@dataclass(slots=True)
class DeletionsDue:
    """QUIT after the maildrop was open: the update phase. Answer with finish.

    numbers: ascending; may be empty.
    """

    numbers: list[int]


Event = (
    CommandHeard
    | PasswordGiven
    | DigestGiven
    | MechanismChosen
    | ResponseGiven
    | TlsWanted
    | MessageWanted
    | DeletionsDue
)
