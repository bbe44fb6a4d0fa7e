"""OAUTHBEARER and XOAUTH2, client side only: a token instead of a password.

RFC 7628    3.1 the client's message, 3.2.3 on failure the server sends its reason as a challenge
            and the client answers with one 0x01
XOAUTH2 is its forerunner, still the only one at some large providers.
"""

from correo.wire.sasl.mechanism import MechanismError

__all__ = ["OAuthBearerClient", "XOAuth2Client"]


class TokenClient:
    """One message; to the server's reason for refusing it, the words that end the exchange."""

    is_complete = True

    def __init__(self, message: str, farewell: bytes) -> None:
        self._message = message.encode()
        self._farewell = farewell
        self.server_says = b""

    def start(self) -> bytes | None:
        return self._message

    def step(self, challenge: bytes) -> bytes:
        if self.server_says:
            raise MechanismError("the server keeps challenging after its refusal")
        self.server_says = challenge or b"refused"
        return self._farewell


class OAuthBearerClient(TokenClient):
    name = "OAUTHBEARER"

    def __init__(self, username: str, token: str, *, host: str = "", port: int = 0) -> None:
        name = username.replace("=", "=3D").replace(",", "=2C")
        where = (f"host={host}\1" if host else "") + (f"port={port}\1" if port else "")
        super().__init__(f"n,a={name},\1{where}auth=Bearer {token}\1\1", b"\1")


class XOAuth2Client(TokenClient):
    name = "XOAUTH2"

    def __init__(self, username: str, token: str) -> None:
        super().__init__(f"user={username}\1auth=Bearer {token}\1\1", b"")
