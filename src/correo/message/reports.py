"""Build delivery status notifications from plain data.

`delivery.bounce` calls it; who is told what, and when, is decided there.

RFC 3461    6        what a notification must hold, RET, ENVID, ORCPT
RFC 3464    2        message/delivery-status and its fields
RFC 6522             multipart/report
RFC 6533    4        message/global-delivery-status, message/global-headers, utf-8 addresses

The classic forms are used as long as all is US-ASCII, the internationalized ones for addresses
or returned headers that are not. A notification never holds binary content: what is returned
in full is embedded as it is, so it is 8-bit if the original was (`downgrade.to_7bit` helps).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from correo.message.builder import build_from, fold_text
from correo.message.dates import format_date
from correo.message.entities import Entity, is_utf8, message_entity, multipart_entity, text_entity

__all__ = ["Action", "DeliveryReport", "RecipientReport", "Returned", "build_report"]

FIELD_LIMIT = 900  # octets of a value taken from a peer; ours, under the line limit

_EMBEDDED_CHARACTER = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


class Action(Enum):
    """What became of a recipient (RFC 3464 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


class Returned(Enum):
    """How much of the original comes along (RFC 3461 4.3)."""

    FULL = "FULL"
    HEADERS = "HDRS"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class RecipientReport:
    """One recipient.

    address: as it stood in RCPT. original: ORCPT decoded, "type;address", None if not given.
    status: enhanced status code. remote_host: who said `diagnostic`, None if it was us.
    diagnostic: the peer's reply in its own words, "550 5.1.1 no such user".
    last_attempt, retry_until: seconds since 1970 UTC.
    """

    address: str
    action: Action
    status: str
    original: str | None = None
    remote_host: str | None = None
    diagnostic: str | None = None
    last_attempt: int | None = None
    retry_until: int | None = None


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a notification says of a message.

    reporting_host: our name. envelope_id: ENVID decoded. arrived: seconds since 1970 UTC.
    """

    reporting_host: str
    recipients: Sequence[RecipientReport]
    arrived: int | None = None
    envelope_id: str | None = None
    received_from: str | None = None
    extra: Sequence[tuple[str, str]] = field(default_factory=tuple)


def build_report(
    report: DeliveryReport,
    *,
    sender: bytes,
    recipient: str,
    subject: str,
    text: str,
    original: bytes,
    returned: Returned,
    date: int,
    message_id: str,
) -> bytes:
    """The notification as a whole message in CRLF lines.

    sender: a From value, `Mail Delivery System <postmaster@...>`, formatted already.
    recipient: the original's reverse-path. text: the explanation for people.
    original: the message, or its header if no more is returned.
    """
    fields = [
        (b"Date", format_date(date)),
        (b"From", sender),
        (b"To", b"<" + recipient.encode("utf-8", "replace") + b">"),
        (b"Message-ID", f"<{message_id}>".encode()),
        (b"Subject", fold_text(subject, first_column=len("Subject: "))),
        (b"Auto-Submitted", b"auto-replied"),
    ]
    parts = [text_entity(text), status_entity(report)]
    if returned is not Returned.NOTHING:
        parts.append(_returned_entity(original, returned))
    content = multipart_entity("report", parts, {"report-type": "delivery-status"})
    return build_from(fields, content)


def status_entity(report: DeliveryReport) -> Entity:
    """The part for machines: fields of the message, then a block for each recipient."""
    blocks = [_message_block(report)]
    blocks.extend(_recipient_block(recipient) for recipient in report.recipients)
    body = b"\r\n".join(blocks)
    if body.isascii():
        return Entity([(b"Content-Type", b"message/delivery-status")], body)
    return Entity(
        [
            (b"Content-Type", b"message/global-delivery-status"),
            (b"Content-Transfer-Encoding", b"8bit"),
        ],
        body,
    )


def _message_block(report: DeliveryReport) -> bytes:
    fields = [("Reporting-MTA", f"dns; {report.reporting_host}")]
    if report.envelope_id is not None:
        fields.insert(0, ("Original-Envelope-Id", report.envelope_id))
    if report.received_from is not None:
        fields.append(("Received-From-MTA", f"dns; {report.received_from}"))
    if report.arrived is not None:
        fields.append(("Arrival-Date", format_date(report.arrived).decode("ascii")))
    return _block([*fields, *report.extra])


def _recipient_block(recipient: RecipientReport) -> bytes:
    fields = []
    if recipient.original is not None:
        kind, _, address = recipient.original.partition(";")
        if kind.strip().lower() == "utf-8":
            address = _EMBEDDED_CHARACTER.sub(_character, address)
        fields.append(("Original-Recipient", f"{kind.strip()}; {address.strip()}"))
    kind = "rfc822" if recipient.address.isascii() else "utf-8"
    fields += [
        ("Final-Recipient", f"{kind}; {recipient.address}"),
        ("Action", recipient.action.value),
        ("Status", recipient.status),
    ]
    if recipient.remote_host is not None:
        fields.append(("Remote-MTA", f"dns; {recipient.remote_host}"))
    if recipient.diagnostic is not None:
        fields.append(("Diagnostic-Code", f"smtp; {recipient.diagnostic}"))
    if recipient.last_attempt is not None:
        fields.append(("Last-Attempt-Date", format_date(recipient.last_attempt).decode("ascii")))
    if recipient.retry_until is not None and recipient.action is Action.DELAYED:
        fields.append(("Will-Retry-Until", format_date(recipient.retry_until).decode("ascii")))
    return _block(fields)


def _character(escape: re.Match[str]) -> str:
    """An EmbeddedUnicodeChar as the character it stands for (RFC 6533 3)."""
    point = int(escape[1], 16)
    return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else escape[0]


def _block(fields: Sequence[tuple[str, str]]) -> bytes:
    return b"".join(
        f"{name}: {_one_line(name, value)}\r\n".encode("utf-8", "replace") for name, value in fields
    )


def _one_line(name: str, value: str) -> str:
    """A peer's words cannot begin a field of their own; only addresses stay beyond ASCII."""
    line = _CONTROLS.sub(" ", value).strip()[:FIELD_LIMIT]
    if name.endswith("-Recipient"):
        return line
    return line.encode("ascii", "backslashreplace").decode("ascii")


def _returned_entity(original: bytes, returned: Returned) -> Entity:
    if returned is Returned.FULL:
        return message_entity(original)
    end = re.search(rb"(?:\A|\n)\r?\n", original)
    header = original[: end.end()] if end else original
    if header.isascii():
        return Entity([(b"Content-Type", b"text/rfc822-headers")], header)
    kind = b"message/global-headers" if is_utf8(header) else b"text/rfc822-headers"
    return Entity([(b"Content-Type", kind), (b"Content-Transfer-Encoding", b"8bit")], header)
