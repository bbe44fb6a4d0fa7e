"""Read and write the paths of MAIL and RCPT.

RFC 5321    4.1.2 and 4.1.3 syntax, appendix C source routes (taken and ignored)
            4.5.1 <Postmaster> without domain
RFC 6531    3.3 UTF-8 in paths, 3.5 refused where the transaction has no SMTPUTF8

A path leaves here as text, "local@domain", without brackets and source route; quotes stay only
where the local part needs them, since all quoted forms are equivalent (RFC 5321 4.1.2).
"""

import ipaddress
import re

from correo.wire.smtp.grammar import (
    MAILBOX,
    PATH_ARGUMENT,
    SIMPLE_LOCAL,
    SIMPLE_PATH_ARGUMENT,
    SOURCE_ROUTE,
)

__all__ = ["read_path_argument", "write_path"]

QUOTED_PAIR = re.compile(r"\\(.)")
LONGEST_DOMAIN = 255  # octets, RFC 5321 4.5.3.1.2


def read_path_argument(argument: bytes, word: bytes) -> tuple[str, bytes] | None:
    """Take the argument of MAIL (word FROM) or RCPT (word TO) apart.

    Returns the path and the octets of the parameters; None if it is no such argument at all.

    Raises:
        ValueError: the path is malformed.
    """
    match = SIMPLE_PATH_ARGUMENT.fullmatch(argument)
    if match is not None and len(match[2]) < LONGEST_DOMAIN:
        path = match[2].decode("ascii")
    else:
        match = PATH_ARGUMENT.fullmatch(argument)
        if match is None:
            return None
        path = read_path(match[2], word)
    if match[1].upper() != word:
        return None
    return path, match[3] or b""


def read_path(octets: bytes, word: bytes) -> str:
    text = octets.decode("utf-8")
    if not text and word == b"FROM":
        return ""
    if word == b"TO" and text.lower() == "postmaster":
        return "postmaster"
    if text.startswith("@"):
        route = SOURCE_ROUTE.match(text)
        if route is None:
            raise ValueError("not a source route")
        text = text[route.end() :]
    match = MAILBOX.fullmatch(text)
    if match is None:
        raise ValueError("not a mailbox")
    local, domain = match["local"], match["domain"]
    if len(domain) > LONGEST_DOMAIN:
        raise ValueError("the domain is too long")
    if domain[0] == "[":
        check_literal(domain)
    if local[0] == '"':
        return f"{without_needless_quotes(local)}@{domain}"
    return text


def check_literal(domain: str) -> None:
    """RFC 5321 4.1.3; tags other than IPv6 are nobody's. Raises ValueError."""
    inside = domain[1:-1]
    if inside[:5].upper() == "IPV6:":
        ipaddress.IPv6Address(inside[5:])
    else:
        ipaddress.IPv4Address(inside)


def without_needless_quotes(local: str) -> str:
    text = QUOTED_PAIR.sub(r"\1", local[1:-1])
    if SIMPLE_LOCAL.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write_path(path: str) -> bytes:
    """The path in its brackets, UTF-8.

    Raises:
        ValueError: it could not be read back (a control character, a stray bracket).
    """
    octets = path.encode("utf-8")
    if path and path.lower() != "postmaster" and MAILBOX.fullmatch(path) is None:
        raise ValueError(f"{path!r} is not an address that SMTP can carry")
    return b"<" + octets + b">"
