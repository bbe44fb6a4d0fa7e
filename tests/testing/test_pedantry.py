"""What a pedantic test does not let pass, and what it does."""

import imaplib
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.testing.ways import letter, send

from correo.testing import Mail
from correo.testing.pedantry import in_body, in_command, in_header, in_lines

GOOD = (
    b"Date: Fri, 27 Nov 2026 10:00:00 +0000\r\nFrom: a@b.test\r\nTo: c@d.test\r\n"
    b"Subject: hi\r\nMessage-ID: <1@b.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
)

HEADERS = [
    # id                 changed                                              the complaint names
    ("no date", (b"Date: Fri, 27 Nov 2026 10:00:00 +0000\r\n", b""), "Date is missing"),
    ("bad date", (b"Fri, 27 Nov 2026 10:00:00 +0000", b"yesterday"), "'yesterday' is no date"),
    ("two subjects", (b"Subject: hi\r\n", b"Subject: hi\r\nsubject: ho\r\n"), "Subject stands there 2"),
    ("bare identifier", (b"<1@b.test>", b"1@b.test"), "no Message-ID"),
    ("8 bit", (b"Subject: hi", b"Subject: ma\xc3\xb1ana"), "other characters than ASCII"),
    ("no version", (b"MIME-Version: 1.0\r\n", b""), "without MIME-Version"),
    ("no address", (b"From: a@b.test", b"From: Ana"), "From has no address"),
]  # fmt: skip


def test_a_good_header_has_no_complaint() -> None:
    assert in_header(GOOD) == []


@pytest.mark.parametrize(("change", "words"), [pytest.param(c, w, id=i) for i, c, w in HEADERS])
def test_each_mistake_in_a_header_is_named_alone(change: tuple[bytes, bytes], words: str) -> None:
    [complaint] = in_header(GOOD.replace(*change))
    assert words in complaint


def test_utf_8_is_good_in_a_message_that_says_so() -> None:
    assert in_header(GOOD.replace(b"hi", "mañana".encode()), utf8=True) == []


def test_lines_may_have_998_octets_and_end_in_crlf() -> None:
    assert in_lines(b"x" * 998 + b"\r\ny\r\n") == []
    assert "999 octets" in in_lines(b"x" * 999 + b"\r\n")[0]
    assert "CR or LF alone" in in_lines(b"a\nb\r\n")[0]
    assert "NUL" in in_lines(b"a\x00\r\n")[0]


@given(st.binary(max_size=200))
def test_any_octets_may_be_looked_at(octets: bytes) -> None:
    in_header(octets)
    in_lines(octets)
    in_body(octets, "a@b.test", [])
    in_command("smtp", octets.decode("latin-1"))


def complete(mail: Mail) -> None:
    send(
        mail,
        letter(
            mail.address("zoe"),
            Date="Fri, 27 Nov 2026 10:00:00 +0000",
            Message_ID="<1@sender.test>",
        ),
    )


@pytest.mark.mail(pedantic=True)
def test_good_mail_passes(mail: Mail) -> None:
    complete(mail)
    assert mail.complaints == []


def test_what_was_said_is_looked_at(mail: Mail) -> None:
    complete(mail)
    endpoint = mail.listeners["smtp"]
    client = smtplib.SMTP(endpoint.host, endpoint.port, timeout=10)
    client.docmd("HALLO", "you")
    client.close()
    endpoint = mail.listeners["imaps"]
    reader = imaplib.IMAP4_SSL(endpoint.host, endpoint.port, ssl_context=mail.trust)
    reader.login(mail.address("zoe"), mail.password("zoe"))
    reader.select("INBOX")
    with pytest.raises(imaplib.IMAP4.error):
        reader.search(None, "NONSENSE")
    reader.logout()
    words = "\n".join(mail.complaints)
    assert "smtp: 'HALLO you' was answered '500 5.5.1" in words
    assert "smtp: the client left without QUIT, after 'HALLO you'" in words
    assert "imaps: " in words


COMMANDS = [
    # id              line                                  the complaint has
    ("a space", "MAIL FROM: <a@b.test>", "space behind the colon"),
    ("no brackets", "rcpt to:zoe@correo.test", "no angle brackets"),
    ("an underscore", "EHLO my_host", "'my_host' in EHLO is no host name"),
    ("a bare address", "HELO 2001:db8::1", "in EHLO is no host name"),
    ("good", "MAIL FROM:<> SIZE=3", ""),
    ("a good name", "EHLO my-host.example", ""),
    ("a literal", "EHLO [IPv6:2001:db8::1]", ""),
    ("another literal", "EHLO [127.0.0.1]", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "words"), [pytest.param(x, w, id=i) for i, x, w in COMMANDS])
def test_what_a_lax_server_takes_is_said(line: str, words: str) -> None:
    found = in_command("smtp", line)
    assert [words in each for each in found] == [True] * bool(words)
    assert in_command("imap", line) == []


@pytest.mark.parametrize(
    ("options", "complaints"),
    [
        ([], ["the message has octets above 127, and MAIL did not say BODY=8BITMIME (RFC 6152 3)"]),
        (["body=8bitmime"], []),
    ],
)
def test_octets_above_127_are_to_be_announced(
    mail: Mail, options: list[str], complaints: list[str]
) -> None:
    endpoint = mail.listeners["smtp"]
    text = GOOD.replace(
        b"text/plain\r\n", b"text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    )
    with smtplib.SMTP(endpoint.host, endpoint.port, timeout=10) as client:
        client.sendmail("a@b.test", [mail.address("zoe")], text + "mañana\r\n".encode(), options)
    assert mail.complaints == complaints


PROJECT = """
import smtplib
import pytest


@pytest.mark.mail(pedantic={pedantic})
def test_careless(mail):
    server = mail.listeners["submission"]
    with smtplib.SMTP(server.host, server.port) as client:
        client.sendmail("a@b.test", [mail.address("zoe")], "Subject: no more\\r\\n\\r\\n.\\r\\n")
"""


@pytest.mark.parametrize(("pedantic", "outcome"), [(True, "1 failed"), (False, "1 passed")])
def test_a_test_fails_by_pedantry_if_it_asked_for_it(
    tmp_path: Path, pedantic: bool, outcome: str
) -> None:
    (tmp_path / "test_it.py").write_text(PROJECT.format(pedantic=pedantic))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert outcome in run.stdout
    assert ("the field Date is missing" in run.stdout) is pedantic
