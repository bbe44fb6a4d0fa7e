"""`correo pop` as people and scripts call it."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from correo.testing.pop3_house import PASSWORD, USER, pop3_house

MESSAGES = [b"Subject: one\r\n\r\n.dot\r\n", b"Subject: two\r\n\r\n"]
OCTETS = sum(map(len, MESSAGES))


def correo_pop(folder: Path, *arguments: str, password: str = PASSWORD) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "correo", "pop", *arguments],
        cwd=folder,
        input=f"{password}\n".encode(),
        capture_output=True,
        timeout=30,
        check=False,
        env={**os.environ, "COLUMNS": "100"},
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_keep_then_delete_into_each_kind_of_folder(tmp_path: Path) -> None:
    async def main() -> None:
        async with asyncio.timeout(60), pop3_house() as house:
            await house.fill(MESSAGES)
            call = [f"127.0.0.1:{house.port}", "-u", USER]

            async def pop(*more: str, password: str = PASSWORD) -> tuple[int, str, str]:
                return await asyncio.to_thread(
                    correo_pop, tmp_path, *call, *more, password=password
                )

            code, said, _ = await pop("--maildir", "M")
            assert (code, said) == (0, f"2 messages fetched, {OCTETS} octets\n")
            code, said, _ = await pop("--maildir", "M", "--keep")
            assert (code, said) == (0, "0 messages fetched, 0 octets (2 were here already)\n")
            code, said, _ = await pop("--eml", "E", "--json")
            rows = [json.loads(line) for line in said.splitlines()]
            assert [row["size"] for row in rows[:2]] == [len(message) for message in MESSAGES]
            assert rows[2]["fetched"] == 2
            assert Path(tmp_path, rows[0]["path"]).read_bytes() == MESSAGES[0]
            code, _, error = await pop("--mbox", "B", "--delete", password="wrong")
            assert (code, "name or password is wrong" in error) == (1, True)
            assert await house.left() == 2
            code, said, _ = await pop("--mbox", "B", "--delete", "--quiet")
            assert (code, said) == (0, "")
            assert await house.left() == 0
            assert (tmp_path / "B").read_bytes().count(b"\nSubject: ") == 2

    asyncio.run(main())


def test_a_mailbox_in_use_may_be_tried_later(tmp_path: Path) -> None:
    async def main() -> None:
        async with asyncio.timeout(60), pop3_house() as house:
            lock = house.locks.acquire(house.account.id)
            assert lock is not None
            code, _, error = await asyncio.to_thread(
                correo_pop, tmp_path, f"127.0.0.1:{house.port}", "-u", USER, "--eml", "E"
            )
            assert code == 75
            assert "another session has the maildrop open" in error

    asyncio.run(main())


def test_nobody_there_may_be_tried_later(tmp_path: Path) -> None:
    code, _, error = correo_pop(tmp_path, "127.0.0.1:1", "-u", USER, "--eml", "E")
    assert code == 75
    assert error == "correo: no connection to 127.0.0.1:1: Connection refused\n"


WRONG = [
    ("both", ["--keep", "--delete", "--eml", "E"], "choose one of --keep and --delete"),
    ("nowhere", [], "name one place"),
    ("two places", ["--eml", "E", "--mbox", "B"], "name one place"),
]


@pytest.mark.parametrize(
    ("options", "words"), [pytest.param(*case[1:], id=case[0]) for case in WRONG]
)
def test_a_wrong_command_line_is_said_in_a_sentence(
    tmp_path: Path, options: list[str], words: str
) -> None:
    code, _, error = correo_pop(tmp_path, "127.0.0.1:1", "-u", USER, *options)
    assert code == 2
    assert words in error
    assert list(tmp_path.iterdir()) == []
