"""Carry any text in a parameter value: xtext and its Unicode forms.

RFC 3461    4 xtext: octets outside "!".."~", "+" and "=" as "+" and two upper-case hex digits
RFC 6533    3 utf-8-addr-xtext: \\x{HEX} for what is not ASCII; utf-8-addr-unitext: UTF-8 as it is
"""

import re

__all__ = ["read_orcpt", "read_xtext", "write_orcpt", "write_xtext"]

# xtext = *( xchar / hexchar );  xchar = %d33-42 / %d44-60 / %d62-126;  hexchar = "+" 2HEXDIG
XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
HEXCHAR = re.compile(r"\+([0-9A-Fa-f]{2})")
TO_ESCAPE = re.compile(r"[^!-*,-<>-~]")

# EmbeddedUnicodeChar = %x5C.78 "{" HEXPOINT "}"
EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
UNITEXT = re.compile(r"[^\x00-\x20+=\x7f]*")
NOT_PLAIN = re.compile(r"[^!-*,-<>-\[\]-~]")


def read_xtext(value: str) -> str:
    """Decode. Raises ValueError."""
    if not XTEXT.fullmatch(value):
        raise ValueError("not xtext")
    if "+" not in value:
        return value
    octets = HEXCHAR.sub(lambda found: chr(int(found[1], 16)), value).encode("latin-1")
    text = octets.decode("utf-8")
    if not text.isprintable():
        raise ValueError("a control character in xtext")
    return text


def write_xtext(text: str) -> str:
    """Encode; text outside ASCII as the octets of its UTF-8."""
    return TO_ESCAPE.sub(
        lambda found: "".join(f"+{octet:02X}" for octet in found[0].encode()), text
    )


def read_orcpt(value: str) -> str:
    """Decode an ORCPT value: "rfc822;xtext" or "utf-8;..." in any of its three forms.

    Returns the address type in lower case, ";", and the address as text. Raises ValueError.
    """
    kind, semicolon, address = value.partition(";")
    if not semicolon or not kind or not XTEXT.fullmatch(kind):
        raise ValueError("ORCPT needs an address type")
    kind = kind.lower()
    if kind != "utf-8":
        return f"{kind};{read_xtext(address)}"
    if not UNITEXT.fullmatch(address):
        raise ValueError("not an utf-8 address")
    return f"utf-8;{EMBEDDED.sub(embedded, address)}"


def write_orcpt(value: str, *, smtputf8: bool) -> str:
    """Encode "type;address" for the wire; an utf-8 address as it is where the peer takes it."""
    kind, _, address = value.partition(";")
    if kind.lower() != "utf-8" and address.isascii():
        return f"{kind};{write_xtext(address)}"
    if smtputf8 and UNITEXT.fullmatch(address) and "\\" not in address:
        return f"utf-8;{address}"
    return "utf-8;" + NOT_PLAIN.sub(lambda found: f"\\x{{{ord(found[0]):X}}}", address)


def embedded(found: re.Match[str]) -> str:
    """The character of one \\x{HEX}. Raises ValueError beyond Unicode or for a control."""
    character = chr(int(found[1], 16))
    if not character.isprintable():
        raise ValueError("a control character in an address")
    return character
