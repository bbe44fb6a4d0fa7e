"""CATENATE over SQLite: large parts go from blob to blob, and what was answered is durable."""

import asyncio
import imaplib
from pathlib import Path

from correo.store.bus import Bus
from correo.store.model import INLINE_LIMIT, AccountId, Column
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads
from correo.testing import Mail
from correo.testing.clock import FakeClock
from correo.testing.imap_world import ImapWorld, message


def test_a_large_part_is_put_in_from_its_blob_and_is_there_after_a_restart(tmp_path: Path) -> None:
    body = "".join(f"line {number}\r\n" for number in range(60_000))
    original = message("large", body)
    expected = b"Subject: copy\r\n\r\n" + body.encode() + b"-- \r\n" + original[:30]
    assert len(body) > 8 * INLINE_LIMIT

    def opened() -> tuple[SqliteStore, StorageThreads]:
        threads = StorageThreads(2)
        return SqliteStore(tmp_path, threads, Bus(tmp_path / "bus"), FakeClock()), threads

    async def catenate() -> None:
        store, threads = opened()
        world = ImapWorld(store=store, clock=FakeClock())
        await world.account()
        client = await world.login()
        await client.command(b"APPEND INBOX {%d+}\r\n%b" % (len(original), original))
        answer = await client.command(
            b"APPEND Drafts CATENATE (TEXT {17+}\r\nSubject: copy\r\n\r\n"
            b" URL /INBOX/;UID=1/;SECTION=TEXT TEXT {5+}\r\n-- \r\n"
            b" URL /INBOX/;UID=1/;PARTIAL=0.30)"
        )
        assert b" OK [APPENDUID " in answer[-1]
        client.leave()
        await store.close()
        threads.close()

    async def read_again() -> None:
        store, threads = opened()
        account = await store.open(AccountId("ana"))
        drafts = await account.mailbox("Drafts")
        async for rows in account.fetch(drafts.id, [1], [Column.SIZE, Column.OCTETS]):
            [(size, octets)] = rows
            assert size == len(expected)
            assert not isinstance(octets, bytes)
            assert await octets.read(0, len(expected)) == expected  # type: ignore[attr-defined]  # a Blob
        await store.close()
        threads.close()

    asyncio.run(catenate())
    asyncio.run(read_again())


def test_a_reply_is_put_together_over_loopback(mail: Mail) -> None:
    mail.put("zoe", raw=message("question", "why?\r\n"))
    endpoint = mail.listeners["imap"]
    with imaplib.IMAP4(endpoint.host, endpoint.port) as imap:
        imap.login(mail.address("zoe"), mail.password("zoe"))
        assert "CATENATE" in imap.capability()[1][0].decode().split()
        imap.send(
            b"x APPEND Drafts (\\Draft) CATENATE (TEXT {27+}\r\nSubject: Re: question\r\n\r\n> "
            b" URL /INBOX/;UID=1/;SECTION=TEXT TEXT {11+}\r\n\r\nbecause\r\n)\r\n"
        )
        assert imap.readline().startswith(b"x OK [APPENDUID ")
    [draft] = mail.mailbox("zoe", "Drafts")
    assert draft.subject == "Re: question"
    assert draft.text.splitlines() == ["> why?", "", "because"]
