"""How a client protects a connection and proves who it is, whatever protocol it speaks.

RFC 8314    3        implicit TLS and STARTTLS
RFC 5929    4        tls-server-end-point, which ties SCRAM-...-PLUS to the TLS connection
"""

import secrets
import ssl
from enum import Enum

from correo.net.tls import end_point
from correo.wire.sasl import ChannelBinding

__all__ = ["TlsMode", "channel_binding", "make_nonce"]


class TlsMode(Enum):
    """When TLS begins."""

    NONE = "none"  # never; only for loopback and tests
    OPPORTUNISTIC = "opportunistic"  # STARTTLS where the server offers it
    STARTTLS = "starttls"  # STARTTLS, or give up
    IMPLICIT = "implicit"  # from the first octet


def channel_binding(tls_object: ssl.SSLObject | None) -> ChannelBinding | None:
    """What ties a login to this TLS connection; None without TLS or certificate."""
    certificate = tls_object.getpeercert(binary_form=True) if tls_object is not None else None
    return ("tls-server-end-point", end_point(certificate)) if certificate else None


def make_nonce() -> str:
    """Printable, without a comma, never used before (RFC 5802 5.1)."""
    return secrets.token_urlsafe(24)
