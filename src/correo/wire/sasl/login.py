"""LOGIN: name and password asked one by one; obsolete, and still what many agents speak.

draft-murchison-sasl-login-00. The prompts are those all servers send; clients must not
read them, and ours does not.
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
from correo.wire.sasl.plain import prepared_identity

__all__ = ["LoginClient", "LoginServer"]


class LoginServer:
    name = "LOGIN"

    def __init__(self) -> None:
        self._username: str | None = None

    def step(self, response: bytes | None) -> Outcome:
        if response is None:
            return Challenge(b"Username:")
        try:
            text = prepared_identity(response)
        except ValueError as error:
            return Failure(str(error))
        if not text:
            return Failure("an empty name or password")
        if self._username is None:
            self._username = text
            return Challenge(b"Password:")
        return CheckPassword("", self._username, text)

    def password_result(self, *, ok: bool) -> Outcome:
        assert self._username is not None
        return Success(self._username, "") if ok else Failure("wrong password")

    def provide_keys(self, keys: ScramKeys | None, nonce: str) -> Outcome:
        return Failure("LOGIN has no keys")


class LoginClient:
    name = "LOGIN"
    is_complete = True

    def __init__(self, username: str, password: str) -> None:
        self._answers = [username.encode(), password.encode()]

    def start(self) -> bytes | None:
        return None

    def step(self, challenge: bytes) -> bytes:
        if not self._answers:
            raise MechanismError("LOGIN has no third step")
        return self._answers.pop(0)
