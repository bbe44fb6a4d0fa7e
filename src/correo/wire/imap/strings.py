"""Write strings so that the other side reads the same: atom, quoted or literal.

Both roles use it: the server for answers, the client for arguments.

RFC 9051    4.3      string, quoted, literal; 9: astring, nstring, literal8
RFC 6855    3        UTF-8 in quoted strings, only where enabled
"""

import re
from functools import lru_cache

from correo.wire.imap.names import encode_name

__all__ = ["astring", "is_atom", "literal", "mailbox", "nstring", "string"]

# ASTRING-CHAR = ATOM-CHAR / "]"; atom-specials are ( ) { SP CTL % * " \ ]
ATOM = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
ASTRING = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]+")
PLAIN_QUOTED = re.compile(rb"[^\x00\r\n\x7f-\xff\"\\]*")
ESCAPABLE_QUOTED = re.compile(rb"[^\x00\r\n\x7f-\xff]*")
UTF8_QUOTED = re.compile(rb"[^\x00\r\n\x7f]*")
QUOTED_LIMIT = 1000  # octets; longer strings go as literals, which line-based peers prefer


def is_atom(octets: bytes) -> bool:
    return ATOM.fullmatch(octets) is not None


def literal(octets: bytes) -> bytes:
    """A literal as servers send it: {n} CRLF octets; ~{n} where there is a NUL."""
    if b"\x00" in octets:
        return b"~{%d}\r\n%b" % (len(octets), octets)
    return b"{%d}\r\n%b" % (len(octets), octets)


def string(octets: bytes, *, utf8: bool = False) -> bytes:
    """A quoted string if it may be one, else a literal."""
    if len(octets) > QUOTED_LIMIT:
        return literal(octets)
    if PLAIN_QUOTED.fullmatch(octets):
        return b'"%b"' % octets
    if ESCAPABLE_QUOTED.fullmatch(octets) or (utf8 and _is_quotable_utf8(octets)):
        return b'"%b"' % octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return literal(octets)


def _is_quotable_utf8(octets: bytes) -> bool:
    if not UTF8_QUOTED.fullmatch(octets):
        return False
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def nstring(octets: bytes | None, *, utf8: bool = False) -> bytes:
    """As string; NIL for None."""
    return b"NIL" if octets is None else string(octets, utf8=utf8)


def astring(octets: bytes, *, utf8: bool = False) -> bytes:
    """As string, without quotes where none are needed."""
    if ASTRING.fullmatch(octets) and octets.upper() != b"NIL":
        return octets
    return string(octets, utf8=utf8)


@lru_cache(maxsize=1024)
def mailbox(name: str, *, utf8: bool) -> bytes:
    """A mailbox name, quoted if it is not a plain word; LIST of many mailboxes is all this."""
    return astring(encode_name(name, utf8=utf8), utf8=utf8)
