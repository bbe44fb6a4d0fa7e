"""Bringing mail home: each message once, and nothing deleted that is not safe here."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from correo.clients.folders import EmlFolder
from correo.clients.pop3 import (
    Collected,
    Pop3Client,
    Pop3ConnectionError,
    SeenFile,
    TlsMode,
    collect,
    make_plan,
)
from correo.testing.pop3_house import PASSWORD, USER, Pop3House, pop3_house

MESSAGES = [b"Subject: %d\r\n\r\n%b\r\n" % (n, b"x" * 3000) for n in range(40)]


def in_house(scenario: Callable[[Pop3House], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(30), pop3_house() as house:
            await house.fill(MESSAGES)
            await scenario(house)

    asyncio.run(main())


async def fetch(
    house: Pop3House, folder: Path, *, keep: bool, stop_after: int = 0
) -> list[Collected]:
    """One session; cut after so many messages if asked."""
    seen = SeenFile(folder / ".seen", "ana@house")
    client = await Pop3Client.connect("127.0.0.1", house.port, tls=TlsMode.NONE, timeout=10)
    got: list[Collected] = []
    async with client:
        await client.login(USER, PASSWORD, may_show_password=True)
        plan = await make_plan(client, seen, keep=keep)
        session = collect(client, plan, EmlFolder(folder), seen, keep=keep)
        async for each in session:
            got.append(each)
            if len(got) == stop_after:
                house.connections[-1].abort()
    return got


def test_kept_messages_are_fetched_once(tmp_path: Path) -> None:
    async def scenario(house: Pop3House) -> None:
        first = await fetch(house, tmp_path, keep=True)
        assert [Path(str(each.path)).read_bytes() for each in first] == MESSAGES
        assert await fetch(house, tmp_path, keep=True) == []
        await house.fill([b"Subject: new\r\n\r\n"])
        (new,) = await fetch(house, tmp_path, keep=True)
        assert Path(str(new.path)).read_bytes() == b"Subject: new\r\n\r\n"
        assert await house.left() == 41

    in_house(scenario)


def test_deleted_messages_are_here_and_no_longer_there(tmp_path: Path) -> None:
    async def scenario(house: Pop3House) -> None:
        got = await fetch(house, tmp_path, keep=False)
        assert len(got) == 40
        assert await house.left() == 0
        assert (tmp_path / ".seen").read_text() == ""

    in_house(scenario)


@pytest.mark.parametrize("keep", [True, False])
def test_a_broken_session_is_taken_up_where_it_was(tmp_path: Path, keep: bool) -> None:
    async def scenario(house: Pop3House) -> None:
        with pytest.raises(Pop3ConnectionError):
            await fetch(house, tmp_path, keep=keep, stop_after=5)
        assert await house.left() == 40  # nothing was deleted
        here = len(list(tmp_path.glob("*.eml")))
        assert 5 <= here < 40
        assert not list(tmp_path.glob(".*.part"))
        got = await fetch(house, tmp_path, keep=keep)
        assert len(got) == 40 - here
        assert sorted(path.read_bytes() for path in tmp_path.glob("*.eml")) == sorted(MESSAGES)
        assert await house.left() == (40 if keep else 0)

    in_house(scenario)


def test_nothing_is_deleted_when_the_disk_here_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(house: Pop3House) -> None:
        def full(*arguments: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("correo.clients.folders.eml.os.link", full)
        with pytest.raises(OSError, match="No space"):
            await fetch(house, tmp_path, keep=False)
        assert await house.left() == 40
        assert list(tmp_path.iterdir()) == []

    in_house(scenario)


def test_a_message_that_is_gone_is_reported_and_the_rest_is_fetched(tmp_path: Path) -> None:
    async def scenario(house: Pop3House) -> None:
        seen = SeenFile(tmp_path / ".seen", "ana@house")
        client = await Pop3Client.connect("127.0.0.1", house.port, tls=TlsMode.NONE, timeout=10)
        await client.login(USER, PASSWORD, may_show_password=True)
        plan = await make_plan(client, seen, keep=False)
        mail = await house.mail()
        inbox = await mail.mailbox("INBOX")
        uids = (await mail.snapshot(inbox.id)).uids
        await mail.expunge(inbox.id, [uids[3]], only_deleted=False)
        got = [each async for each in collect(client, plan, EmlFolder(tmp_path), seen, keep=False)]
        assert [each.number for each in got if each.path is None] == [4]
        assert len(got) == 40
        assert await house.left() == 0

    in_house(scenario)


def test_the_seen_file_keeps_accounts_apart_and_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    ana, bob = SeenFile(path, "ana@x:110"), SeenFile(path, "bob@x:110")
    for unique_id in ("1", "2"):
        ana.add(unique_id)
    bob.add("1")
    again = SeenFile(path, "ana@x:110")
    assert "1" in again
    assert "3" not in again
    again.keep_only(["2", "9"])
    assert path.read_text() == "bob@x:110\t1\nana@x:110\t2\n"
    assert "1" in SeenFile(path, "bob@x:110")
    assert path.stat().st_mode & 0o777 == 0o600


def test_half_a_line_of_a_crash_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    path.write_text("ana@x:110\t1\nana@x:110\t2")
    SeenFile(path, "ana@x:110").add("3\u2028odd")
    again = SeenFile(path, "ana@x:110")
    assert all(each in again for each in ("1", "3\u2028odd"))
