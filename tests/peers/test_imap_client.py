"""Our IMAP client against Dovecot: what it says, another server understands, and the other way."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from correo.clients.imap import ImapClient, ImapReplyError, NewMessage, TlsMode, quoted
from correo.testing.programs.dovecot import Dovecot
from correo.testing.toy import MemoryBlob
from correo.wire.imap.response_types import Exists

pytestmark = pytest.mark.peer("dovecot")

LETTER = (
    "From: Ana <ana@x.example>\r\nSubject: =?utf-8?q?A=C3=B1o?=\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHola, año\r\n--b\r\n"
    "Content-Type: text/html\r\n\r\n<p>\r\n--b--\r\n"
).encode()


def talk(dovecot: Dovecot, user: str, work: Callable[[ImapClient], Awaitable[None]]) -> None:
    async def run() -> None:
        async with await ImapClient.connect(
            "127.0.0.1", dovecot.imap_port, tls=TlsMode.NONE, timeout=20
        ) as client:
            await client.login(user, "pass", may_show_password=True)
            await work(client)

    asyncio.run(run())


def test_mailboxes_are_made_listed_renamed_and_removed(dovecot: Dovecot) -> None:
    async def work(client: ImapClient) -> None:
        await client.create("Año & más")
        await client.subscribe("Año & más")
        names = {entry.name: entry for entry in await client.mailboxes(status=["MESSAGES"])}
        assert names["Año & más"].status is not None
        assert names["Año & más"].status.values["MESSAGES"] == 0
        assert [one.name for one in await client.mailboxes(subscribed=True)] == ["Año & más"]
        await client.rename("Año & más", "Otro")
        await client.delete("Otro")
        with pytest.raises(ImapReplyError) as caught:
            await client.select("Otro")
        assert "doesn't exist" in caught.value.text
        assert (await client.namespaces()).personal

    talk(dovecot, "imap-names", work)


def test_messages_are_appended_fetched_and_found(dovecot: Dovecot) -> None:
    async def work(client: ImapClient) -> None:
        large = b"Subject: large\r\n\r\n" + b"x" * 70 + b"\r\n" + b"y" * 300_000 + b"\r\n"
        first = await client.append("INBOX", NewMessage(LETTER, ("\\Seen", "work"), 837596665))
        second = await client.append("INBOX", NewMessage(MemoryBlob(large)))
        mailbox = await client.select("INBOX")
        assert mailbox.exists == 2
        assert mailbox.uid_next == (second or 0) + 1
        items = "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[1])"
        (one, two) = [data async for data in client.fetch("1:*", items)]
        assert (one.uid, two.uid) == (first, second)
        assert one.internal_date == 837596665
        assert one.flags is not None
        assert {"\\Seen", "work"} <= set(one.flags)
        assert one.octets(b"BODY[1]") == "Hola, año".encode()
        assert one.structure is not None
        assert [part.section for part in one.structure.walk()] == ["", "1", "2"]
        assert two.size == len(large)
        await client.enable("UTF8=ACCEPT")
        assert await client.search("SUBJECT", quoted("año")) == [first]
        assert await client.search("UNSEEN", "LARGER 1000") == [second]
        assert await client.search("FROM", quoted("nobody")) == []

    talk(dovecot, "imap-messages", work)


def test_a_large_message_streams(dovecot: Dovecot) -> None:
    large = b"Subject: large\r\n\r\n" + b"0123456789\r\n" * 100_000

    class Sink:
        octets = b""

        def write(self, octets: bytes) -> None:
            self.octets += octets

    sink = Sink()

    async def work(client: ImapClient) -> None:
        uid = await client.append("INBOX", NewMessage(large))
        await client.select("INBOX", read_only=True)
        assert uid is not None
        found = client.fetch(uid, "(BODY.PEEK[])", sink=lambda number, label, size: sink)
        assert [data.uid async for data in found] == [uid]

    talk(dovecot, "imap-large", work)
    assert sink.octets == large


def test_messages_are_moved_copied_flagged_and_expunged(dovecot: Dovecot) -> None:
    async def work(client: ImapClient) -> None:
        uids = await client.append_all("INBOX", [NewMessage(LETTER) for _ in range(4)])
        await client.create("Archive")
        mailbox = await client.select("INBOX")
        (moved,) = await client.move(uids[:2], "Archive")
        assert moved.source_uids == uids[:2]
        (copied,) = await client.copy(uids[2], "Archive")
        assert len(copied.uids) == 1
        await client.store(uids[3], ["\\Deleted"])
        await client.expunge(uids[3])
        assert mailbox.exists == 1
        status = await client.status("Archive", ["MESSAGES"])
        assert status.values["MESSAGES"] == 3

    talk(dovecot, "imap-moving", work)


def test_waiting_hears_of_a_new_message(dovecot: Dovecot) -> None:
    async def work(client: ImapClient) -> None:
        await client.select("INBOX")
        waiting = asyncio.create_task(client.wait_for_change(20))
        async with await ImapClient.connect(
            "127.0.0.1", dovecot.imap_port, tls=TlsMode.NONE, timeout=20
        ) as other:
            await other.login("imap-waiting", "pass", may_show_password=True)
            await other.append("INBOX", NewMessage(LETTER))
        assert Exists(1) in await waiting
        assert [data.uid async for data in client.fetch("1:*", "(FLAGS)")] == [1]

    talk(dovecot, "imap-waiting", work)
