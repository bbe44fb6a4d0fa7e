"""A mailbox in typed terms, against our own server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from correo.clients.imap import (
    Arrived,
    Change,
    FlagsChanged,
    Gone,
    ImapAccount,
    ImapConnectionError,
    Mailbox,
    Q,
)
from correo.testing import Mail

pytestmark = pytest.mark.slow

MULTIPART = (
    "Subject: =?utf-8?q?A=C3=B1o?=\r\nFrom: =?utf-8?q?Jos=C3=A9?= <jose@x.test>\r\n"
    "Date: Mon, 5 Feb 2024 10:00:00 +0200\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\nma=C3=B1ana\r\n"
    "--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment; filename*=utf-8''a%C3%B1o.pdf\r\n\r\nJVBE\r\nRg==\r\n"
    "--b--\r\n"
).encode("ascii")
TIMEOUT_S = 20


def account(mail: Mail) -> ImapAccount:
    where = mail.listeners["imaps"]
    return ImapAccount(
        where.host,
        mail.address("ana"),
        mail.password("ana"),
        port=where.port,
        context=mail.trust,
        server_name="localhost",
        timeout=TIMEOUT_S,
    )


@asynccontextmanager
async def watched(mailbox: Mailbox) -> AsyncIterator["asyncio.Queue[Change]"]:
    """The changes of a mailbox, gathered by a task."""
    changes: asyncio.Queue[Change] = asyncio.Queue()

    async def gather() -> None:
        async for change in mailbox.watch():
            changes.put_nowait(change)

    task = asyncio.create_task(gather())
    try:
        yield changes
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_messages_come_typed(mail: Mail) -> None:
    async def run() -> None:
        async with account(mail).open("INBOX") as inbox:
            uid = await inbox.append(MULTIPART, flags=["\\Flagged"])
            [message] = [one async for one in inbox.messages(parts=True)]
            assert (message.uid, message.flags) == (uid, frozenset({"\\Flagged"}))
            assert message.size == len(MULTIPART)
            assert message.envelope.subject == "Año"
            assert message.envelope.from_[0].display_name == "José"
            assert message.envelope.from_[0].addr_spec == "jose@x.test"
            assert message.envelope.date is not None
            assert message.envelope.date.isoformat() == "2024-02-05T08:00:00+00:00"
            assert message.structure is not None
            [pdf] = message.attachments
            assert (pdf.content_type, pdf.file_name) == ("application/pdf", "año.pdf")
            assert await inbox.read(message.uid, pdf) == b"%PDF"
            text = message.structure.parts[0]
            assert (await inbox.read(message.uid, text)).decode(text.charset) == "mañana"
            assert await inbox.read(message.uid) == MULTIPART
            [again] = [one async for one in inbox.messages(message.uid)]
            assert not again.is_seen

    asyncio.run(run())


def test_queries_find_what_they_say(mail: Mail) -> None:
    async def run() -> None:
        async with account(mail).open("INBOX") as inbox:
            hola = await inbox.append("Subject: hola año\r\n\r\nx\r\n".encode())
            seen = await inbox.append(b"Subject: adios\r\n\r\ny\r\n", flags=["\\Seen"])
            assert await inbox.search(Q.unseen & Q.subject("AÑO")) == [hola]
            assert await inbox.search(Q.subject("hola") | Q.body("y")) == [hola, seen]
            assert await inbox.search(~Q.unseen) == [seen]
            assert [one.uid async for one in inbox.messages([seen or 0, 999])] == [seen]

    asyncio.run(run())


def test_a_large_part_comes_in_pieces(mail: Mail) -> None:
    content = b"Subject: x\r\n\r\n" + b"0123456789abcde\r\n" * 50_000

    async def run() -> None:
        async with account(mail).open("INBOX") as inbox:
            uid = await inbox.append(content)
            assert uid is not None
            pieces = [piece async for piece in inbox.content(uid)]
            assert b"".join(pieces) == content
            assert len(pieces) > 2
            assert [piece async for piece in inbox.content(uid + 1)] == []

    asyncio.run(run())


def test_moving_tells_the_new_uids(mail: Mail) -> None:
    async def run() -> None:
        async with account(mail).open("INBOX") as inbox:
            await inbox.client.create("Old")
            first = await inbox.append(b"Subject: 1\r\n\r\n")
            second = await inbox.append(b"Subject: 2\r\n\r\n")
            assert await inbox.move(first or 0, "Old") == {first: 1}
            assert await inbox.copy(second or 0, "Old") == {second: 2}
            assert await inbox.search() == [second]
            await inbox.delete(second or 0)
            assert await inbox.search() == []

    asyncio.run(run())


def test_a_loop_over_messages_leaves_the_connection_free(mail: Mail) -> None:
    async def run() -> None:
        async with account(mail).open("INBOX") as inbox:
            for number in range(3):
                await inbox.append(b"Subject: %d\r\n\r\n" % number)
            async for message in inbox.messages(Q.unseen):
                await inbox.add_flags(message.uid, "\\Seen")
            assert await inbox.search(Q.unseen) == []

    asyncio.run(run())


async def begun(mailbox: Mailbox, changes: "asyncio.Queue[Change]", other: Mailbox) -> None:
    """Wait until the watch tells what happens, by making something happen."""
    while True:
        uid = await other.append(b"Subject: begin\r\n\r\n")
        try:
            change = await asyncio.wait_for(changes.get(), 1)
        except TimeoutError:
            continue
        while change != Arrived(uid or 0, frozenset()):
            change = await asyncio.wait_for(changes.get(), TIMEOUT_S)
        return


def test_a_watch_tells_arrivals_flags_and_expunges(mail: Mail) -> None:
    async def run() -> None:
        here = account(mail)
        async with (
            here.open("INBOX") as inbox,
            here.open("INBOX") as other,
            watched(inbox) as changes,
        ):
            await begun(inbox, changes, other)
            uid = await other.append(b"Subject: new\r\n\r\n")
            assert uid is not None
            assert await asyncio.wait_for(changes.get(), TIMEOUT_S) == Arrived(uid, frozenset())
            await other.add_flags(uid, "\\Seen")
            assert await asyncio.wait_for(changes.get(), TIMEOUT_S) == FlagsChanged(
                uid, frozenset({"\\Seen"})
            )
            await other.delete(uid)
            told = [await asyncio.wait_for(changes.get(), TIMEOUT_S)]
            if isinstance(told[0], FlagsChanged):  # \Deleted was seen before the expunge
                told = [await asyncio.wait_for(changes.get(), TIMEOUT_S)]
            assert told == [Gone(uid)]

    asyncio.run(run())


def test_a_watch_outlives_its_connection(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened while nobody listened is told after connecting again, once."""

    async def run() -> None:
        here = account(mail)
        async with here.open("INBOX") as inbox, here.open("INBOX") as other:
            gone = await other.append(b"Subject: goes\r\n\r\n")
            assert gone is not None
            connect = inbox.connect
            meanwhile: list[int] = []

            async def connect_later() -> object:
                await other.delete(gone)
                meanwhile.append(await other.append(b"Subject: meanwhile\r\n\r\n") or 0)
                return await connect()

            async with watched(inbox) as changes:
                await begun(inbox, changes, other)
                monkeypatch.setattr(inbox, "connect", connect_later)
                inbox.client.connection.connection.abort()
                told = [await asyncio.wait_for(changes.get(), TIMEOUT_S) for _ in range(2)]
                assert set(told) == {Arrived(meanwhile[0], frozenset()), Gone(gone)}
                await other.add_flags(meanwhile[0], "\\Seen")
                assert await asyncio.wait_for(changes.get(), TIMEOUT_S) == FlagsChanged(
                    meanwhile[0], frozenset({"\\Seen"})
                )

    asyncio.run(run())


def test_a_watch_waits_for_a_server_that_lets_nobody_in_yet(
    mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("correo.clients.imap.mailbox.FIRST_PAUSE_S", 0.01)

    async def run() -> None:
        here = account(mail)
        async with (
            here.open("INBOX") as inbox,
            here.open("INBOX") as other,
            watched(inbox) as changes,
        ):
            await begun(inbox, changes, other)
            rules = [
                mail.faults.defer("AUTHENTICATE", times=2),
                mail.faults.defer("SELECT", times=1),
            ]
            inbox.client.connection.connection.abort()
            uid = await other.append(b"Subject: meanwhile\r\n\r\n")
            assert uid is not None
            told = await asyncio.wait_for(changes.get(), TIMEOUT_S)
            assert told == Arrived(uid, frozenset())
            assert [rule.met for rule in rules] == [2, 1]

    asyncio.run(run())


def test_a_watch_without_reconnect_ends_with_the_connection(mail: Mail) -> None:
    async def run() -> None:
        async with account(mail).open("INBOX") as inbox:
            changes = inbox.watch(reconnect=False)
            asyncio.get_running_loop().call_later(0.2, inbox.client.connection.connection.abort)
            with pytest.raises(ImapConnectionError):
                await anext(changes)

    asyncio.run(run())
