"""EXTERNAL: the client is known already, by the certificate it showed in TLS; the client's side.

The certificate is the affair of the `ssl.SSLContext` that the connection was made with.

RFC 4422    A        the message is the authzid; empty for whomever the certificate names
"""

from correo.wire.sasl.mechanism import MechanismError

__all__ = ["ExternalClient"]


class ExternalClient:
    name = "EXTERNAL"
    is_complete = True

    def __init__(self, authzid: str = "") -> None:
        self._message = authzid.encode()

    def start(self) -> bytes | None:
        return self._message

    def step(self, challenge: bytes) -> bytes:
        raise MechanismError("EXTERNAL has no further step")
