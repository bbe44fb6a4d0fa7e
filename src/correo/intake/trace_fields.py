"""Write the field that says how a message came: Received.

RFC 5321    4.4      trace information; "for" only when there is one recipient
RFC 3848             the "with" keywords
RFC 6531    3.7.3    UTF-8 in them for SMTPUTF8 mail only
RFC 8314    4.3      the TLS version and cipher, here as a comment

Departures: the date is in UTC; the RFC prefers local time "when feasible".
"""

import re
from functools import lru_cache

from correo.intake.api import PeerInfo
from correo.message.dates import format_date

__all__ = ["received"]

NOT_A_NAME = re.compile(r"[^\w.:\[\]-]")
LONGEST_NAME = 255


def received(
    peer: PeerInfo, hostname: str, message_id: str, now: float, *, recipient: str = ""
) -> bytes:
    """Our Received field, folded.

    Args:
        recipient: the only one, "" if there are several.
    """
    with_protocol = f"with {peer.protocol}"
    if peer.is_tls and peer.tls_version:
        with_protocol += f" ({comment(peer.tls_version)} {comment(peer.tls_cipher)})"
    lines = [
        f"Received: from {name(peer.helo)} ({tcp_info(peer)})",
        f"by {hostname} {with_protocol} id {message_id}",
    ]
    date = date_text(int(now))
    lines.append(f"for <{recipient}>; {date}" if recipient else f"; {date}")
    return "\r\n\t".join(lines).replace("\r\n\t;", ";").encode("utf-8", "replace") + b"\r\n"


@lru_cache(maxsize=8)
def date_text(moment: int) -> str:
    """Many messages come in one second."""
    return format_date(moment).decode()


def tcp_info(peer: PeerInfo) -> str:
    """What we know of the peer ourselves: TCP-info of RFC 5321 4.4."""
    address = peer.address
    if ":" in address:
        literal = f"[IPv6:{name(address)}]"
    elif address[:1].isdigit():
        literal = f"[{name(address)}]"
    else:  # a Unix socket has no address
        return "local socket"
    return f"{name(peer.reverse_name)} {literal}" if peer.reverse_name else literal


def name(text: str) -> str:
    """What a peer calls itself, without anything that could end a comment or a field."""
    return NOT_A_NAME.sub("?", text[:LONGEST_NAME]) or "unknown"


def comment(text: str) -> str:
    return NOT_A_NAME.sub("?", text)
