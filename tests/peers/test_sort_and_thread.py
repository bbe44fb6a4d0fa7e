"""SORT and THREAD give what Dovecot gives, for mail as it comes."""

import imaplib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from correo.testing.process import ServerProcess
from correo.testing.programs.dovecot import Dovecot

pytestmark = pytest.mark.peer("dovecot")

COUNT = 60
SUBJECTS = ["plan", "Re: plan", "[list] plan", "Lunch", "Fwd: lunch", "=?utf-8?q?Caf=C3=A9?=", ""]
PEOPLE = ["Ana <ana@x.test>", "bob@y.test", '"Zoe, Dr." <zoe@x.test>', "Carl <carl@z.test>"]
SORTS = [
    "ARRIVAL", "DATE", "REVERSE DATE", "SUBJECT", "FROM SUBJECT", "TO REVERSE ARRIVAL", "CC DATE",
    "SIZE", "REVERSE SIZE DATE", "DISPLAYFROM", "REVERSE DISPLAYTO SUBJECT",
]  # fmt: skip


def mail() -> list[bytes]:
    """Letters of which some answer others, some of these being missing."""
    choose = random.Random(7)
    letters = []
    for number in range(COUNT):
        fields = [
            f"Message-ID: <{number}@x.test>",
            f"From: {choose.choice(PEOPLE)}",
            f"To: {choose.choice(PEOPLE)}, {choose.choice(PEOPLE)}",
            f"Date: Mon, {choose.randrange(1, 28):02} Nov 2026 10:{number:02}:00 +0000",
            f"Subject: {choose.choice(SUBJECTS)}",
        ]
        if choose.random() < 0.5:
            fields.append(f"Cc: {choose.choice(PEOPLE)}")
        if choose.random() < 0.6:
            answered = sorted(choose.sample(range(COUNT + 20), choose.randrange(1, 4)))
            fields.append("References: " + " ".join(f"<{each}@x.test>" for each in answered))
        body = "x" * choose.randrange(300)
        letters.append("\r\n".join([*fields, "", body, ""]).encode())
    return letters


@contextmanager
def filled(port: int, user: str, password: str) -> Iterator[imaplib.IMAP4]:
    client = imaplib.IMAP4("127.0.0.1", port)
    client.login(user, password)
    client.create("Sorted")
    for number, letter in enumerate(mail()):
        date = f'"{1 + number % 28:02}-Oct-2026 10:{number:02}:00 +0000"'
        client.append("Sorted", "", date, letter)
    client.select("Sorted")
    yield client
    client.logout()


@pytest.fixture(scope="module")
def ours(correo: ServerProcess) -> Iterator[imaplib.IMAP4]:
    with filled(correo.listeners["imap"].port, "eva@correo.test", "secret") as client:
        yield client


@pytest.fixture(scope="module")
def theirs(dovecot: Dovecot) -> Iterator[imaplib.IMAP4]:
    with filled(dovecot.imap_port, "imap-sort", "pass") as client:
        yield client


@pytest.mark.parametrize("order", SORTS)
def test_a_mailbox_is_sorted_alike(ours: imaplib.IMAP4, theirs: imaplib.IMAP4, order: str) -> None:
    found = ours.sort(f"({order})", "UTF-8", "ALL")
    assert found == theirs.sort(f"({order})", "UTF-8", "ALL")
    assert len(found[1][0].split()) == COUNT


@pytest.mark.parametrize("algorithm", ["ORDEREDSUBJECT", "REFERENCES", "REFS"])
def test_a_mailbox_is_threaded_alike(
    ours: imaplib.IMAP4, theirs: imaplib.IMAP4, algorithm: str
) -> None:
    assert ours.thread(algorithm, "UTF-8", "ALL") == theirs.thread(algorithm, "UTF-8", "ALL")


def test_only_what_is_found_is_sorted(ours: imaplib.IMAP4, theirs: imaplib.IMAP4) -> None:
    found = ours.uid("SORT", "(REVERSE DATE)", "UTF-8", "SUBJECT", "plan", "LARGER", "300")
    assert found == theirs.uid(
        "SORT", "(REVERSE DATE)", "UTF-8", "SUBJECT", "plan", "LARGER", "300"
    )
