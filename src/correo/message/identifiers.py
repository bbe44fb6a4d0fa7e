"""Read message identifiers: Message-ID, In-Reply-To, References.

RFC 5322    3.6.4    identification fields; 4.5.4 obsolete forms
RFC 5256    3        what THREAD makes of them

Cost: one regex per field.
"""

import re

from correo.message.headers import unfold

__all__ = ["first_identifier", "identifiers"]

IDENTIFIERS_LIMIT = 1000  # of one field; ours. The first and the last ones are kept
IDENTIFIER_LIMIT = 998  # octets of one; ours, that of a line (RFC 5322 2.1.1)

_IDENTIFIER = re.compile(rb"<([^<>]{1,998}+)>")
_SPACE = re.compile(rb"[ \t\r\n]+")


def identifiers(value: bytes) -> tuple[bytes, ...]:
    """The identifiers of a field value, folded or not, without angle brackets, each once."""
    found = dict.fromkeys(
        _SPACE.sub(b"", item) if b" " in item or b"\n" in item else item
        for item in _IDENTIFIER.findall(value)
    )
    found.pop(b"", None)
    if len(found) <= IDENTIFIERS_LIMIT:
        return tuple(found)
    half = IDENTIFIERS_LIMIT // 2
    return (*list(found)[:half], *list(found)[-half:])


def first_identifier(value: bytes) -> bytes:
    """The identifier of a Message-ID; one without angle brackets is taken whole, b"" if none."""
    match = _IDENTIFIER.search(value)
    if match:
        return _SPACE.sub(b"", match[1])
    return _SPACE.sub(b"", unfold(value))[:IDENTIFIER_LIMIT]
