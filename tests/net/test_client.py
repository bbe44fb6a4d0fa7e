"""`ClientConnection` against real sockets: events, slowness, blobs, TLS, ends."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from correo.base.blobs import BlobSlice
from correo.base.errors import DamagedStore, PeerError
from correo.net.client import INPUT_LIMIT, ClientConnection, open_connection
from correo.net.tls import ServerTls
from correo.testing.toy import MemoryBlob, ToyClientEngine

Run = Callable[[Coroutine[Any, Any, None]], None]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def server(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await handler(reader, writer)
            writer.close()
            await writer.wait_closed()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls, limit=1 << 22)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await asyncio.sleep(0.01)


async def connect(port: int, **options: Any) -> tuple[ClientConnection, ToyClientEngine]:
    engine = ToyClientEngine()
    return await open_connection("127.0.0.1", port, engine=engine, **options), engine


def test_events_come_in_order_and_the_end_after_the_last(run: Run) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"one\ntwo\n" + await reader.readline())

    async def flow() -> None:
        async with server(greet) as port:
            connection, engine = await connect(port)
            assert connection.peer == ("127.0.0.1", port)
            engine.command(b"three\n")
            assert await connection.event(5) == b"one"
            connection.send()
            assert await connection.event(5) == b"two"
            assert await connection.event(5) == b"three"
            with pytest.raises(ConnectionError):
                await connection.event(5)
            assert connection.is_lost
            await connection.close()

    run(flow())


def test_silence_is_a_timeout_and_the_connection_goes_on(run: Run) -> None:
    async def later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())

    async def flow() -> None:
        async with server(later) as port:
            connection, engine = await connect(port)
            with pytest.raises(TimeoutError):
                await connection.event(0.05)
            engine.command(b"now\n")
            assert await connection.event(5) == b"now"
            await connection.close()

    run(flow())


def test_a_peer_that_breaks_the_protocol_is_cut(run: Run) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"nonsense\n")
        await reader.read()

    async def flow() -> None:
        async with server(nonsense) as port:
            connection, _ = await connect(port)
            for _ in range(2):
                with pytest.raises(PeerError, match="nonsense"):
                    await connection.event(5)
            await connection.close()
            assert connection.is_lost

    run(flow())


def test_a_large_blob_is_sent_whole_and_in_order(run: Run) -> None:
    octets = bytes(range(256)) * 40_000

    async def measure(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        content = await reader.readexactly(1 + len(octets) + 1)
        writer.write(b"same\n" if content == b"<" + octets + b">" else b"different\n")

    async def flow() -> None:
        async with server(measure) as port:
            connection, engine = await connect(port)
            engine.command(b"<", BlobSlice(MemoryBlob(octets), 0, len(octets)))
            connection.send()
            engine.command(b">")
            assert await connection.event(10) == b"same"
            await connection.close()

    run(flow())


def test_an_early_answer_does_not_wait_for_the_end_of_a_blob(run: Run) -> None:
    size = 50_000_000

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1000)
        writer.write(b"no\n")
        got = 1000
        while got < size:
            got += len(await reader.read(1 << 20))
        writer.write(b"all here\n")

    async def flow() -> None:
        async with server(refuse) as port:
            connection, engine = await connect(port)
            engine.command(BlobSlice(MemoryBlob(bytes(size)), 0, size))
            assert await connection.event(10) == b"no"
            await connection.drain(10)
            assert await connection.event(10) == b"all here"
            await connection.close()

    run(flow())


def test_a_blob_that_cannot_be_read_is_told_to_the_owner(run: Run) -> None:
    class Broken(MemoryBlob):
        async def read(self, offset: int, length: int) -> bytes:
            raise DamagedStore("the file is gone")

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def flow() -> None:
        async with server(listen) as port:
            connection, engine = await connect(port)
            engine.command(BlobSlice(Broken(b""), 0, 10))
            with pytest.raises(DamagedStore):
                await connection.event(5)
            await connection.close()

    run(flow())


def test_a_slow_owner_makes_the_peer_wait(run: Run) -> None:
    line = b"x" * 999 + b"\n"
    count = 20_000
    written: list[int] = []

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(count):
            writer.write(line)
            await writer.drain()
            written.append(number)

    async def flow() -> None:
        async with server(pour) as port:
            connection, _ = await connect(port)
            await connection.event(5)
            last = -1
            while len(written) != last:
                last = len(written)
                await asyncio.sleep(0.05)
            assert len(written) < count
            assert len(connection._events) * 1000 < INPUT_LIMIT + (1 << 20)
            for _ in range(count - 1):
                await connection.event(5)
            await connection.close()

    run(flow())


def test_starttls_upgrades_and_verifies(
    run: Run, server_tls: ServerTls, trusting: ssl.SSLContext
) -> None:
    async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readline() == b"starttls\n"
        writer.write(b"go ahead\n")
        await writer.drain()
        await writer.start_tls(server_tls.context)
        writer.write(await reader.readline())
        await writer.drain()

    async def flow() -> None:
        async with server(upgrade) as port:
            connection, engine = await connect(port)
            assert not connection.is_tls
            engine.command(b"starttls\n")
            assert await connection.event(5) == b"go ahead"
            await connection.start_tls(trusting, "localhost")
            tls_object = connection.tls_object
            assert tls_object is not None
            assert tls_object.version() in ("TLSv1.2", "TLSv1.3")
            engine.command(b"inside\n")
            assert await connection.event(5) == b"inside"
            await connection.close()

    run(flow())


def test_what_was_injected_behind_the_go_ahead_is_an_attack(
    run: Run, trusting: ssl.SSLContext
) -> None:
    async def inject(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"go ahead\ninjected\n")
        await reader.read()

    async def flow() -> None:
        async with server(inject) as port:
            connection, engine = await connect(port)
            engine.command(b"starttls\n")
            assert await connection.event(5) == b"go ahead"
            with pytest.raises(PeerError, match="in clear"):
                await connection.start_tls(trusting, "localhost")
            await connection.close()

    run(flow())


def test_a_certificate_for_another_name_is_refused(
    run: Run, server_tls: ServerTls, trusting: ssl.SSLContext
) -> None:
    async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"go ahead\n")
        await writer.drain()
        with contextlib.suppress(OSError):
            await writer.start_tls(server_tls.context)

    async def flow() -> None:
        async with server(upgrade) as port:
            connection, engine = await connect(port)
            engine.command(b"starttls\n")
            await connection.event(5)
            with pytest.raises(ssl.SSLError):
                await connection.start_tls(trusting, "elsewhere.test")
            assert connection.is_lost
            with pytest.raises(ConnectionError):
                await connection.event(5)

    run(flow())


def test_tls_from_the_start_and_no_connection_without_a_valid_certificate(
    run: Run, server_tls: ServerTls, trusting: ssl.SSLContext
) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()

    async def flow() -> None:
        async with server(echo, server_tls.context) as port:
            connection, engine = await connect(port, tls=trusting, server_name="localhost")
            engine.command(b"hi\n")
            assert await connection.event(5) == b"hi"
            await connection.close()
            with pytest.raises(ssl.SSLCertVerificationError):
                await connect(port, tls=trusting, server_name="elsewhere.test")

    run(flow())


def test_a_unix_socket_is_a_path_and_a_local_address_can_be_chosen(
    run: Run, tmp_path: Path
) -> None:
    async def flow() -> None:
        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peer = writer.get_extra_info("peername")
            writer.write(f"{peer[0] if peer else 'unix'}\n".encode())
            await writer.drain()
            writer.close()

        path = str(tmp_path / "lmtp")
        listening = await asyncio.start_unix_server(greet, path)
        connection = await open_connection(path, 0, engine=ToyClientEngine())
        assert await connection.event(5) == b"unix"
        await connection.close()
        listening.close()
        async with server(greet) as port:
            connection, _ = await connect(port, local_address="127.0.0.9")
            assert await connection.event(5) == b"127.0.0.9"
            await connection.close()

    run(flow())


def test_nobody_there_is_an_error_of_the_system(run: Run) -> None:
    async def flow() -> None:
        async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...

        async with server(nothing) as port:
            pass
        with pytest.raises(OSError):
            await connect(port, timeout=5)

    run(flow())
