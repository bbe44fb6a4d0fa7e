"""Make a header 7-bit where that loses nothing.

Texts become encoded words, display names too, parameters go by RFC 2231, domains become
A-labels. What cannot be told in ASCII at all, above all local parts of addresses, makes the
whole message undeliverable to a peer without SMTPUTF8, and that is what the answer says.

RFC 6531    3.1      without SMTPUTF8 such a message must not be sent on as it is
RFC 2047    5        where encoded words may stand
RFC 2231    4        parameters
RFC 5890    2.3.2.1  A-labels
RFC 1428    3        "unknown-8bit" for octets whose charset nobody told

Fields whose structure is not known here count as text unless mail software reads their
structure: then they are refused rather than changed.
"""

import binascii

import idna

from correo.message.address import Address, format_addresses, parse_addresses
from correo.message.builder import fold_text
from correo.message.encoding.parameters import decode_parameters, parse_parameterized
from correo.message.entities import is_utf8, parameterized
from correo.message.headers import fields, unfold

__all__ = ["NotSevenBit", "encode_header"]

ADDRESS_FIELDS = frozenset({
    b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"resent-from", b"resent-sender",
    b"resent-to", b"resent-cc", b"resent-bcc", b"errors-to", b"return-receipt-to",
    b"disposition-notification-to", b"mail-followup-to",
})  # fmt: skip
PARAMETER_FIELDS = frozenset({b"content-type", b"content-disposition"})
STRUCTURED_FIELDS = frozenset({
    b"received", b"return-path", b"message-id", b"in-reply-to", b"references", b"content-id",
    b"date", b"resent-date", b"resent-message-id", b"mime-version", b"content-location",
    b"content-transfer-encoding", b"dkim-signature", b"arc-seal", b"arc-message-signature",
    b"arc-authentication-results", b"authentication-results", b"received-spf", b"list-id",
    b"list-post", b"list-unsubscribe", b"list-unsubscribe-post", b"list-archive", b"list-help",
    b"original-recipient", b"auto-submitted",
})  # fmt: skip


class NotSevenBit(ValueError):
    """A field cannot be told in US-ASCII; the text names it."""


def encode_header(header: bytes) -> bytes:
    """The header with every field in US-ASCII; fields that are stay as they stand.

    Raises:
        NotSevenBit: a field cannot be made so without loss.
    """
    if header.isascii():
        return header
    pieces = []
    position = 0
    for name, value, start, end in fields(header):
        if value.isascii():
            continue
        pieces.append(header[position:start])
        pieces.append(_encode_field(name, unfold(value)))
        position = end
    pieces.append(header[position:])
    encoded = b"".join(pieces)
    if not encoded.isascii():
        raise NotSevenBit("a line of the header that is no field")
    return encoded


def _encode_field(name: bytes, value: bytes) -> bytes:
    key = name.lower()
    if key in STRUCTURED_FIELDS:
        raise NotSevenBit(name.decode("ascii"))
    column = len(name) + 2
    if key in ADDRESS_FIELDS:
        encoded = _encode_addresses(name, value, column)
    elif key in PARAMETER_FIELDS:
        encoded = _encode_parameters(name, value)
    elif is_utf8(value):
        encoded = fold_text(value.decode("utf-8"), first_column=column)
    else:
        encoded = _unknown_words(value)
    return name + b": " + encoded + b"\r\n"


def _encode_addresses(name: bytes, value: bytes, column: int) -> bytes:
    if not is_utf8(value):
        raise NotSevenBit(name.decode("ascii"))
    addresses = []
    for address in parse_addresses(value):
        if not address.local.isascii():
            raise NotSevenBit(f"{name.decode('ascii')}: {address.addr_spec}")
        domain = _a_label(address.domain, name)
        addresses.append(Address(address.display_name, address.local, domain, address.group))
    if not addresses:  # only group names
        raise NotSevenBit(name.decode("ascii"))
    return format_addresses(addresses, first_column=column)


def _a_label(domain: str, name: bytes) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise NotSevenBit(f"{name.decode('ascii')}: {domain}") from None


def _encode_parameters(name: bytes, value: bytes) -> bytes:
    head, parameters = parse_parameterized(value)
    if not head.isascii() or not is_utf8(value):
        raise NotSevenBit(name.decode("ascii"))
    return parameterized(name, head.decode("ascii"), decode_parameters(parameters))[1]


def _unknown_words(value: bytes) -> bytes:
    """Encoded words that keep the very octets."""
    words = [
        b"=?unknown-8bit?b?%b?=" % binascii.b2a_base64(value[at : at + 39], newline=False)
        for at in range(0, len(value), 39)
    ]
    return b"\r\n ".join(words)
