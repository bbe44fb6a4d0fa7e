"""Keep what is known of the peer up to date: TLS, name, protocol, and XCLIENT's word for it.

RFC 3848    the "with" of Received: ESMTP, ESMTPS, ESMTPA, ESMTPSA, LMTP...
RFC 6531    4.3 UTF8SMTP and its kin
XCLIENT     as Postfix documents it (XCLIENT_README)
"""

import ipaddress

from correo.base.errors import Refusal
from correo.intake.api import PeerInfo
from correo.net.driver import Connection

__all__ = ["add_tls", "peer_of", "protocol_name", "with_xclient"]

UNAVAILABLE = frozenset({"[UNAVAILABLE]", "[TEMPUNAVAIL]"})
MAPPED = "::ffff:"


def peer_of(connection: Connection) -> PeerInfo:
    """Who is at the other end, as the socket (or the PROXY header) says."""
    address, port = connection.peer
    address = address.removeprefix(MAPPED) if "." in address else address
    peer = PeerInfo(address=address, port=port, local_port=connection.local[1])
    add_tls(peer, connection)
    return peer


def add_tls(peer: PeerInfo, connection: Connection) -> None:
    tls = connection.tls_object
    if tls is None:
        return
    peer.is_tls = True
    peer.tls_version = tls.version() or ""
    cipher = tls.cipher()
    peer.tls_cipher = cipher[0] if cipher else ""


def protocol_name(
    *, is_lmtp: bool, is_extended: bool, is_tls: bool, is_login: bool, is_utf8: bool
) -> str:
    """What stands after "with" in Received (RFC 3848, RFC 6531 4.3)."""
    if not is_extended:
        return "SMTP"
    letters = ("S" if is_tls else "") + ("A" if is_login else "")
    if is_utf8:
        return ("UTF8LMTP" if is_lmtp else "UTF8SMTP") + letters
    return ("LMTP" if is_lmtp else "ESMTP") + letters


def with_xclient(peer: PeerInfo, attributes: dict[str, str]) -> PeerInfo:
    """The peer as a trusted client describes it; what it does not name stays.

    Raises:
        Refusal: an attribute's value is malformed (501).
    """
    told = PeerInfo(
        address=peer.address,
        port=peer.port,
        local_port=peer.local_port,
        is_tls=peer.is_tls,
        tls_version=peer.tls_version,
        tls_cipher=peer.tls_cipher,
        login=peer.login,
        reverse_name=peer.reverse_name,
    )
    for name, value in attributes.items():
        known = "" if value.upper() in UNAVAILABLE else value
        if name == "ADDR":
            told.address = address_in(known)
        elif name == "PORT":
            told.port = port_in(known)
        elif name == "DESTPORT":
            told.local_port = port_in(known)
        elif name == "NAME":
            told.reverse_name = known
        elif name == "LOGIN":
            told.login = known or None
        elif name == "HELO":
            told.helo = known
        elif name == "PROTO":
            told.protocol = protocol_in(known)
    return told


def address_in(value: str) -> str:
    """An IPv4 address, or "IPV6:" and an IPv6 address. Raises Refusal."""
    if not value:
        return ""
    plain = value[5:] if value[:5].upper() == "IPV6:" else value
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError as error:
        raise Refusal("5.5.4", "ADDR is not an address", reply=501) from error


def port_in(value: str) -> int:
    if not value:
        return 0
    if not value.isascii() or not value.isdecimal() or int(value[:6]) > 65535:
        raise Refusal("5.5.4", "that is not a port", reply=501)
    return int(value)


def protocol_in(value: str) -> str:
    upper = value.upper()
    if upper not in ("SMTP", "ESMTP", ""):
        raise Refusal("5.5.4", "PROTO is SMTP or ESMTP", reply=501)
    return upper or "SMTP"
