"""How a client protects a connection and proves who it is, whatever protocol it speaks.

The three clients ask here, so that an option means the same in each of them.

RFC 8314    3        implicit TLS and STARTTLS
RFC 7435             opportunistic security: better unverified than in clear
RFC 5802    6        -PLUS
RFC 5929    4        tls-server-end-point, which ties SCRAM-...-PLUS to the TLS connection
"""

import secrets
import ssl
from collections.abc import Awaitable, Callable, Iterable
from enum import Enum

from correo.net.tls import client_context, end_point, opportunistic_context
from correo.wire.sasl import ChannelBinding, ClientMechanism, client_mechanism, preferred

__all__ = [
    "TlsMode",
    "Token",
    "context_for",
    "current",
    "make_exchange",
    "strongest",
    "token_mechanism",
]

Token = str | Callable[[], Awaitable[str]]
"""For OAUTHBEARER and XOAUTH2: an access token, or what gets one that is valid now.

Called once for each login, so that a connection made again has a fresh one."""

NONCE_SIZE = 18  # octets


class TlsMode(Enum):
    """When TLS begins."""

    NONE = "none"  # never; only for loopback and tests
    OPPORTUNISTIC = "opportunistic"  # STARTTLS where the server offers it; in clear if it does not
    STARTTLS = "starttls"  # STARTTLS, or give up
    IMPLICIT = "implicit"  # from the first octet


async def current(token: Token | None) -> str | None:
    """The token to log in with now; what its function raises goes to who logs in."""
    return token if token is None or isinstance(token, str) else await token()


def channel_binding(tls_object: ssl.SSLObject | None) -> ChannelBinding | None:
    """What ties a login to this TLS connection; None without TLS or certificate."""
    certificate = tls_object.getpeercert(binary_form=True) if tls_object is not None else None
    return ("tls-server-end-point", end_point(certificate)) if certificate else None


def context_for(tls: TlsMode, context: ssl.SSLContext | None) -> ssl.SSLContext:
    """What is given; else one that trusts the system's authorities, or anybody if OPPORTUNISTIC."""
    if context is not None:
        return context
    return opportunistic_context() if tls is TlsMode.OPPORTUNISTIC else client_context()


def strongest(
    offered: Iterable[str], tls_object: ssl.SSLObject | None, *, may_show_password: bool
) -> str | None:
    """The mechanism to log in with on this connection; None if none may be used."""
    return preferred(
        offered,
        is_tls=tls_object is not None or may_show_password,
        has_channel_binding=channel_binding(tls_object) is not None,
    )


def token_mechanism(offered: Iterable[str]) -> str:
    """The mechanism for a token: the standard one, unless the server has only its forerunner."""
    names = {name.upper() for name in offered}
    return "XOAUTH2" if "XOAUTH2" in names and "OAUTHBEARER" not in names else "OAUTHBEARER"


def make_exchange(
    name: str,
    username: str,
    password: str,
    *,
    offered: Iterable[str],
    tls_object: ssl.SSLObject | None,
    token: str | None,
) -> ClientMechanism:
    """The client's side of a mechanism.

    Args:
        offered: what the server offers, so that nobody between us can take a -PLUS away.

    Raises:
        ValueError: no such mechanism, or what it needs is missing or cannot be prepared.
    """
    return client_mechanism(
        name,
        username=username,
        password=password,
        channel_binding=channel_binding(tls_object),
        plus_was_offered=any(other.upper().endswith("-PLUS") for other in offered),
        token=token,
        nonce=secrets.token_urlsafe(NONCE_SIZE),
    )
