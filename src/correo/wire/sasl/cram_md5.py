"""CRAM-MD5, client side only: for old servers that offer nothing better.

RFC 2195    response = user name SP hex HMAC-MD5 of the challenge. A server would have to keep the
            password itself, so ours does not offer it.
"""

import hmac

from correo.wire.sasl.mechanism import MechanismError

__all__ = ["CramMd5Client"]


class CramMd5Client:
    name = "CRAM-MD5"

    def __init__(self, username: str, password: str) -> None:
        self._username = username.encode()
        self._password = password.encode()
        self.is_complete = False

    def start(self) -> bytes | None:
        return None

    def step(self, challenge: bytes) -> bytes:
        if self.is_complete:
            raise MechanismError("CRAM-MD5 has no second step")
        self.is_complete = True
        digest = hmac.new(self._password, challenge, "md5").hexdigest()
        return b"%b %b" % (self._username, digest.encode())
