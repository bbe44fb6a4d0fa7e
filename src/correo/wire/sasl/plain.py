"""PLAIN: the password in one message; only for encrypted connections.

RFC 4616    2 message = [authzid] NUL authcid NUL passwd
"""

from correo.wire.sasl.mechanism import (
    Challenge,
    CheckPassword,
    Failure,
    MechanismError,
    Outcome,
    ScramKeys,
    Success,
)
from correo.wire.sasl.saslprep import saslprep

__all__ = ["PlainClient", "PlainServer", "prepared_identity"]


def prepared_identity(octets: bytes) -> str:
    """A name or password as prepared text. Raises ValueError."""
    return saslprep(octets.decode("utf-8"))


class PlainServer:
    name = "PLAIN"

    def __init__(self) -> None:
        self._asked: CheckPassword | None = None

    def step(self, response: bytes | None) -> Outcome:
        if response is None:
            return Challenge(b"")
        parts = response.split(b"\0")
        if len(parts) != 3 or not parts[1] or not parts[2]:
            return Failure("not an authzid, authcid and password")
        try:
            authzid, authcid, password = (prepared_identity(part) for part in parts)
        except ValueError as error:
            return Failure(str(error))
        if not authcid or not password:  # nothing but characters that are mapped to nothing
            return Failure("an empty name or password")
        self._asked = CheckPassword(authzid, authcid, password)
        return self._asked

    def password_result(self, *, ok: bool) -> Outcome:
        assert self._asked is not None
        if not ok:
            return Failure("wrong password")
        return Success(self._asked.authcid, self._asked.authzid)

    def provide_keys(self, keys: ScramKeys | None, nonce: str) -> Outcome:
        return Failure("PLAIN has no keys")


class PlainClient:
    name = "PLAIN"
    is_complete = True

    def __init__(self, username: str, password: str, authzid: str = "") -> None:
        self._message = "\0".join((authzid, username, password)).encode()

    def start(self) -> bytes | None:
        return self._message

    def step(self, challenge: bytes) -> bytes:
        raise MechanismError("PLAIN has no further step")
