"""The POP3 server over loopback, with the standard library's client and our own."""

import asyncio
import poplib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from correo.base.errors import DamagedStore, Refusal, StorageFull
from correo.clients.pop3 import (
    Pop3Client,
    Pop3ConnectionError,
    Pop3LoginError,
    Pop3ReplyError,
    TlsMode,
)
from correo.net.tls import ServerTls, client_context, development_certificate
from correo.servers.pop3 import Pop3Settings
from correo.store.memory.account import MemoryAccountStore
from correo.store.model import INLINE_LIMIT
from correo.testing.pop3_house import PASSWORD, USER, Pop3House, pop3_house

SMALL = b"Subject: small\r\n\r\n.dot\r\n"
MESSAGES = [SMALL, b"Subject: second\r\n\r\none\r\ntwo\r\nthree\r\n"]
LARGE = b"Subject: large\r\n\r\n" + b".line of a large message\r\n" * 20_000
assert len(LARGE) > INLINE_LIMIT


class Bin:
    def __init__(self) -> None:
        self.octets = b""

    def write(self, octets: bytes) -> None:
        self.octets += octets


def in_house(
    scenario: Callable[[Pop3House], Awaitable[None]], messages: list[bytes], **options: Any
) -> None:
    async def main() -> None:
        async with asyncio.timeout(30), pop3_house(**options) as house:
            await house.fill(messages)
            await scenario(house)

    asyncio.run(main())


async def connected(house: Pop3House, *, log_in: bool = True) -> Pop3Client:
    client = await Pop3Client.connect("127.0.0.1", house.port, tls=TlsMode.NONE, timeout=10)
    if log_in:
        await client.login(USER, PASSWORD, may_show_password=True)
    return client


async def retrieved(client: Pop3Client, number: int) -> bytes:
    bin_ = Bin()
    await client.retrieve(number, bin_)
    return bin_.octets


def test_poplib_reads_and_deletes() -> None:
    def read(port: int) -> list[bytes]:
        client = poplib.POP3("127.0.0.1", port, timeout=10)
        client.user(USER)
        client.pass_(PASSWORD)
        assert client.stat() == (2, sum(map(len, MESSAGES)))
        lines = client.retr(1)[1]
        assert client.top(2, 1)[1] == [b"Subject: second", b"", b"one"]
        client.dele(1)
        client.quit()
        return lines

    async def scenario(house: Pop3House) -> None:
        lines = await asyncio.to_thread(read, house.port)
        assert b"\r\n".join(lines) + b"\r\n" == SMALL
        assert await house.left() == 1

    in_house(scenario, MESSAGES)


def test_messages_come_back_octet_by_octet_small_and_large() -> None:
    async def scenario(house: Pop3House) -> None:
        client = await connected(house)
        sizes = await client.sizes()
        for number, message in enumerate([*MESSAGES, LARGE], start=1):
            assert await retrieved(client, number) == message
            assert sizes[number] == len(message)
        top = Bin()
        await client.top(3, 2, top)
        assert top.octets == b"".join(LARGE.splitlines(keepends=True)[:4])
        header = Bin()
        await client.top(3, 0, header)
        assert header.octets == b"Subject: large\r\n\r\n"
        await client.quit()

    in_house(scenario, [*MESSAGES, LARGE])


@pytest.mark.parametrize("order", ["forwards", "backwards", "one by one", "twice"])
def test_reading_ahead_changes_nothing(order: str) -> None:
    messages = [b"Subject: %d\r\n\r\n%b\r\n" % (n, b"x" * 9000) for n in range(150)]

    async def scenario(house: Pop3House) -> None:
        client = await connected(house)
        numbers = list(range(1, 151))
        if order == "backwards":
            numbers.reverse()
        if order == "twice":
            numbers = [number for number in numbers for _ in range(2)]
        if order == "one by one":
            got = [await retrieved(client, number) for number in numbers]
        else:
            bins = {at: Bin() for at in range(len(numbers))}
            order_of = iter(bins.values())
            async for each in client.retrieve_many(numbers, lambda _: next(order_of)):
                assert each.reply.ok
            got = [bin_.octets for bin_ in bins.values()]
        assert got == [messages[number - 1] for number in numbers]

    in_house(scenario, messages)


def test_deletions_happen_only_after_quit() -> None:
    async def scenario(house: Pop3House) -> None:
        client = await connected(house)
        await client.delete([1])
        await client.close()  # dropped: nothing is deleted
        await asyncio.sleep(0)
        client = await reconnected(house)
        assert await client.stat() == (2, sum(map(len, MESSAGES)))
        await client.delete([2])
        await client.reset()
        await client.delete([1])
        assert await house.left() == 2
        await client.quit()
        assert await house.left() == 1
        client = await connected(house)
        assert await retrieved(client, 1) == MESSAGES[1]

    in_house(scenario, MESSAGES)


async def reconnected(house: Pop3House) -> Pop3Client:
    """Log in again as soon as the server has seen the last session end."""
    while True:
        try:
            return await connected(house)
        except Pop3LoginError as error:
            if error.code != "IN-USE":
                raise
            await asyncio.sleep(0)


def test_unique_ids_stay_the_same_and_are_not_used_again() -> None:
    async def scenario(house: Pop3House) -> None:
        client = await connected(house)
        before = await client.unique_ids()
        await client.delete([1])
        await client.quit()
        await house.fill([SMALL])
        client = await connected(house)
        after = await client.unique_ids()
        assert after[1] == before[2]
        assert after[2] not in before.values()

    in_house(scenario, MESSAGES)


def test_a_maildrop_in_use_is_refused_until_its_session_ends() -> None:
    async def scenario(house: Pop3House) -> None:
        first = await connected(house)
        second = await connected(house, log_in=False)
        with pytest.raises(Pop3LoginError) as refused:
            await second.login(USER, PASSWORD, may_show_password=True)
        assert refused.value.code == "IN-USE"
        assert refused.value.is_temporary
        await first.quit()
        await second.login(USER, PASSWORD, may_show_password=True)

    in_house(scenario, MESSAGES)


def test_what_arrives_during_a_session_is_not_seen_and_not_deleted() -> None:
    async def scenario(house: Pop3House) -> None:
        client = await connected(house)
        await house.fill([LARGE])
        assert (await client.stat())[0] == 2
        await client.delete([1, 2])
        await client.quit()
        assert await house.left() == 1

    in_house(scenario, MESSAGES)


def test_what_was_removed_meanwhile_is_refused_and_the_session_goes_on() -> None:
    async def scenario(house: Pop3House) -> None:
        client = await connected(house)
        mail = await house.mail()
        inbox = await mail.mailbox("INBOX")
        uids = (await mail.snapshot(inbox.id)).uids
        await mail.expunge(inbox.id, uids[:1], only_deleted=False)
        with pytest.raises(Pop3ReplyError, match="removed meanwhile"):
            await retrieved(client, 1)
        assert await retrieved(client, 2) == MESSAGES[1]

    in_house(scenario, MESSAGES)


@pytest.mark.parametrize(
    "mechanism", [None, "PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "USER"]
)
def test_every_way_to_log_in_works(mechanism: str | None) -> None:
    async def scenario(house: Pop3House) -> None:
        client = await connected(house, log_in=False)
        with pytest.raises(Pop3LoginError) as refused:
            await client.login(USER, "wrong", mechanism=mechanism, may_show_password=True)
        assert refused.value.code == "AUTH"
        assert not refused.value.is_temporary
        await client.login(USER, PASSWORD, mechanism=mechanism, may_show_password=True)
        assert await client.stat() == (0, 0)

    in_house(scenario, [])


def test_apop_is_offered_once_somebody_has_opted_in() -> None:
    async def scenario(house: Pop3House) -> None:
        client = await connected(house, log_in=False)
        assert client.greeting.timestamp == ""
        await house.administration.set_apop(USER, "tanstaaf")
        stamps = set()
        for _ in range(2):
            client = await connected(house, log_in=False)
            stamps.add(client.greeting.timestamp)
        assert len(stamps) == 2
        with pytest.raises(Pop3LoginError):
            await client.login(USER, PASSWORD, mechanism="APOP")
        await client.login(USER, "tanstaaf", mechanism="APOP")
        assert await client.stat() == (0, 0)

    in_house(scenario, [])


def test_no_password_goes_in_clear_where_that_is_forbidden() -> None:
    async def scenario(house: Pop3House) -> None:
        client = await connected(house, log_in=False)
        assert "USER" not in client.capabilities
        assert "SASL" not in client.capabilities
        with pytest.raises(Pop3LoginError) as refused:
            await client.login(USER, PASSWORD, may_show_password=True)
        assert refused.value.code == "AUTH"

    in_house(scenario, [], is_strict=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    development_certificate(folder, ["localhost", "127.0.0.1"])
    return folder


@pytest.mark.parametrize("mode", [TlsMode.STARTTLS, TlsMode.IMPLICIT, TlsMode.OPPORTUNISTIC])
def test_tls_from_the_start_or_by_stls(certificates: Path, mode: TlsMode) -> None:
    files = development_certificate(certificates, ["localhost", "127.0.0.1"])
    server_tls = ServerTls(files)
    trust = client_context(files.authority)

    async def scenario(house: Pop3House) -> None:
        client = await Pop3Client.connect(
            "localhost", house.port, tls=mode, context=trust, timeout=10
        )
        assert client.is_tls
        assert "STLS" not in client.capabilities
        await client.login(USER, PASSWORD)
        assert await retrieved(client, 3) == LARGE
        await client.quit()

    in_house(
        scenario,
        [*MESSAGES, LARGE],
        tls=server_tls,
        is_implicit=mode is TlsMode.IMPLICIT,
        is_strict=True,
    )


def test_a_server_without_stls_is_refused_by_who_wants_it() -> None:
    async def scenario(house: Pop3House) -> None:
        with pytest.raises(Pop3ConnectionError, match="offers no TLS"):
            await Pop3Client.connect("127.0.0.1", house.port, tls=TlsMode.STARTTLS, timeout=10)

    in_house(scenario, [])


UTF8 = "Subject: Grüße\r\nFrom: José <ana@correo.example>\r\n\r\nñ\r\n".encode()


def test_a_header_in_utf8_is_sent_as_it_is_to_who_said_utf8_and_in_ascii_to_others() -> None:
    async def scenario(house: Pop3House) -> None:
        client = await connected(house, log_in=False)
        assert await client.enable_utf8()
        await client.login(USER, PASSWORD, may_show_password=True)
        assert await retrieved(client, 1) == UTF8
        await client.quit()
        client = await connected(house)
        header, _, body = (await retrieved(client, 1)).partition(b"\r\n\r\n")
        assert header.isascii()
        assert b"Subject: =?utf-8?" in header
        assert b"<ana@correo.example>" in header
        assert body == "ñ\r\n".encode()
        top = Bin()
        await client.top(1, 0, top)
        assert top.octets.isascii()
        large = await retrieved(client, 2)
        assert large.partition(b"\r\n\r\n")[0].isascii()
        assert large.partition(b"\r\n\r\n")[2] == LARGE

    in_house(scenario, [UTF8, "Subject: Größe\r\n\r\n".encode() + LARGE])


@pytest.mark.parametrize(
    ("error", "code"),
    [(DamagedStore("/x.db is damaged"), "SYS/PERM"), (StorageFull("/x.db: full"), "SYS/TEMP")],
    ids=["damaged", "full"],
)
def test_trouble_of_ours_is_told_by_its_code(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Refusal,
    code: str,
) -> None:
    async def snapshot(self: MemoryAccountStore, mailbox: int) -> None:
        raise error

    monkeypatch.setattr(MemoryAccountStore, "snapshot", snapshot)

    async def scenario(house: Pop3House) -> None:
        client = await connected(house, log_in=False)
        for _ in range(2):  # the lock was given back
            with pytest.raises(Pop3LoginError) as refused:
                await client.login(USER, PASSWORD, may_show_password=True)
            assert refused.value.code == code
            assert "/x.db" not in str(refused.value)

    in_house(scenario, MESSAGES)
    assert caplog.messages.count(error.text) == 2


class BadBlob:
    """Cannot be read from some place on."""

    size = len(LARGE)

    def __init__(self, good: int) -> None:
        self._good = good

    async def read(self, offset: int, length: int) -> bytes:
        if offset >= self._good:
            raise DamagedStore("the blob is damaged")
        return LARGE[offset : offset + length]


@pytest.mark.parametrize("good", [0, 1000], ids=["at once", "amid the message"])
def test_a_damaged_large_message_is_refused_or_cut_but_never_looks_whole(
    monkeypatch: pytest.MonkeyPatch, good: int
) -> None:
    monkeypatch.setattr("correo.store.memory.blobs.MemoryBlobStore.open", lambda *_: BadBlob(good))

    async def scenario(house: Pop3House) -> None:
        client = await connected(house)
        for number in (1, 2):
            if good:
                with pytest.raises(Pop3ConnectionError):
                    await retrieved(client, number)
                return
            with pytest.raises(Pop3ReplyError) as refused:
                await retrieved(client, number)
            assert refused.value.code == "SYS/PERM"

    in_house(scenario, [LARGE, LARGE])


def test_a_directory_that_cannot_be_read_turns_clients_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def has_apop(self: object) -> bool:
        raise DamagedStore("node.db is damaged")

    async def scenario(house: Pop3House) -> None:
        monkeypatch.setattr(type(house.directory), "has_apop", has_apop)
        with pytest.raises(Pop3ConnectionError, match="turned us away"):
            await connected(house)

    in_house(scenario, [])


def test_a_full_disk_at_quit_is_said_and_deletes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def expunge(self: MemoryAccountStore, *args: object, **options: object) -> None:
        raise StorageFull

    async def scenario(house: Pop3House) -> None:
        client = await connected(house)
        await client.delete([1])
        monkeypatch.setattr(MemoryAccountStore, "expunge", expunge)
        with pytest.raises(Pop3ReplyError) as refused:
            await client.quit()
        assert refused.value.code == "SYS/TEMP"
        assert await house.left() == 2
        await connected(house)  # the lock was given back all the same

    in_house(scenario, MESSAGES)


def test_silence_ends_the_session_without_a_word_and_deletes_nothing() -> None:
    settings = Pop3Settings("correo.example", lets_loopback_log_in_plainly=True, idle_limit_s=0.2)

    async def scenario(house: Pop3House) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        writer.write(b"USER ana\r\nPASS correo\r\nDELE 1\r\n")
        lines = (await reader.read()).split(b"\r\n")
        assert [line[:3] for line in lines] == [b"+OK"] * 4 + [b""]
        assert await house.left() == 2
        writer.close()

    in_house(scenario, MESSAGES, settings=settings)


def test_a_stopping_server_says_so_and_deletes_nothing() -> None:
    async def scenario(house: Pop3House) -> None:
        client = await connected(house)
        await client.delete([1])
        house.connections[0].stop()
        with pytest.raises(Pop3ReplyError, match="server is stopping"):
            await client.stat()
        assert await house.left() == 2

    in_house(scenario, MESSAGES)


def test_a_client_that_leaves_amid_a_message_harms_nobody() -> None:
    async def scenario(house: Pop3House) -> None:
        for _ in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
            writer.write(b"USER ana\r\nPASS correo\r\n" + b"RETR 1\r\n" * 500)
            await reader.readexactly(200_000)
            writer.transport.abort()
            client = await reconnected(house)
            assert await client.stat() == (1, len(LARGE))
            await client.quit()

    in_house(scenario, [LARGE])
