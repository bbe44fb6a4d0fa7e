"""`correo import` and `correo export` as people and scripts call them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from correo.testing import Mail

LETTER = b"Subject: one\nDate: Mon, 2 Jan 2006 15:04:05 +0000\n\nHola\n"


def correo(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "correo", *arguments],
        cwd=folder,
        input=b"first password\n",
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "100"},
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data directory with you@example.org, and some mail of elsewhere."""
    code, _, error = correo(tmp_path, "init", "you@example.org", "--folder", str(tmp_path))
    assert code == 0, error
    for name, octets in (("a", LETTER), ("Trips/b", LETTER), ("broken", b"<html>")):
        path = tmp_path / "old" / f"{name}.eml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
    (tmp_path / "run").mkdir(exist_ok=True)
    return tmp_path


def test_mail_comes_in_once_and_what_is_broken_is_said(home: Path) -> None:
    code, said, error = correo(home, "import", "you@example.org", "old", "--flag", "\\Seen")
    assert code == 1
    assert said.startswith("2 messages imported, 120 octets in ")
    assert "correo: broken.eml: it does not begin with a header" in error
    assert "1 message skipped" in error
    (home / "old" / "broken.eml").unlink()
    code, said, error = correo(home, "import", "you@example.org", "old", "--json")
    assert (code, error) == (0, "")
    rows = [json.loads(line) for line in said.splitlines()]
    assert [(row["mailbox"], row["is_new"]) for row in rows[:2]] == [
        ("INBOX", False),
        ("Trips", False),
    ]
    assert (rows[2]["imported"], rows[2]["known"], rows[2]["skipped"]) == (0, 2, 0)


def test_a_file_name_that_is_no_unicode_is_told_all_the_same(home: Path) -> None:
    (home / "old" / os.fsdecode(b"\xff.eml")).write_bytes(LETTER)
    (home / "old" / os.fsdecode(b"\xfe.eml")).write_bytes(b"<html>")
    code, out, error = correo(home, "import", "you@example.org", "old", "--json")
    told = [json.loads(line) for line in out.splitlines()]
    assert code == 1, error
    assert {each.get("origin") for each in told} >= {"\\udcff.eml", "\\udcfe.eml"}


def test_a_dry_run_lists_mailboxes_and_files_nothing(home: Path) -> None:
    code, said, _ = correo(home, "import", "you@example.org", "old", "--dry-run")
    assert code == 0
    assert [line.split("  ")[0] for line in said.splitlines()] == ["INBOX", "Trips"]
    code, said, _ = correo(home, "export", "you@example.org", "--maildir", "out")
    assert said.startswith("0 messages exported")


def test_a_mailbox_that_does_not_open_there_keeps_no_other_from_moving(
    home: Path, mail: Mail
) -> None:
    mail.put("zoe", subject="not this one")
    mail.put("zoe", subject="this one", mailbox="Work")
    where = mail.listeners["imaps"]
    address, password = mail.address("zoe"), mail.password("zoe")
    mail.faults.refuse("SELECT", times=1)
    code, out, error = correo(
        home, "migrate", f"imaps://{where.host}:{where.port}", "you@example.org",
        "--user", address, "--password", password, "--ca", str(mail.ca_certificate),
    )  # fmt: skip
    assert code == 1, out
    assert "INBOX: the server does not open it: refused by a rule" in error
    assert "Work -> Work: 1 there, 1 the same" in out


def test_one_account_or_all_go_out(home: Path) -> None:
    correo(home, "import", "you@example.org", "old", "-q")
    code, said, _ = correo(home, "export", "you@example.org", "--maildir", "out")
    assert (code, said.split(",")[0]) == (0, "2 messages exported")
    [file] = (home / "out" / "cur").iterdir()
    assert file.read_bytes() == LETTER
    code, _, _ = correo(home, "export", "--all", "--mbox", "all")
    assert code == 0
    assert (home / "all" / "you@example.org" / "Trips.mbox").read_bytes().endswith(LETTER + b"\n")


MISTAKES = [
    (["import", "nobody@example.org", "old"], 1, "there is no account nobody@example.org"),
    (["import", "you@example.org", "missing"], 1, "missing: No such file or directory"),
    (["import", "you@example.org", "run"], 1, "run holds no mail"),
    (["export", "--maildir", "out"], 2, "name an ADDRESS, or all accounts with --all"),
    (["export", "--all"], 2, "name one place for the mail"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), MISTAKES)
def test_mistakes_are_sentences(home: Path, arguments: list[str], code: int, words: str) -> None:
    found, _, error = correo(home, *arguments)
    assert found == code
    assert words in error
