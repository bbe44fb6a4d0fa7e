"""Write mailbox names as the wire wants them: modified UTF-7, or UTF-8 once both sides agreed.

Inside correo a name is a str. To a client that enabled neither IMAP4rev2 nor UTF8=ACCEPT it goes
out, and comes in, in modified UTF-7.

RFC 3501    5.1.3    modified UTF-7: "&" shifts into base64 of UTF-16BE, with "," for "/"
RFC 9051    5.1, A   UTF-8 names; the same modified UTF-7 for IMAP4rev1
RFC 6855    3        UTF-8 after ENABLE UTF8=ACCEPT

Departures: what is encoded without need ("&AGE-" for "a") is decoded all the same, since the name
inside is Unicode and cannot alias. Raw UTF-8 in a name from a client that enabled nothing is
taken as UTF-8: RFC 6855 3 makes servers accept it, and no valid modified UTF-7 has such octets.
"""

import binascii
import re

__all__ = ["decode_name", "decode_utf7", "encode_name", "encode_utf7"]

INBOX = "INBOX"
NOT_DIRECT = re.compile(r"&|[^\x20-\x7e]+")
SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*)-")


def encode_utf7(name: str) -> bytes:
    """A name in modified UTF-7."""
    if name.isascii() and "&" not in name and name.isprintable():
        return name.encode("ascii")
    return NOT_DIRECT.sub(_shift, name).encode("ascii")


def _shift(match: re.Match[str]) -> str:
    text = match.group()
    if text == "&":
        return "&-"
    octets = text.encode("utf-16-be")
    coded = binascii.b2a_base64(octets, newline=False).rstrip(b"=").replace(b"/", b",")
    return f"&{coded.decode('ascii')}-"


def decode_utf7(octets: bytes) -> str:
    """The name behind modified UTF-7.

    Raises:
        ValueError: a shift without end, a lone "&", octets that are not base64 or not UTF-16.
    """
    if b"&" not in octets:
        return octets.decode("ascii")
    parts = []
    at = 0
    for match in SHIFTED.finditer(octets):
        parts.append(_direct(octets[at : match.start()]))
        parts.append(_unshift(match.group(1)))
        at = match.end()
    parts.append(_direct(octets[at:]))
    return "".join(parts)


def _direct(octets: bytes) -> str:
    if b"&" in octets:
        raise ValueError("an & in the name is not followed by modified base64 and -")
    return octets.decode("ascii")


def _unshift(coded: bytes) -> str:
    if not coded:
        return "&"
    padded = coded.replace(b",", b"/") + b"=" * (-len(coded) % 4)
    octets = binascii.a2b_base64(padded)  # binascii.Error is a ValueError
    return octets.decode("utf-16-be")


def encode_name(name: str, *, utf8: bool) -> bytes:
    """The octets of a name, not yet quoted."""
    return name.encode("utf-8") if utf8 else encode_utf7(name)


def decode_name(octets: bytes, *, utf8: bool) -> str:
    """The name in these octets; any spelling of INBOX gives "INBOX".

    Raises:
        ValueError: not valid in the encoding.
    """
    if utf8 or not octets.isascii():
        name = octets.decode("utf-8")
    else:
        name = decode_utf7(octets)
    return INBOX if len(name) == 5 and name.upper() == INBOX else name
