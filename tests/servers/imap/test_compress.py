"""COMPRESS: both ways compressed, whatever the pieces, and nobody is blown up by it."""

import asyncio
import resource
import zlib
from collections.abc import Awaitable, Callable

import pytest

from correo.testing.imap_world import ImapWorld, WorldClient, message


class DeflatedClient:
    """A client that speaks deflate once it was told so."""

    def __init__(self, client: WorldClient) -> None:
        self.client = client
        self.compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.decompressor = zlib.decompressobj(-15)
        self.step = 0

    def send(self, octets: bytes) -> None:
        squeezed = self.compressor.compress(octets) + self.compressor.flush(zlib.Z_SYNC_FLUSH)
        step = self.step or len(squeezed)
        for start in range(0, len(squeezed), step):
            self.client.send(squeezed[start : start + step])

    async def take(self) -> bytes:
        return self.decompressor.decompress(await self.client.take())

    async def says(self, text: str) -> bytes:
        self.send(text.encode() + b"\r\n")
        return await self.take()


def talk(work: Callable[[ImapWorld, DeflatedClient], Awaitable[None]]) -> None:
    async def run() -> None:
        world = ImapWorld()
        account = await world.account()
        client = await world.login()
        await client.command(b"APPEND INBOX {%d+}\r\n%b" % (len(message()), message()))
        assert (await account.mailbox("INBOX")).messages == 1
        assert b" OK " in (await client.command("COMPRESS DEFLATE"))[-1]
        await work(world, DeflatedClient(client))

    asyncio.run(run())


@pytest.mark.parametrize("step", [0, 1, 7])
def test_a_session_goes_on_compressed(step: int) -> None:
    async def work(_: ImapWorld, client: DeflatedClient) -> None:
        client.step = step
        assert b"* 1 EXISTS" in await client.says("a SELECT INBOX")
        assert message() in await client.says("b FETCH 1 BODY.PEEK[]")
        client.send(b"c NOOP\r\nd APPEND INBOX {6}\r\n")
        assert b"c OK" in (said := await client.take())
        assert b"+ " in said
        assert b"d OK" in await client.says("abcdef")
        client.send(b"e IDLE\r\n")
        assert b"+ " in await client.take()
        assert b"e OK" in await client.says("DONE")
        assert b"* BYE" in await client.says("f LOGOUT")

    talk(work)


def test_it_is_done_once_and_by_deflate_alone() -> None:
    async def work(world: ImapWorld, client: DeflatedClient) -> None:
        assert b"a NO [COMPRESSIONACTIVE]" in await client.says("a COMPRESS DEFLATE")
        other = await world.login()
        assert b" BAD " in (await other.command("COMPRESS LZW"))[-1]
        assert b" OK " in (await other.command("NOOP"))[-1]

    talk(work)


def test_many_commands_in_one_piece_are_all_answered_in_order() -> None:
    async def work(_: ImapWorld, client: DeflatedClient) -> None:
        await client.says("a SELECT INBOX")
        client.send(b"".join(b"n%d FETCH 1 FLAGS\r\n" % n for n in range(20_000)))
        said = b""
        for _turn in range(2000):
            said += await client.take()
            if b"n19999 OK" in said:
                break
        tags = [line.split()[0] for line in said.split(b"\r\n") if line.startswith(b"n")]
        assert tags == [b"n%d" % n for n in range(20_000)]

    talk(work)


@pytest.mark.parametrize(
    "octets",
    [b"\xff" * 100, b"a NOOP\r\n", zlib.compress(b"a NOOP\r\n"), b"\x03\x00"],
    ids=["noise", "in clear", "zlib", "the end of the stream"],
)
def test_what_is_not_deflated_ends_the_session_and_no_other(octets: bytes) -> None:
    async def work(world: ImapWorld, client: DeflatedClient) -> None:
        other = await world.login()
        client.client.send(octets)
        await client.client.take()
        assert client.client.connection.is_lost
        assert b" OK " in (await other.command("NOOP"))[-1]

    talk(work)


@pytest.mark.parametrize(
    ("filling", "sent"), [(b"x", 128 * 1024), (b"\n", 128 * 1024), (b"a NOOP\r\n", 512)]
)
def test_a_bomb_takes_no_memory_and_holds_nobody_up(filling: bytes, sent: int) -> None:
    async def work(world: ImapWorld, client: DeflatedClient) -> None:
        other = await world.login()
        piece = filling * (1024 * 1024 // len(filling))
        squeezed = b"".join(client.compressor.compress(piece) for _ in range(200))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        client.client.send(squeezed[:sent])
        assert b" OK " in (await other.command("NOOP"))[-1]
        for _ in range(20):
            await client.client.take()
            if client.client.connection.is_lost:
                break
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 60 * 1024, "kilobytes"

    talk(work)
