"""Say what a message needs of the way it travels: 8BITMIME, BINARYMIME, SMTPUTF8.

`delivery.remote` and `cli send` ask before they choose parameters for MAIL FROM, or `to_7bit`.

RFC 6152             8BITMIME: octets over 127 in the content
RFC 3030    3        BINARYMIME: NUL, bare CR or LF, lines over 998 octets
RFC 6531    3.6      SMTPUTF8: octets over 127 in a header, the message's or a part's

Cost: C-speed passes for 7-bit mail, some 3 ms for 1 MB; a reading of the tree for the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from correo.message.entities import has_long_line
from correo.message.mime import Node, read_tree

__all__ = ["Needs", "needs"]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a message needs; all False for one that travels anywhere."""

    eight_bit: bool
    binary: bool
    utf8_header: bool


def needs(octets: bytes) -> Needs:
    """What these octets need. Addresses of the envelope are the caller's to look at."""
    binary = (
        b"\0" in octets
        or not octets.count(b"\r\n") == octets.count(b"\n") == octets.count(b"\r")
        or has_long_line(octets)
    )
    if octets.isascii():
        return Needs(eight_bit=False, binary=binary, utf8_header=False)
    is_utf8_header = any(not header.isascii() for header in headers_of(octets, read_tree(octets)))
    return Needs(eight_bit=True, binary=binary, utf8_header=is_utf8_header)


def headers_of(octets: bytes, root: Node) -> Iterator[bytes]:
    """The header of the message and of every part and embedded message in it."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node.part.header(octets)
        waiting.extend(node.children)
        if node.message is not None:
            waiting.append(node.message)
