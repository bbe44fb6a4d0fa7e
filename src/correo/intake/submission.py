"""Make a submitted message fit to travel: Date and Message-ID added, Bcc removed, From checked.

`transaction` uses it on the submission roles, on the header alone, before a byte is stored.

RFC 6409    8.1, 8.2, 8.3   missing From, Date and Message-ID may be added
            6.1             the sender must be entitled to the address
RFC 5322    3.6.3           Bcc is removed before sending

Departures: only From is checked; Sender may name somebody else, as the standard wants it to.
"""

from collections.abc import Callable

from correo.base.errors import Refusal
from correo.message.address import parse_addresses
from correo.message.dates import format_date
from correo.message.headers import HEADER_LIMIT, every, fields, grouped, select

__all__ = ["authors", "complete_header"]

HIDDEN = frozenset({b"bcc", b"resent-bcc"})
LOOKED_FOR = HIDDEN | {b"from", b"date", b"message-id"}
AUTHORS_LIMIT = 100  # addresses in From that are checked; more are refused


def complete_header(
    header: bytes, *, sender: str, now: float, new_identifier: Callable[[], str]
) -> bytes:
    """The header with what was missing and without what is not for everybody.

    Args:
        header: as it came, with its empty line if there is one.
        sender: goes into a missing From, "" to leave it missing.
        new_identifier: the inside of a new Message-ID.

    Raises:
        Refusal: the header is too long to be looked through (5.6.0).
    """
    if len(header) > HEADER_LIMIT:
        raise Refusal("5.6.0", "the header of the message is too long", reply=550)
    there = grouped(header, LOOKED_FOR)
    if there.keys() & HIDDEN:
        header = select(header, HIDDEN, exclude=True)
    added = b""
    if sender and b"from" not in there:
        added += b"From: <%s>\r\n" % sender.encode()
    if b"date" not in there:
        added += b"Date: %s\r\n" % format_date(int(now))
    if b"message-id" not in there:
        added += b"Message-ID: <%s>\r\n" % new_identifier().encode()
    if added and not fields(header):  # what came begins with the body
        return added + (header if header.startswith(b"\r\n") else b"\r\n" + header)
    return added + header


def authors(header: bytes) -> list[str]:
    """The addresses in From, of all From fields if there are several.

    Raises:
        Refusal: there is no address in a From field, or there are too many (5.6.0).
    """
    found: list[str] = []
    for value in every(header, b"from"):
        addresses = [each.addr_spec for each in parse_addresses(value) if each.domain]
        if not addresses:
            raise Refusal("5.6.0", "the From field has no address in it", reply=550)
        found += addresses
    if len(found) > AUTHORS_LIMIT:
        raise Refusal("5.6.0", "the From field has too many addresses in it", reply=550)
    return found
