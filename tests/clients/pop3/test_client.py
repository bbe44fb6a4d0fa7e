"""Our POP3 client against servers that are slow, old, or no POP3 servers at all."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from correo.clients.pop3 import Pop3Client, Pop3ConnectionError, Pop3LoginError, TlsMode

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Bin:
    def __init__(self) -> None:
        self.octets = b""

    def write(self, octets: bytes) -> None:
        self.octets += octets


def against(serve: Serve, scenario: Callable[[Pop3Client], Awaitable[None]]) -> None:
    """Run a scenario with a client connected to a server that a test writes itself."""

    async def main() -> None:
        async def wrapped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await serve(reader, writer)
            finally:
                writer.close()

        listening = await asyncio.start_server(wrapped, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        try:
            async with asyncio.timeout(20):
                client = await Pop3Client.connect("127.0.0.1", port, tls=TlsMode.NONE, timeout=0.5)
                async with client:
                    await scenario(client)
        finally:
            listening.close()

    asyncio.run(main())


async def never(client: Pop3Client) -> None:
    raise AssertionError("connected")


def answering(*answers: bytes) -> Serve:
    """Greets with the first answer, and gives one more per line."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers[0])
        for answer in answers[1:]:
            if not await reader.readline():
                return
            writer.write(answer)
        await reader.read()

    return serve


NO_SERVERS = [
    ("another protocol", b"220 smtp.example ESMTP\r\n", "is not POP3"),
    ("turned away", b"-ERR too many connections\r\n", "turned us away: too many"),
    ("closed at once", None, "closed the connection"),
    ("silent", b"", "silent for 0.5 s"),
    ("endless", b"+OK " + b"x" * 100_000, "."),
]


@pytest.mark.parametrize(
    ("greeting", "words"), [pytest.param(*case[1:], id=case[0]) for case in NO_SERVERS]
)
def test_what_is_no_pop3_server_is_a_connection_error(greeting: bytes | None, words: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if greeting is not None:
            writer.write(greeting)
            await reader.read()

    with pytest.raises(Pop3ConnectionError, match=words):
        against(serve, never)


def test_nobody_there_is_a_connection_error() -> None:
    async def connect() -> None:
        with pytest.raises(Pop3ConnectionError, match=r"no connection to 127\.0\.0\.1:1"):
            await Pop3Client.connect("127.0.0.1", 1, tls=TlsMode.NONE)

    asyncio.run(connect())


def test_a_server_without_capa_is_spoken_to_one_command_at_a_time() -> None:
    serve = answering(
        b"+OK\r\n", b"-ERR what?\r\n", b"+OK\r\n", b"+OK\r\n",
        b"+OK\r\n1 3\r\n2 3\r\n.\r\n", b"+OK\r\na\r\n.\r\n", b"+OK\r\nb\r\n.\r\n", b"+OK\r\n",
    )  # fmt: skip

    async def scenario(client: Pop3Client) -> None:
        assert client.capabilities == {}
        assert not client.may_pipeline
        await client.login("ana", "secret", may_show_password=True)
        assert await client.sizes() == {1: 3, 2: 3}
        got = [each async for each in client.retrieve_many([1, 2], lambda _: Bin())]
        assert [each.receiver.octets for each in got] == [b"a\r\n", b"b\r\n"]
        await client.quit()

    against(serve, scenario)


def test_no_password_is_shown_without_tls_unless_that_is_allowed() -> None:
    async def scenario(client: Pop3Client) -> None:
        with pytest.raises(Pop3LoginError, match="TLS is needed"):
            await client.login("ana", "secret")

    against(answering(b"+OK\r\n", b"+OK\r\nUSER\r\nSASL PLAIN LOGIN\r\n.\r\n"), scenario)


def test_apop_hides_the_password_where_there_is_no_tls() -> None:
    lines: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+OK <1896.697170952@dbc.mtview.ca.us>\r\n")
        lines.append(await reader.readline())
        writer.write(b"+OK\r\nUSER\r\n.\r\n")
        lines.append(await reader.readline())
        writer.write(b"+OK\r\n")
        await reader.read()

    async def scenario(client: Pop3Client) -> None:
        await client.login("mrose", "tanstaaf")

    against(serve, scenario)
    assert lines[1] == b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n"


def test_a_slow_message_is_waited_for_as_long_as_something_comes() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+OK\r\n")
        await reader.readline()
        writer.write(b"-ERR\r\n")
        await reader.readline()
        writer.write(b"+OK\r\n")
        for _ in range(8):
            await asyncio.sleep(0.1)
            writer.write(b"line\r\n")
        writer.write(b".\r\n")
        await reader.read()

    async def scenario(client: Pop3Client) -> None:
        assert await client.retrieve(1, Bin()) == 48

    against(serve, scenario)


@pytest.mark.parametrize("listing", [b"1\r\n", b"a b\r\n", b"1 x\r\n", b"\xff\r\n"])
def test_a_broken_listing_is_a_connection_error(listing: bytes) -> None:
    async def scenario(client: Pop3Client) -> None:
        with pytest.raises(Pop3ConnectionError, match="LIST is not POP3"):
            await client.sizes()

    against(answering(b"+OK\r\n", b"-ERR\r\n", b"+OK\r\n" + listing + b".\r\n"), scenario)


def test_what_came_in_clear_behind_the_go_ahead_for_tls_is_not_believed() -> None:
    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"+OK\r\n")
            await reader.readline()
            writer.write(b"+OK\r\nSTLS\r\n.\r\n")
            await reader.readline()
            writer.write(b"+OK go\r\n+OK injected\r\n")
            await reader.read()
            writer.close()

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(Pop3ConnectionError):
            await Pop3Client.connect("127.0.0.1", port, tls=TlsMode.STARTTLS, timeout=2)
        listening.close()

    asyncio.run(main())
