"""Read the PROXY protocol header, with which a load balancer says who is really there.

Pure: octets in, header out. `net.listener` reads no octet beyond the header, so that a TLS
handshake may follow at once.

The PROXY protocol, versions 1 and 2, HAProxy 2020: 2.1 (text), 2.2 (binary)
"""

import ipaddress
import struct
from dataclasses import dataclass

from correo.base.errors import PeerError

__all__ = ["ProxyHeader", "parse"]

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
V1_LIMIT = 107  # octets, 2.1: the worst case line, with its CRLF
V2_LIMIT = 16 + 4096  # ours: addresses and a fair number of TLVs
TCP4, TCP6 = 0x11, 0x21
LOCAL, PROXY = 0, 1

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """What the proxy said; no addresses if it speaks for itself (LOCAL, UNKNOWN).

    length: octets of the header; what comes behind is the connection's.
    """

    length: int
    source: Address | None = None
    destination: Address | None = None


def parse(octets: bytes) -> ProxyHeader | None:
    """The header these octets begin with; None while all of them belong to it and more must come.

    Raises PeerError: there is no header.
    """
    if octets.startswith(SIGNATURE):
        return parse_binary(octets)
    if octets.startswith(b"PROXY "):
        return parse_text(octets)
    if SIGNATURE.startswith(octets) or b"PROXY ".startswith(octets):
        return None
    raise PeerError("the connection does not begin with a PROXY header")


def parse_text(octets: bytes) -> ProxyHeader | None:
    end = octets.find(b"\r\n", 0, V1_LIMIT)
    if end < 0:
        if len(octets) >= V1_LIMIT:
            raise PeerError("the PROXY line is too long")
        return None
    words = octets[:end].decode("ascii", errors="replace").split(" ")
    if words[1] == "UNKNOWN":
        return ProxyHeader(end + 2)
    if words[1] not in ("TCP4", "TCP6") or len(words) != 6:
        raise PeerError("the PROXY line is malformed")
    try:
        source = address(words[2], words[4], version=int(words[1][3]))
        destination = address(words[3], words[5], version=int(words[1][3]))
    except ValueError as error:
        raise PeerError("the PROXY line holds no valid address") from error
    return ProxyHeader(end + 2, source, destination)


def address(host: str, port: str, *, version: int) -> Address:
    """Raises ValueError."""
    parsed = ipaddress.ip_address(host)
    if parsed.version != version or not port.isdecimal() or int(port) > 65535:
        raise ValueError(host)
    return str(parsed), int(port)


def parse_binary(octets: bytes) -> ProxyHeader | None:
    if len(octets) < 16:
        return None
    version_command, family, size = struct.unpack_from("!BBH", octets, 12)
    length = 16 + size
    if version_command >> 4 != 2 or version_command & 15 not in (LOCAL, PROXY):
        raise PeerError("the PROXY header has an unknown version or command")
    if length > V2_LIMIT:
        raise PeerError("the PROXY header is too long")
    if len(octets) < length:
        return None
    width = {TCP4: 4, TCP6: 16}.get(family)
    if version_command & 15 == LOCAL or width is None:
        return ProxyHeader(length)
    if size < 2 * width + 4:
        raise PeerError("the PROXY header is too short for its addresses")
    hosts = [octets[16 + at : 16 + at + width] for at in (0, width)]
    ports = struct.unpack_from("!HH", octets, 16 + 2 * width)
    source, destination = (
        (str(ipaddress.ip_address(host)), port) for host, port in zip(hosts, ports, strict=True)
    )
    return ProxyHeader(length, source, destination)
