"""Users move from Dovecot to correo and back: over IMAP, and by the files of either."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from correo.clients.imap import ImapClient, NewMessage, TlsMode
from correo.testing.programs.dovecot import Dovecot

pytestmark = pytest.mark.peer("dovecot")

LARGE = b"Subject: large\r\n\r\n" + b"y" * 300_000 + b"\r\n"
KEYWORDS = ("\\Seen", "work")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data directory with you@example.org."""
    code, _, error = correo(tmp_path, "init", "you@example.org", "--folder", str(tmp_path))
    assert code == 0, error
    return tmp_path


def correo(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "correo", *arguments],
        cwd=folder,
        input=b"first password\n",
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "100", "CORREO_PASSWORD": "pass"},
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def migrate(
    home: Path, dovecot: Dovecot, user: str, *more: str
) -> tuple[int, list[dict[str, object]]]:
    server = f"imap://{user}@127.0.0.1:{dovecot.imap_port}"
    code, said, error = correo(home, "migrate", server, "you@example.org", "--json", *more)
    assert not error, error
    return code, [json.loads(line) for line in said.splitlines()]


def talk(dovecot: Dovecot, user: str, work: Callable[[ImapClient], Awaitable[None]]) -> None:
    async def run() -> None:
        async with await ImapClient.connect(
            "127.0.0.1", dovecot.imap_port, tls=TlsMode.NONE, timeout=20
        ) as client:
            await client.login(user, "pass", may_show_password=True)
            await work(client)

    asyncio.run(run())


def letter(number: int) -> NewMessage:
    text = f"Subject: letter {number}\r\nMessage-ID: <{number}@x>\r\n\r\n{number}\r\n"
    return NewMessage(text.encode(), KEYWORDS, 1_500_000_000 + number)


async def fill(client: ImapClient) -> None:
    await client.append_all("INBOX", [letter(number) for number in range(250)])
    await client.append("INBOX", NewMessage(LARGE, ("\\Flagged",), 1_400_000_000))
    await client.create("Año/2024")
    await client.append("Año/2024", letter(1000))


def exported(home: Path) -> dict[str, list[tuple[str, bytes, str, int]]]:
    """What the account holds: by folder, each message's subject line, octets, flags and date."""
    shutil.rmtree(home / "out", ignore_errors=True)
    code, _, error = correo(home, "export", "you@example.org", "--maildir", "out", "-q")
    assert code == 0, error
    return {
        str(folder.relative_to(home / "out")): sorted(
            (
                file.read_bytes().split(b"\n")[0].decode(),
                file.read_bytes().replace(b"\n", b"\r\n"),
                file.name.partition(":2,")[2],
                int(file.stat().st_mtime),
            )
            for file in (folder / "cur").iterdir()
        )
        for folder in (home / "out", *(home / "out").glob(".*"))
        if any((folder / "cur").iterdir())
    }


def test_a_user_moves_twice_and_everything_is_here_once(home: Path, dovecot: Dovecot) -> None:
    talk(dovecot, "mover", fill)
    code, rows = migrate(home, dovecot, "mover")
    assert code == 0
    assert rows[-1] == {
        "moved": 252, "known": 0, "skipped": 0, "octets": rows[-1]["octets"], "flags_followed": 0,
        "there": 252, "same": 252, "different": 0, "missing": 0,
    }  # fmt: skip
    found = exported(home)
    assert set(found) == {".", ".A&APE-o.2024"}
    assert ("Subject: large", LARGE, "F", 1_400_000_000) in found["."]
    assert found[".A&APE-o.2024"][0][2:] == ("Sa", 1_500_001_000)

    async def change(client: ImapClient) -> None:
        await client.append("INBOX", letter(2000))
        await client.select("INBOX")
        await client.store("1:10", ["\\Answered"])

    talk(dovecot, "mover", change)
    code, rows = migrate(home, dovecot, "mover")
    assert code == 0
    assert (rows[-1]["moved"], rows[-1]["flags_followed"], rows[-1]["same"]) == (1, 10, 253)
    assert sum("R" in flags for _, _, flags, _ in exported(home)["."]) == 10


def test_a_preview_moves_nothing_and_patterns_choose(home: Path, dovecot: Dovecot) -> None:
    talk(dovecot, "chooser", fill)
    code, rows = migrate(home, dovecot, "chooser", "--dry-run", "--only", "A*", "--into", "Old")
    assert (code, [(row["source"], row["mailbox"], row["messages"]) for row in rows]) == (
        0,
        [("Año/2024", "Old/Año/2024", 1)],
    )
    assert exported(home) == {}
    code, rows = migrate(home, dovecot, "chooser", "--exclude", "INBOX", "--only", "*")
    assert (code, rows[-1]["moved"]) == (0, 1)


def test_a_wrong_password_is_said_and_nobody_there_may_be_tried_later(
    home: Path, dovecot: Dovecot
) -> None:
    server = f"imap://x@127.0.0.1:{dovecot.imap_port}"
    code, _, error = correo(home, "migrate", server, "you@example.org", "--password", "wrong")
    assert code == 1
    assert "login was refused" in error
    code, _, error = correo(home, "migrate", "imap://x@127.0.0.1:1", "you@example.org")
    assert code == 75
    assert "no connection to 127.0.0.1:1" in error


def test_dovecots_own_maildir_is_imported_with_its_keywords(home: Path, dovecot: Dovecot) -> None:
    talk(dovecot, "files", fill)
    maildir = dovecot.home / "mail" / "files" / "Maildir"
    code, said, error = correo(home, "import", "you@example.org", str(maildir))
    assert code == 0, error
    assert said.startswith("252 messages imported")
    found = exported(home)
    assert {flags for _, _, flags, _ in found["."]} == {"F", "Sa"}
    assert len(found[".A&APE-o.2024"]) == 1


def test_dovecot_reads_what_was_exported(home: Path, dovecot: Dovecot) -> None:
    talk(dovecot, "source", fill)
    migrate(home, dovecot, "source")
    target = dovecot.home / "mail" / "reader" / "Maildir"
    code, _, error = correo(home, "export", "you@example.org", "--maildir", str(target))
    assert code == 0, error
    for path in (target.parent, *target.parent.rglob("*")):
        shutil.chown(path, "dovenull")

    async def work(client: ImapClient) -> None:
        names = {entry.name for entry in await client.mailboxes()}
        assert {"INBOX", "Año/2024"} <= names
        mailbox = await client.select("INBOX", read_only=True)
        assert mailbox.exists == 251
        items = "(FLAGS INTERNALDATE RFC822.SIZE)"
        found = [data async for data in client.fetch("1:*", items)]
        assert {data.internal_date for data in found} == {
            1_400_000_000,
            *(1_500_000_000 + number for number in range(250)),
        }
        assert sum("work" in (data.flags or ()) for data in found) == 250
        assert len(LARGE) in {data.size for data in found}

    talk(dovecot, "reader", work)
