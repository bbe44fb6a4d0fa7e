"""Understand ENVELOPE, BODY and BODYSTRUCTURE as a server sends them.

Never fails: what is missing or of the wrong shape is left empty, for a wrong structure of one
message must not keep a client from the others.

RFC 9051    7.5.2    envelope structure, body structure
            9        body-type-1part, body-type-mpart, body-ext-*
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from correo.wire.imap.values import Value

__all__ = ["Address", "BodyPart", "Envelope", "read_envelope", "read_structure"]


class Address(NamedTuple):
    """One address as in the envelope; host b"" marks the begin or end of a group."""

    name: bytes
    mailbox: bytes
    host: bytes


@dataclass(slots=True)
class Envelope:
    """Header fields of a message, encoded words not undone."""

    date: bytes
    subject: bytes
    from_: tuple[Address, ...]
    sender: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    in_reply_to: bytes
    message_id: bytes


@dataclass(slots=True)
class BodyPart:
    """A part and what is inside it.

    section: what FETCH calls it, "1.2"; "" for the message's own multipart.
    type, subtype, encoding, disposition: lower case.
    parameters, disposition_parameters: names in lower case, values as sent.
    size: octets as transferred; lines for text and embedded messages.
    parts: of a multipart, or the one body of an embedded message.
    """

    section: str
    type: str
    subtype: str
    parameters: dict[str, bytes] = field(default_factory=dict)
    content_id: bytes = b""
    description: bytes = b""
    encoding: str = "7bit"
    size: int = 0
    lines: int | None = None
    disposition: str = ""
    disposition_parameters: dict[str, bytes] = field(default_factory=dict)
    envelope: Envelope | None = None
    parts: "list[BodyPart]" = field(default_factory=list)

    @property
    def file_name(self) -> bytes:
        return self.disposition_parameters.get("filename") or self.parameters.get("name", b"")

    def walk(self) -> "Iterator[BodyPart]":
        """This part and all inside it, in the order of the message."""
        yield self
        for part in self.parts:
            yield from part.walk()


def _octets(value: Value) -> bytes:
    return value if isinstance(value, bytes) else b""


def _text(value: Value) -> str:
    return _octets(value).decode("utf-8", "replace").lower()


def _number(value: Value) -> int:
    octets = _octets(value)
    return int(octets) if octets.isdigit() and len(octets) < 20 else 0


def _items(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _at(values: list[Value], index: int) -> Value:
    return values[index] if index < len(values) else None


def read_envelope(value: Value) -> Envelope:
    fields = _items(value)
    return Envelope(
        date=_octets(_at(fields, 0)),
        subject=_octets(_at(fields, 1)),
        from_=_addresses(_at(fields, 2)),
        sender=_addresses(_at(fields, 3)),
        reply_to=_addresses(_at(fields, 4)),
        to=_addresses(_at(fields, 5)),
        cc=_addresses(_at(fields, 6)),
        bcc=_addresses(_at(fields, 7)),
        in_reply_to=_octets(_at(fields, 8)),
        message_id=_octets(_at(fields, 9)),
    )


def _addresses(value: Value) -> tuple[Address, ...]:
    return tuple([_address(one) for one in value]) if isinstance(value, list) else ()


def _address(value: Value) -> Address:
    if isinstance(value, list) and len(value) == 4:
        name, _, mailbox, host = value
        return Address(_octets(name), _octets(mailbox), _octets(host))
    return Address(b"", b"", b"")


def read_structure(value: Value) -> BodyPart:
    """The tree; a message that is no multipart is its own part 1 (RFC 9051 6.4.5)."""
    values = _items(value)
    if values and isinstance(values[0], list):
        return _multipart(values, "")
    return _single(values, "1")


def _inside(section: str, number: int) -> str:
    return f"{section}.{number}" if section else str(number)


def _part(value: Value, section: str) -> BodyPart:
    values = _items(value)
    if values and isinstance(values[0], list):
        return _multipart(values, section)
    return _single(values, section)


def _multipart(values: list[Value], section: str) -> BodyPart:
    count = 0
    while count < len(values) and isinstance(values[count], list):
        count += 1
    part = BodyPart(section, "multipart", _text(_at(values, count)) or "mixed")
    part.parts = [_part(values[index], _inside(section, index + 1)) for index in range(count)]
    part.parameters = _parameters(_at(values, count + 1))
    _set_disposition(part, _at(values, count + 2))
    return part


def _single(values: list[Value], section: str) -> BodyPart:
    part = BodyPart(section, _text(_at(values, 0)) or "text", _text(_at(values, 1)) or "plain")
    part.parameters = _parameters(_at(values, 2))
    part.content_id = _octets(_at(values, 3))
    part.description = _octets(_at(values, 4))
    part.encoding = _text(_at(values, 5)) or "7bit"
    part.size = _number(_at(values, 6))
    extension = 7
    if part.type == "text":
        part.lines = _number(_at(values, 7))
        extension = 8
    elif part.type == "message" and isinstance(_at(values, 8), list):
        part.envelope = read_envelope(_at(values, 7))
        part.parts = [_embedded(_at(values, 8), section)]
        part.lines = _number(_at(values, 9))
        extension = 10
    _set_disposition(part, _at(values, extension + 1))
    return part


def _embedded(value: Value, section: str) -> BodyPart:
    """The body of an embedded message: its parts carry the section of the message itself."""
    values = _items(value)
    if values and isinstance(values[0], list):
        return _multipart(values, section)
    return _single(values, _inside(section, 1))


def _parameters(value: Value) -> dict[str, bytes]:
    values = _items(value)
    return {
        _text(name): _octets(content)
        for name, content in zip(values[::2], values[1::2], strict=False)
    }


def _set_disposition(part: BodyPart, value: Value) -> None:
    values = _items(value)
    if values:
        part.disposition = _text(values[0])
        part.disposition_parameters = _parameters(_at(values, 1))
