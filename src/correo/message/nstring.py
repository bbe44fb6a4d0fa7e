"""Write octets of a message as IMAP strings that every client can read.

What is in US-ASCII and short goes between quotes. What holds 8-bit octets, a bare CR or LF, or
is long becomes a literal with the octets as they came: IMAP4rev1 allows 8-bit octets in
literals only (RFC 3501 9, CHAR8), IMAP4rev2 allows UTF-8 in both, so a literal is right for
either, also after ENABLE UTF8=ACCEPT, and no charset is guessed. NUL is allowed nowhere and
becomes a space.

RFC 9051    4.3      string: quoted or literal
            9        nstring, quoted, TEXT-CHAR, CHAR8
RFC 3501    4.3      the same for rev1

Cost: one regex match per string. On the hot path (a dozen strings per message).
"""

import re

__all__ = ["is_plain", "nstring", "string"]

QUOTED_LIMIT = 4096  # octets; ours. Longer ones are literals, so that no line grows absurd

# TEXT-CHAR without quoted-specials, and without 8-bit octets
_PLAIN = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x5b\x5d-\x7f]{0,4096}+")
_QUOTABLE = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]{0,4096}+")


is_plain = _PLAIN.fullmatch  # whether octets go between quotes as they are


def string(octets: bytes) -> bytes:
    """A quoted string, or a literal where quoting would not be understood by all."""
    if _PLAIN.fullmatch(octets):
        return b'"%b"' % octets
    if _QUOTABLE.fullmatch(octets):
        return b'"%b"' % octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    octets = octets.replace(b"\0", b" ")
    return b"{%d}\r\n%b" % (len(octets), octets)


def nstring(octets: bytes | None) -> bytes:
    """As `string`, NIL for None."""
    return b"NIL" if octets is None else string(octets)
