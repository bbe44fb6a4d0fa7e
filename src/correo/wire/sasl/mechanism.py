"""Say what every SASL mechanism offers, in both roles, whatever protocol carries it.

A mechanism sees decoded octets only: base64, continuation lines and cancelling ("*") belong to
the protocol that carries it. It never waits, draws a nonce or looks up a password: it says what
it needs (`CheckPassword`, `KeysWanted`), and the session provides it.

RFC 4422    the framework; 5.1 an empty initial response differs from none
RFC 4616, 5802, 7677, 7628 the mechanisms, one file each

Server side, one exchange:

    outcome = mechanism.step(initial_response)       None if the client sent none
    Challenge(octets)        send them, hand the answer to step()
    CheckPassword(...)       ask the authenticator, hand the answer to password_result()
    KeysWanted(username)     look the keys up, hand them to provide_keys()
    Success(...)             the client is who it says; `final` still has to reach it
    Failure(reason)          the reason is for our log, the client learns only that it failed
"""

from dataclasses import dataclass
from typing import Protocol

from correo.base.errors import PeerError

__all__ = [
    "Challenge",
    "ChannelBinding",
    "CheckPassword",
    "ClientMechanism",
    "Failure",
    "KeysWanted",
    "MechanismError",
    "Outcome",
    "ScramKeys",
    "ServerMechanism",
    "Success",
]

ChannelBinding = tuple[str, bytes]
"""Type and data, ("tls-server-end-point", hash of the certificate) (RFC 5929 4)."""


class MechanismError(PeerError):
    """The server's side of the exchange is wrong: a bad challenge, or it could not prove itself."""


@dataclass(frozen=True, slots=True)
class Challenge:
    octets: bytes


@dataclass(frozen=True, slots=True)
class CheckPassword:
    """authzid is "" where the client wants to be just who it is."""

    authzid: str
    authcid: str
    password: str


@dataclass(frozen=True, slots=True)
class KeysWanted:
    """The user's SCRAM keys for the mechanism's hash are needed; the name is SASLprepped."""

    username: str
    hash_name: str


@dataclass(frozen=True, slots=True)
class Success:
    """`final` is additional data with success (RFC 4422 3.6); b"" if there is none."""

    authcid: str
    authzid: str
    final: bytes = b""


@dataclass(frozen=True, slots=True)
class Failure:
    reason: str


Outcome = Challenge | CheckPassword | KeysWanted | Success | Failure


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """What a server keeps instead of a password (RFC 5802 3): useless to log in with."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes


class ServerMechanism(Protocol):
    """One exchange, used once."""

    name: str

    def step(self, response: bytes | None) -> Outcome:
        """Take the client's response; None for "no initial response"."""

    def password_result(self, *, ok: bool) -> Outcome:
        """Answer CheckPassword."""

    def provide_keys(self, keys: ScramKeys | None, nonce: str) -> Outcome:
        """Answer KeysWanted. The nonce is ours: printable, without comma, fresh and random."""


class ClientMechanism(Protocol):
    """One exchange, used once."""

    name: str

    def start(self) -> bytes | None:
        """The initial response; None where the server speaks first."""

    def step(self, challenge: bytes) -> bytes:
        """Answer a challenge. Raises MechanismError; then cancel the exchange."""

    @property
    def is_complete(self) -> bool:
        """Whether a success now may be believed (SCRAM: the server has proved itself)."""
