"""Delivery status notifications: what they hold, and that other people's parsers read them."""

import email
import re

import pytest

from correo.message import headers
from correo.message.downgrade import needs, to_7bit
from correo.message.reports import Action, DeliveryReport, RecipientReport, Returned, build_report
from correo.message.scan import scan
from correo.message.structure import Structure

ORIGINAL = b"From: ana@sender.example\r\nSubject: x\r\n\r\nHello\r\n"
FAILED = RecipientReport(
    "bob@correo.test", Action.FAILED, "5.1.1", original="rfc822;Bob@correo.test",
    remote_host="mx.correo.test", diagnostic="550 5.1.1 no such user", last_attempt=60, retry_until=90,
)  # fmt: skip


def report(
    *recipients: RecipientReport, original: bytes = ORIGINAL, returned: Returned = Returned.FULL
) -> bytes:
    return build_report(
        DeliveryReport("mail.example", recipients, arrived=0, envelope_id="QQ+314", received_from="client.example"),
        sender=b"Mail Delivery System <postmaster@mail.example>", recipient="ana@sender.example",
        subject="Undelivered mail", text="It could not be delivered.\n", original=original,
        returned=returned, date=0, message_id="1@mail.example",
    )  # fmt: skip


def bodies(octets: bytes) -> list[tuple[str, bytes]]:
    root = Structure.decode(scan(octets).structure).root
    return [(part.content_type, part.body(octets)) for part in root.children]


def test_a_report_has_its_three_parts() -> None:
    octets = report(FAILED)
    assert bodies(octets) == [
        ("text/plain", b"It could not be delivered.\r\n"),
        (
            "message/delivery-status",
            b"Original-Envelope-Id: QQ+314\r\nReporting-MTA: dns; mail.example\r\n"
            b"Received-From-MTA: dns; client.example\r\nArrival-Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n\r\n"
            b"Original-Recipient: rfc822; Bob@correo.test\r\nFinal-Recipient: rfc822; bob@correo.test\r\n"
            b"Action: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.correo.test\r\n"
            b"Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
            b"Last-Attempt-Date: Thu, 1 Jan 1970 00:01:00 +0000\r\n",
        ),
        ("message/rfc822", ORIGINAL),
    ]
    root = Structure.decode(scan(octets).structure).root
    assert root.parameters["report-type"] == "delivery-status"
    assert headers.first(octets, b"auto-submitted") == b"auto-replied"


def test_python_reads_the_blocks_of_a_report() -> None:
    _, _, status, *blocks = email.message_from_bytes(report(FAILED, FAILED)).walk()
    assert status.get_content_type() == "message/delivery-status"
    assert [block["Action"] for block in blocks[:3]] == [None, "failed", "failed"]


def test_a_retry_is_told_only_of_delays() -> None:
    delayed = RecipientReport("a@b", Action.DELAYED, "4.4.1", retry_until=90)
    assert b"Will-Retry-Until" in report(delayed)
    assert b"Will-Retry-Until" not in report(FAILED)


@pytest.mark.parametrize(
    ("returned", "last"),
    [
        (
            Returned.HEADERS,
            ("text/rfc822-headers", b"From: ana@sender.example\r\nSubject: x\r\n\r\n"),
        ),
        (Returned.NOTHING, None),
    ],
)
def test_no_more_comes_back_than_was_asked_for(
    returned: Returned, last: tuple[str, bytes] | None
) -> None:
    parts = bodies(report(FAILED, returned=returned))
    assert parts[2:] == ([last] if last else [])


def test_an_internationalized_address_makes_the_report_so() -> None:
    recipient = RecipientReport(
        "bób@correo.test", Action.FAILED, "5.1.1", original="utf-8;b\\x{F3}b@correo.test"
    )
    octets = report(recipient, original="From: ána@x\r\n\r\n".encode(), returned=Returned.HEADERS)
    (_, status), (kind, _) = bodies(octets)[1:]
    assert "Final-Recipient: utf-8; bób@correo.test\r\n".encode() in status
    assert "Original-Recipient: utf-8; bób@correo.test\r\n".encode() in status
    assert bodies(octets)[1][0] == "message/global-delivery-status"
    assert kind == "message/global-headers"
    assert not needs(octets).utf8_header
    assert to_7bit(octets).isascii()


def test_a_peers_words_cannot_begin_a_field() -> None:
    evil = RecipientReport(
        "a@b",
        Action.FAILED,
        "5.0.0",
        diagnostic="550 no\r\nStatus: 2.0.0\r\n\r\nx\xff" + "y" * 5000,
    )
    status = bodies(report(evil))[1][1]
    assert status.count(b"\nStatus:") == 1
    assert status.isascii()
    assert all(len(line) <= 998 for line in re.split(rb"\r\n", status))


def test_an_8_bit_original_comes_back_as_it_was() -> None:
    original = "Subject: x\r\n\r\nHällo\r\n".encode()
    octets = report(FAILED, original=original)
    assert bodies(octets)[2] == ("message/rfc822", original)
    assert headers.first(octets, b"content-transfer-encoding") == b"8bit"
