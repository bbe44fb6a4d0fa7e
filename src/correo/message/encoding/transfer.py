"""Undo and do Content-Transfer-Encodings: base64, quoted-printable, and uuencode to read.

Reading is lenient and never fails: what does not belong into base64 is passed over, a broken
escape of quoted-printable stays as it is. An unknown encoding gives the octets as they are;
`is_known_encoding` tells (BINARY answers UNKNOWN-CTE then, RFC 9051 7.5.2).

RFC 2045    6.7      quoted-printable
            6.8      base64
RFC 9051    6.4.5.1  BINARY

Cost: C speed (binascii) throughout; no loop over lines or octets, but for uuencode.
"""

import binascii
import re

__all__ = [
    "decode_base64",
    "decode_body",
    "decode_quoted_printable",
    "encode_base64",
    "encode_quoted_printable",
    "is_known_encoding",
]

_IDENTITY = frozenset({"", "7bit", "8bit", "binary"})
_UUENCODE = frozenset({"x-uuencode", "x-uue", "uuencode", "uue"})
_ENCODED = frozenset({"base64", "quoted-printable"}) | _UUENCODE

_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)
_TRAILING_SPACE = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n|\Z)")
_BARE_LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_FROM = re.compile(rb"^From ", re.MULTILINE)
# 73 to 75 characters of a line that goes on, not ending within "=XX"
_QP_CHUNK = re.compile(rb"[^\r\n]{73,75}(?<!=)(?<!=[0-9A-F])(?=[^\r\n])")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\n]*\n", re.MULTILINE)


def is_known_encoding(encoding: str) -> bool:
    """Whether `decode_body` undoes this encoding (or there is none to undo)."""
    encoding = encoding.lower()
    return encoding in _IDENTITY or encoding in _ENCODED


def decode_body(octets: bytes, transfer_encoding: str) -> bytes:
    """The content of a body part whose Content-Transfer-Encoding this is (any case)."""
    encoding = transfer_encoding.strip().lower()
    if encoding in _IDENTITY:
        return octets
    if encoding == "base64":
        return decode_base64(octets)
    if encoding == "quoted-printable":
        return decode_quoted_printable(octets)
    if encoding in _UUENCODE:
        return _decode_uuencode(octets)
    return octets


def decode_base64(octets: bytes) -> bytes:
    """What base64 says; foreign octets are passed over, and padding may lack or stand within."""
    cleaned = octets.translate(None, _NOT_BASE64).rstrip(b"=")
    if b"=" in cleaned:
        return b"".join(map(_decode_run, cleaned.split(b"=")))
    return _decode_run(cleaned)


def _decode_run(run: bytes) -> bytes:
    surplus = len(run) % 4
    if surplus == 1:  # six bits make no octet
        run = run[:-1]
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4))


def decode_quoted_printable(octets: bytes) -> bytes:
    """What quoted-printable says; white space at line ends is dropped (RFC 2045 6.7 rule 3)."""
    return binascii.a2b_qp(_TRAILING_SPACE.sub(b"", octets))


def encode_base64(octets: bytes) -> bytes:
    """Lines of 76 characters, each with CRLF."""
    encoded = binascii.b2a_base64(octets, newline=False)
    return b"".join(encoded[at : at + 76] + b"\r\n" for at in range(0, len(encoded), 76))


def encode_quoted_printable(octets: bytes) -> bytes:
    """Text lines stay lines: CRLF, bare LF and bare CR all come out as CRLF.

    For octets whose line ends must come back as they are, use base64. Lines have at
    most 76 characters; "From " and a lone "." on a line are escaped, for mboxes and SMTP.
    """
    text = _BARE_LINE_END.sub(b"\r\n", octets)
    encoded = binascii.b2a_qp(text, istext=True)
    unwrapped = encoded.replace(b"=\r\n", b"").replace(b"=\n", b"")
    return _QP_CHUNK.sub(rb"\g<0>=\r\n", _FROM.sub(b"=46rom ", unwrapped))


def _decode_uuencode(octets: bytes) -> bytes:
    begin = _UU_BEGIN.search(octets)
    if begin is None:
        return octets
    lines = []
    for line in octets[begin.end() :].splitlines():
        if line.strip() in (b"end", b"`", b""):
            break
        lines.append(_decode_uu_line(line))
    return b"".join(lines)


def _decode_uu_line(line: bytes) -> bytes:
    length = (line[0] - 32) & 63
    characters = (length * 4 + 2) // 3
    try:
        return binascii.a2b_uu(line[: 1 + characters])
    except binascii.Error:
        return b""
