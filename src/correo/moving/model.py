"""What is found on the way in: a message with what its old home knew of it, or why there is none.

RFC 9051    2.3.2 flags, 2.3.3 internal date
"""

import re
from dataclasses import dataclass

__all__ = ["MESSAGE_LIMIT", "Broken", "FoundMessage", "as_message"]

MESSAGE_LIMIT = 256 * 1024 * 1024  # octets of one message; ours, five times what servers take
FIRST_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
MBOX_LINE = re.compile(rb">?From [^\n]*\n")


@dataclass(slots=True)
class FoundMessage:
    """A message whose lines end in CRLF.

    origin: the file, and the place in it, for a person.
    internal_date: seconds since 1970 UTC; None if nothing tells when it arrived.
    """

    origin: str
    octets: bytes
    flags: tuple[str, ...] = ()
    internal_date: int | None = None


@dataclass(slots=True)
class Broken:
    """Something that should be a message and cannot be taken; reason completes a sentence."""

    origin: str
    reason: str


def as_message(octets: bytes) -> bytes:
    """The message in a file, with the line ends of mail, and without an mbox's line before it.

    Raises:
        ValueError: it is none; the text says why.
    """
    start = MBOX_LINE.match(octets)
    if start is not None:
        octets = octets[start.end() :]
    if not octets.strip():
        raise ValueError("it is empty")
    if len(octets) > MESSAGE_LIMIT:
        raise ValueError(f"it is larger than {MESSAGE_LIMIT // 1024 // 1024} MiB")
    if FIRST_FIELD.match(octets) is None:
        raise ValueError("it does not begin with a header, so it is no message")
    if octets.count(b"\n") != octets.count(b"\r\n"):
        octets = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return octets
