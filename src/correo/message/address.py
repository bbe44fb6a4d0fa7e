"""Read and write addresses: the lists of From, To and their like, and single mailboxes.

RFC 5322    3.4      address lists, groups; reading is lenient, see `address_list`
RFC 5321    4.1.2    local parts that need quotes
RFC 6532    3.2      UTF-8 in all of it
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from correo.message.address_list import read_flat
from correo.message.encoding.words import decode_words, encode_phrase

__all__ = [
    "Address",
    "format_address",
    "format_addresses",
    "join_address",
    "parse_addresses",
    "split_address",
]

_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_DOT_ATOM = re.compile(
    r"[^\s\"(),:;<>@\[\]\\.\x00-\x1f\x7f]+(?:\.[^\s\"(),:;<>@\[\]\\.\x00-\x1f\x7f]+)*"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox as a person reads it.

    display_name: decoded, "" if there is none.
    local, domain: unquoted; domain "" where there was none.
    group: the name of the group it stands in, None outside of groups.
    """

    display_name: str
    local: str
    domain: str
    group: str | None = None

    @property
    def addr_spec(self) -> str:
        """local@domain, quoted where it must be."""
        return join_address(self.local, self.domain)


def parse_addresses(value: bytes | str) -> list[Address]:
    """The mailboxes of an unfolded field value as text, those in groups with the group's name."""
    octets = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    mailboxes: list[Address] = []
    group: str | None = None
    for name, _, local, domain in read_flat(octets):
        if domain is None:
            group = None if local is None else decode_words(local)
        else:
            shown = decode_words(name) if name else ""
            plain = decode_words(local or b""), decode_words(domain)
            mailboxes.append(Address(shown, *plain, group))
    return mailboxes


def split_address(address: str) -> tuple[str, str]:
    """(local part, domain) of local@domain, at the last "@"; quotes of the local part undone.

    Without "@" the domain is "". Case is left alone.
    """
    local, at, domain = address.rpartition("@")
    if not at:
        local, domain = domain, ""
    if len(local) >= 2 and local.startswith('"') and local.endswith('"'):
        local = _QUOTED_PAIR.sub(r"\1", local[1:-1])
    return local, domain


def join_address(local: str, domain: str) -> str:
    """local@domain with quotes where the local part needs them (RFC 5321 4.1.2)."""
    if not _DOT_ATOM.fullmatch(local):
        local = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{local}@{domain}" if domain else local


def format_address(address: Address, *, first_column: int = 0) -> bytes:
    """One mailbox for a header field; the name encoded as needed, the address in UTF-8."""
    spec = address.addr_spec.encode("utf-8", "replace")
    if not address.display_name:
        return spec
    return encode_phrase(address.display_name, first_column=first_column) + b" <" + spec + b">"


def format_addresses(addresses: Iterable[Address], *, first_column: int = 0) -> bytes:
    """A list of mailboxes, one on a line where they are several, groups put together."""
    items: list[bytes] = []
    group: str | None = None
    for address in addresses:
        item = format_address(address, first_column=first_column if not items else 1)
        if address.group != group:
            if group is not None:
                items[-1] += b";"
            if address.group is not None:
                item = encode_phrase(address.group) + b": " + item
            group = address.group
        items.append(item)
    if group is not None:
        items[-1] += b";"
    return b",\r\n ".join(items)
