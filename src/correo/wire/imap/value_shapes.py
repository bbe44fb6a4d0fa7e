"""Take single things out of a server's values: words, numbers, names, sets of numbers."""

import re

from correo.wire.imap.names import decode_name
from correo.wire.imap.values import Value

__all__ = ["delimiter_of", "inner", "name_of", "number", "spans", "text", "words"]

SPAN = re.compile(rb"([0-9]{1,10})(?::([0-9]{1,10}))?\Z")


def text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def words(values: list[Value]) -> tuple[str, ...]:
    return tuple(text(value) for value in values if isinstance(value, bytes))


def inner(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def number(value: Value) -> int:
    """Raises: ValueError."""
    if isinstance(value, list) and len(value) == 1:  # MODSEQ (12)
        value = value[0]
    if isinstance(value, bytes) and value.isdigit() and len(value) < 20:
        return int(value)
    raise ValueError("not a number")


def name_of(value: Value, *, utf8: bool) -> str:
    """A mailbox name; one that is not in its encoding is shown as well as can be."""
    octets = value if isinstance(value, bytes) else b""
    try:
        return decode_name(octets, utf8=utf8)
    except ValueError:
        return octets.decode("utf-8", "replace")


def delimiter_of(value: Value) -> str | None:
    return text(value) if isinstance(value, bytes) and value else None


def spans(value: Value) -> list[tuple[int, int]]:
    """Raises: ValueError."""
    found = []
    for part in (value if isinstance(value, bytes) else b"").split(b","):
        match = SPAN.match(part)
        if match is None:
            raise ValueError("not a set of numbers")
        first, last = int(match[1]), int(match[2] or match[1])
        found.append((min(first, last), max(first, last)))
    return found
