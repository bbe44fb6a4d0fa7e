"""The fixture beside other plugins: pytest-xdist, pytest-asyncio in both its modes, anyio's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SYNC = """
import smtplib
import pytest


@pytest.mark.parametrize("number", range(6))
def test_each_has_its_own(mail, number):
    server = mail.listeners["smtp"]
    text = f"Subject: number {number}\\r\\n\\r\\nx\\r\\n"
    with smtplib.SMTP(server.host, server.port) as client:
        client.sendmail("a@b.test", [mail.address("zoe")], text)
    assert mail.wait_for(to="zoe").subject == f"number {number}"
    assert len(mail.inbox("zoe")) == 1
"""

ASYNC = """
import asyncio
import pytest
from correo.clients.imap import ImapAccount, Q

{mark}

async def test_a_coroutine_waits_for_mail(mail):
    where = mail.listeners["imaps"]
    account = ImapAccount(
        where.host, mail.address("ana"), mail.password("ana"), port=where.port,
        context=mail.trust, server_name="localhost",
    )
    mail.put("ana", subject="hello", text="x")
    async with account.open("INBOX") as inbox:
        assert await inbox.search(Q.subject("hello")) == [1]
    message = await asyncio.to_thread(mail.wait_for, to="ana", subject="hello")
    assert message.text.strip() == "x"
"""

WAYS = [
    # id                       test, options, configuration, tests that pass
    ("two processes", SYNC, ["-n", "2"], "", 6),
    ("pytest-asyncio, strict", ASYNC.format(mark="pytestmark = pytest.mark.asyncio"), [], "", 1),
    ("pytest-asyncio, auto", ASYNC.format(mark=""), [], "asyncio_mode = auto", 1),
    (
        "pytest-asyncio, one loop for all",
        ASYNC.format(mark=""),
        [],
        "asyncio_mode = auto\nasyncio_default_test_loop_scope = session",
        1,
    ),
    ("anyio", ASYNC.format(mark="pytestmark = pytest.mark.anyio"), ["-k", "asyncio"], "", 1),
]

BROKEN_FIXTURES = """
import imaplib
import pytest


@pytest.fixture
def client(mail):
    where = mail.listeners["imap"]
    client = imaplib.IMAP4(where.host, where.port)
    client.noop()
    yield client
    client.logout()
    raise RuntimeError("behind the test")


@pytest.fixture
def member(client):
    raise RuntimeError("before the test")


def test_one(client):
    pass


def test_two(member):
    pass
"""


def run_pytest(folder: Path, test: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(test)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={key: value for key, value in os.environ.items() if "PYTEST" not in key},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_fixture_that_fails_before_or_behind_the_test_shows_what_was_said(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, BROKEN_FIXTURES)
    assert "1 passed, 3 errors" in run.stdout
    assert run.stdout.count("NOOP") == 3, run.stdout


@pytest.mark.parametrize(
    ("test", "options", "configuration", "passed"), [pytest.param(*w, id=i) for i, *w in WAYS]
)
def test_the_fixture_works_beside_it(
    tmp_path: Path, test: str, options: list[str], configuration: str, passed: int
) -> None:
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{configuration}\n")
    run = run_pytest(tmp_path, test, *options)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{passed} passed" in run.stdout
