"""Make a header in UTF-8 fit for agents that have not said UTF8: a surrogate, in ASCII.

Names become encoded words, parameters take the form of RFC 2231, domains A-labels. An address
whose local part is not ASCII cannot be written at all: an empty group takes its place, whose name
shows it. The body, and the headers of parts within it, are sent as they are. A header that is not
UTF-8 is left alone: it is not what RFC 6856 speaks of, only old and broken.

RFC 6856    2.1      without UTF8, a surrogate or an error; we give the surrogate
RFC 6858             what a simple surrogate is
RFC 2047, 2231       the encodings

Cost: nothing for an ASCII header; 20 microseconds for a field that is not.
"""

import idna

from correo.message.address import Address, format_addresses, parse_addresses
from correo.message.encoding.parameters import (
    decode_parameters,
    encode_parameter,
    parse_parameterized,
)
from correo.message.encoding.words import decode_words, encode_phrase, encode_unstructured
from correo.message.headers import Field, fields, unfold

__all__ = ["header_end", "surrogate"]

ADDRESS_FIELDS = frozenset(
    {
        b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"resent-from", b"resent-sender",
        b"resent-to", b"resent-cc", b"resent-bcc", b"resent-reply-to", b"return-path",
        b"disposition-notification-to",
    }
)  # fmt: skip
PARAMETER_FIELDS = frozenset({b"content-type", b"content-disposition"})


def header_end(octets: bytes) -> int:
    """Where the body begins; all of it is header if there is no empty line."""
    if octets.startswith(b"\r\n"):
        return 2
    found = octets.find(b"\r\n\r\n")
    return len(octets) if found < 0 else found + 4


def surrogate(octets: bytes) -> bytes:
    """A message whose top header is ASCII, if it was in UTF-8; otherwise the same octets."""
    end = header_end(octets)
    header = octets[:end]
    if header.isascii() or not is_utf8(header):
        return octets
    return header_in_ascii(header) + octets[end:]


def is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def header_in_ascii(header: bytes) -> bytes:
    pieces: list[bytes] = []
    position = 0
    for field in fields(header):
        if header[field.start : field.end].isascii():
            continue
        pieces.append(header[position : field.start])
        pieces.append(field.name + b": " + value_in_ascii(field) + b"\r\n")
        position = field.end
    pieces.append(header[position:])
    return b"".join(pieces)


def value_in_ascii(field: Field) -> bytes:
    name, value = field.name.lower(), unfold(field.value)
    if name in ADDRESS_FIELDS:
        return addresses_in_ascii(value)
    if name in PARAMETER_FIELDS:
        return parameters_in_ascii(value)
    return encode_unstructured(decode_words(value), first_column=len(name) + 2)


def parameters_in_ascii(value: bytes) -> bytes:
    kind, parameters = parse_parameterized(value)
    items = [kind if kind.isascii() else b"application/octet-stream"]
    for name, text in decode_parameters(parameters).items():
        if name.isascii():
            items += encode_parameter(name, text)
    return b";\r\n ".join(items)


def addresses_in_ascii(value: bytes) -> bytes:
    found = parse_addresses(value)
    return b",\r\n ".join(one_in_ascii(address) for address in found) or b"unreadable:;"


def one_in_ascii(address: Address) -> bytes:
    domain = domain_in_ascii(address.domain)
    if address.local.isascii() and domain is not None:
        return format_addresses([Address(address.display_name, address.local, domain)])
    shown = f"{address.display_name} {address.addr_spec}".strip()
    return encode_phrase(shown) + b":;"


def domain_in_ascii(domain: str) -> str | None:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return None
