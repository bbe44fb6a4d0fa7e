"""Show a message of a mailbox in Python's terms: text decoded, dates as dates, parts as a tree.

Decoding is done when a field is read, so that a list of ten thousand messages of which ten are
looked at costs ten.

RFC 9051    7.5.2    what FETCH tells; RFC 2047 encoded words; RFC 2231 parameters
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from correo.message.address import Address
from correo.message.dates import parse_date
from correo.message.encoding.parameters import decode_parameters
from correo.message.encoding.words import decode_words
from correo.wire.imap import body_structure as wire
from correo.wire.imap.response_types import FetchData

__all__ = ["Envelope", "Message", "Part"]


class Envelope:
    """The header fields every list of messages shows."""

    __slots__ = ("raw",)

    def __init__(self, raw: wire.Envelope) -> None:
        self.raw = raw

    @property
    def subject(self) -> str:
        return decode_words(self.raw.subject)

    @property
    def date(self) -> datetime | None:
        """In UTC; None if the field is missing or no date."""
        seconds = parse_date(self.raw.date)
        return moment(seconds) if seconds is not None else None

    @property
    def message_id(self) -> str:
        """With its angle brackets, as sent."""
        return decode_words(self.raw.message_id)

    @property
    def in_reply_to(self) -> str:
        return decode_words(self.raw.in_reply_to)

    @property
    def from_(self) -> tuple[Address, ...]:
        return addresses(self.raw.from_)

    @property
    def sender(self) -> tuple[Address, ...]:
        return addresses(self.raw.sender)

    @property
    def reply_to(self) -> tuple[Address, ...]:
        return addresses(self.raw.reply_to)

    @property
    def to(self) -> tuple[Address, ...]:
        return addresses(self.raw.to)

    @property
    def cc(self) -> tuple[Address, ...]:
        return addresses(self.raw.cc)

    @property
    def bcc(self) -> tuple[Address, ...]:
        return addresses(self.raw.bcc)


def addresses(given: tuple[wire.Address, ...]) -> tuple[Address, ...]:
    """Without the marks of groups."""
    return tuple(
        Address(
            decode_words(one.name),
            one.mailbox.decode("utf-8", "replace"),
            one.host.decode("utf-8", "replace"),
        )
        for one in given
        if one.mailbox and one.host
    )


def moment(seconds: int, zone: int = 0) -> datetime | None:
    """zone: minutes east. None for what no datetime can hold."""
    try:
        there = timezone(timedelta(minutes=zone)) if zone else UTC
        return datetime.fromtimestamp(seconds, there)
    except (ValueError, OverflowError, OSError):
        return None


class Part:
    """A part of a message, from its BODYSTRUCTURE."""

    __slots__ = ("raw",)

    def __init__(self, raw: wire.BodyPart) -> None:
        self.raw = raw

    @property
    def section(self) -> str:
        """What FETCH calls it, "1.2"; "" for the message's own multipart."""
        return self.raw.section

    @property
    def content_type(self) -> str:
        """ "type/subtype", lower case."""
        return f"{self.raw.type}/{self.raw.subtype}"

    @property
    def parameters(self) -> dict[str, str]:
        """Of the content type, decoded."""
        return decoded(self.raw.parameters)

    @property
    def charset(self) -> str:
        return self.parameters.get("charset", "us-ascii").lower()

    @property
    def encoding(self) -> str:
        return self.raw.encoding

    @property
    def size(self) -> int:
        """Octets as transferred, still encoded."""
        return self.raw.size

    @property
    def is_attachment(self) -> bool:
        return self.raw.disposition == "attachment"

    @property
    def file_name(self) -> str:
        """ "" if it has none; to be distrusted."""
        named = decoded(self.raw.disposition_parameters).get("filename")
        return named or self.parameters.get("name", "")

    @property
    def parts(self) -> "tuple[Part, ...]":
        return tuple(Part(part) for part in self.raw.parts)

    def walk(self) -> "Iterator[Part]":
        """This part and all inside it, in the order of the message."""
        return (Part(part) for part in self.raw.walk())


def decoded(parameters: dict[str, bytes]) -> dict[str, str]:
    return decode_parameters([(name.encode("utf-8"), value) for name, value in parameters.items()])


@dataclass(slots=True)
class Message:
    """What a mailbox tells of a message without its text.

    size: octets. modseq: None where the server keeps none. received: the internal date.
    """

    uid: int
    flags: frozenset[str]
    size: int
    received: datetime | None
    envelope: Envelope
    structure: Part | None = None
    modseq: int | None = None

    @property
    def is_seen(self) -> bool:
        return "\\Seen" in self.flags

    @property
    def attachments(self) -> list[Part]:
        return [
            part for part in (self.structure.walk() if self.structure else ()) if part.is_attachment
        ]


NO_ENVELOPE = wire.Envelope(b"", b"", (), (), (), (), (), (), b"", b"")


def message_of(data: FetchData) -> Message:
    """The message a FETCH response describes; it must have a UID."""
    assert data.uid is not None
    received = moment(data.internal_date, data.zone) if data.internal_date is not None else None
    return Message(
        data.uid,
        frozenset(data.flags or ()),
        data.size or 0,
        received,
        Envelope(data.envelope or NO_ENVELOPE),
        Part(data.structure) if data.structure is not None else None,
        data.modseq,
    )
