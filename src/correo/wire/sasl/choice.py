"""Make mechanisms by name, and choose among those a server offers."""

from collections.abc import Iterable

from correo.wire.sasl.cram_md5 import CramMd5Client
from correo.wire.sasl.external import ExternalClient
from correo.wire.sasl.login import LoginClient, LoginServer
from correo.wire.sasl.mechanism import ChannelBinding, ClientMechanism, ServerMechanism
from correo.wire.sasl.oauth import OAuthBearerClient, XOAuth2Client
from correo.wire.sasl.plain import PlainClient, PlainServer
from correo.wire.sasl.scram import HASHES, ScramClient, ScramServer

__all__ = ["client_mechanism", "offered_mechanisms", "preferred", "server_mechanism"]

# Strongest first. Those before CRAM-MD5 do not show the password to a server that lacks it.
PREFERENCE = (
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "CRAM-MD5",
    "PLAIN",
    "LOGIN",
)
SHOWS_PASSWORD = frozenset({"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"})


def offered_mechanisms(*, channel_binding: ChannelBinding | None) -> tuple[str, ...]:
    """What our servers offer, where they offer anything; -PLUS only where it can be done."""
    scram = ("SCRAM-SHA-256", "SCRAM-SHA-1")
    plus = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS") if channel_binding else ()
    return (*plus, *scram, "PLAIN", "LOGIN")


def server_mechanism(
    name: str, *, channel_binding: ChannelBinding | None = None
) -> ServerMechanism | None:
    """A fresh exchange by mechanism name in any case; None if we do not have it (here)."""
    upper = name.upper()
    if upper not in offered_mechanisms(channel_binding=channel_binding):
        return None
    if upper == "PLAIN":
        return PlainServer()
    if upper == "LOGIN":
        return LoginServer()
    return ScramServer(upper, channel_binding)


def client_mechanism(
    name: str,
    *,
    username: str,
    password: str = "",
    authzid: str = "",
    channel_binding: ChannelBinding | None = None,
    plus_was_offered: bool = False,
    token: str | None = None,
    nonce: str = "",
) -> ClientMechanism:
    """A fresh exchange.

    Raises:
        ValueError: no such mechanism, or what it needs is missing or cannot be prepared.
    """
    upper = name.upper()
    if upper.removesuffix("-PLUS") in HASHES:
        return ScramClient(
            upper,
            username,
            password,
            nonce=nonce,
            authzid=authzid,
            channel_binding=channel_binding,
            plus_was_offered=plus_was_offered,
        )
    if upper == "PLAIN":
        return PlainClient(username, password, authzid)
    if upper == "LOGIN":
        return LoginClient(username, password)
    if upper == "CRAM-MD5":
        return CramMd5Client(username, password)
    if upper == "EXTERNAL":
        return ExternalClient(authzid or username)
    if upper in ("OAUTHBEARER", "XOAUTH2") and token is not None:
        chosen = OAuthBearerClient if upper == "OAUTHBEARER" else XOAuth2Client
        return chosen(username, token)
    raise ValueError(f"no client side for the SASL mechanism {name}")


def preferred(
    offered: Iterable[str], *, is_tls: bool, has_channel_binding: bool = False
) -> str | None:
    """The strongest mechanism for a password, None if none may be used.

    Args:
        is_tls: whether the connection hides a password; without it those that show one are out.
    """
    names = {name.upper() for name in offered}
    for name in PREFERENCE:
        if name not in names or (name in SHOWS_PASSWORD and not is_tls):
            continue
        if name.endswith("-PLUS") and not has_channel_binding:
            continue
        return name
    return None
