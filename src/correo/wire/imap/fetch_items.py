"""What FETCH can ask of a message, each item with the label its answer carries.

The parser has normalised them: macros are expanded, RFC822 and its kin are body sections with
another label, UID FETCH always has UID, CHANGEDSINCE always has MODSEQ.

RFC 9051    6.4.5    fetch-att, section, partial, BINARY
RFC 3501    6.4.5    RFC822, RFC822.HEADER, RFC822.TEXT
RFC 7162    3.1.4.2  MODSEQ
RFC 8474    5.3      EMAILID, THREADID
RFC 8514    4.3      SAVEDATE
RFC 8970    3        PREVIEW; LAZY makes no difference, since previews are made beforehand
"""

from dataclasses import dataclass
from enum import Enum

__all__ = [
    "BinarySection",
    "BinarySize",
    "BodySection",
    "FetchAttribute",
    "FetchItem",
    "SectionText",
]

Partial = tuple[int, int]  # offset, length: as asked; the end may lie beyond the octets


class FetchAttribute(Enum):
    """Items without arguments; the value is the label."""

    UID = b"UID"
    FLAGS = b"FLAGS"
    INTERNALDATE = b"INTERNALDATE"
    RFC822_SIZE = b"RFC822.SIZE"
    ENVELOPE = b"ENVELOPE"
    BODY = b"BODY"
    BODYSTRUCTURE = b"BODYSTRUCTURE"
    MODSEQ = b"MODSEQ"
    EMAILID = b"EMAILID"
    THREADID = b"THREADID"
    SAVEDATE = b"SAVEDATE"
    PREVIEW = b"PREVIEW"

    # Enum's own hash runs in Python; these live in sets on the way of every FETCH.
    __hash__ = object.__hash__


class SectionText(Enum):
    """What of a part is meant, when not its body."""

    HEADER = b"HEADER"
    HEADER_FIELDS = b"HEADER.FIELDS"
    HEADER_FIELDS_NOT = b"HEADER.FIELDS.NOT"
    TEXT = b"TEXT"
    MIME = b"MIME"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class BodySection:
    """BODY[section]<partial> and BODY.PEEK, RFC822, RFC822.HEADER, RFC822.TEXT.

    part: (1, 2) for "1.2", () for the message itself.
    text: None for the whole part or message.
    fields: header names as given, for HEADER.FIELDS and HEADER.FIELDS.NOT.
    peek: whether \\Seen is left alone.
    label: what stands before the literal in the answer: b"BODY[1.MIME]<0>".
    """

    part: tuple[int, ...]
    text: SectionText | None
    fields: tuple[bytes, ...]
    partial: Partial | None
    peek: bool
    label: bytes


@dataclass(frozen=True, slots=True)
class BinarySection:
    """BINARY[part]<partial> and BINARY.PEEK: the body with its transfer encoding undone."""

    part: tuple[int, ...]
    partial: Partial | None
    peek: bool
    label: bytes


@dataclass(frozen=True, slots=True)
class BinarySize:
    """BINARY.SIZE[part]: how many octets BINARY would give."""

    part: tuple[int, ...]
    label: bytes


FetchItem = FetchAttribute | BodySection | BinarySection | BinarySize
