"""Postfix and correo hand each other mail, as two servers of the world do."""

import imaplib
import smtplib
import time
from pathlib import Path

from correo.testing.process import ServerProcess
from correo.testing.programs.postfix import Postfix

WAIT_LIMIT_S = 30.0
EIGHT_BIT = "From: ana@correo.test\r\nSubject: {}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nmañana\r\n.dot\r\n"


def submit(correo: ServerProcess, to: list[str], subject: str) -> None:
    listener = correo.listeners["submission"]
    with smtplib.SMTP(listener.host, listener.port, timeout=20) as client:
        client.sendmail(
            "ana@correo.test", to, EIGHT_BIT.format(subject).encode(), ["BODY=8BITMIME"]
        )


def wait_for_file(folder: Path, subject: str) -> bytes:
    """The one message with this subject in a Maildir, as soon as it is there."""
    deadline = time.monotonic() + WAIT_LIMIT_S
    while time.monotonic() < deadline:
        for path in folder.glob("new/*"):
            octets = path.read_bytes()
            if f"Subject: {subject}".encode() in octets:
                return octets
        time.sleep(0.05)
    raise AssertionError(f"no message {subject!r} arrived in {folder}")


def wait_for_message(correo: ServerProcess, subject: str, user: str) -> bytes:
    """The one message with this subject in the user's INBOX, as soon as it is there."""
    listener = correo.listeners["imap"]
    client = imaplib.IMAP4(listener.host, listener.port, timeout=20)
    client.login(user, "correo")
    client.select("INBOX", readonly=True)
    deadline = time.monotonic() + WAIT_LIMIT_S
    while time.monotonic() < deadline:
        client.noop()
        _, found = client.search(None, "SUBJECT", f'"{subject}"')
        if found[0]:
            _, answer = client.fetch(found[0].split()[0].decode(), "(BODY.PEEK[])")
            client.logout()
            part = answer[0]
            assert isinstance(part, tuple)
            octets: bytes = part[1]
            return octets
        time.sleep(0.05)
    raise AssertionError(f"no message {subject!r} arrived for {user}")


def test_correo_delivers_to_postfix_with_the_content_unchanged(
    correo: ServerProcess, postfix: Postfix
) -> None:
    submit(correo, ["someone@remote.test", "another@remote.test"], "out to Postfix")
    arrived = wait_for_file(postfix.maildir, "out to Postfix")
    assert arrived.endswith("\n\nmañana\n.dot\n".encode())
    assert b"Received: from" in arrived


def test_postfix_delivers_to_correo_with_the_content_unchanged(
    correo: ServerProcess, postfix: Postfix
) -> None:
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=20) as client:
        client.sendmail(
            "zoe@remote.test",
            ["bob@correo.test"],
            EIGHT_BIT.format("in from Postfix").encode(),
            ["BODY=8BITMIME"],
        )
    arrived = wait_for_message(correo, "in from Postfix", "bob@correo.test")
    assert arrived.startswith(b"Return-Path: <zoe@remote.test>\r\n")
    assert arrived.endswith("\r\n\r\nmañana\r\n.dot\r\n".encode())


def test_postfix_bounces_for_a_recipient_correo_refuses_and_the_bounce_comes_back(
    correo: ServerProcess, postfix: Postfix
) -> None:
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=20) as client:
        client.sendmail(
            "bob@correo.test",
            ["nobody-at-all@correo.test"],
            EIGHT_BIT.format("to nobody").encode(),
            ["BODY=8BITMIME"],
        )
    report = wait_for_message(correo, "Undelivered Mail", "bob@correo.test")
    assert b"5.1.1" in report
    assert b"nobody-at-all@correo.test" in report
