"""`Connection` against real sockets, on both loops: order, pipelines, slowness, ends."""

import asyncio
import contextlib
import socket
import ssl

import pytest
from tests.net.toys import Run, ended, everything, reset, toy_server

from correo.net.driver import Connection
from correo.net.link import BUFFERED_INPUT_LIMIT, socket_address
from correo.net.tls import ServerTls
from correo.testing.toy import LINES_PER_TURN

PIPELINES = [
    # id                      sent                                    answered after the greeting
    ("engine alone", b"echo a\necho b\n", b"a\nb\n"),
    ("events at once", b"ask a\necho b\nask c\n", b"a\nb\nc\n"),
    ("end in the middle", b"ask a\nquit\necho never\n", b"a\nbye\n"),
    ("blob between", b"ask a\nblob 5\necho b\n", b"a\n<\x00\x01\x02\x03\x04>\nb\n"),
    ("empty blob", b"blob 0\necho b\n", b"<>\nb\n"),
    ("broken after answers", b"ask a\nbad\nask b\n", b"a\nbroken: bad\n"),
    ("broken late", b"ask a\nbreak\nask b\n", b"a\nbroken: found out late\n"),
    ("line too long", b"ask a\n" + b"x" * 1001, b"a\nbroken: line too long\n"),
]


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(("sent", "answer"), [pytest.param(s, a, id=i) for i, s, a in PIPELINES])
def test_a_pipeline_is_answered_in_order_however_it_arrives(
    run: Run, sent: bytes, answer: bytes, step: int
) -> None:
    if len(sent) > 500 and step < 1000:
        step *= 300

    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            for at in range(0, len(sent), step):
                writer.write(sent[at : at + step])
                await asyncio.sleep(0)
            got = await reader.readexactly(len(answer))
            assert got == answer
            await ended(writer)
            await toy.until(lambda: toy.gone == 1)
            assert toy.session.diary.count("closed") == 1

    run(dialogue())


def test_a_handler_at_work_holds_the_pipeline_and_the_order(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            writer.write(b"slow a\necho b\nslow c\nblob 3\necho d\n")
            await toy.until(lambda: toy.session.diary == ["slow a"])
            busy = [connection.is_busy for connection in toy.connections]
            toy.session.gate.set()
            assert busy == [True]
            assert await reader.readexactly(12) == b"a\nb\nc\n<\x00\x01\x02>\n"
            assert await reader.readline() == b"d\n"
            assert not any(connection.is_busy for connection in toy.connections)
            await ended(writer)

    run(dialogue())


def test_what_an_engine_answers_alone_is_answered_in_turns(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            buffered = set()

            def other() -> None:
                buffered.add(toy.session.engine.buffered)
                if not toy.session.diary:
                    asyncio.get_running_loop().call_soon(other)

            writer.write(b"echo a\n" * 1000 + b"ask b\n")
            other()
            assert await reader.readexactly(2002) == b"a\n" * 1000 + b"b\n"
            assert len(buffered) >= 1000 // LINES_PER_TURN
            await ended(writer)

    run(dialogue())


def test_what_is_pushed_while_a_blob_is_sent_comes_behind_it(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            writer.write(b"blob 3000000\n")
            await toy.until(lambda: toy.session.diary == ["blob 3000000"])
            toy.session.engine.say("pushed")
            toy.connections[0].flush()
            content = await reader.readexactly(1 + 3_000_000 + 2)
            assert content[:1] == b"<"
            assert content[-2:] == b">\n"
            assert await reader.readline() == b"pushed\n"
            await ended(writer)

    run(dialogue())


def test_a_push_from_outside_reaches_an_idle_peer(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            toy.session.engine.say("news")
            toy.connections[0].flush()
            assert await reader.readline() == b"news\n"
            await ended(writer)

    run(dialogue())


def test_a_peer_that_half_closes_gets_every_answer(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            writer.write(b"slow a\nblob 1000000\necho b\n")
            writer.write_eof()
            await toy.until(lambda: bool(toy.session.diary))
            toy.session.gate.set()
            got = await everything(reader)
            assert got[:3] == b"a\n<"
            assert len(got) == 2 + 1_000_003 + 2 + 4
            assert got.endswith(b">\nb\neof\n")
            await ended(writer)
            await toy.until(lambda: toy.gone == 1)

    run(dialogue())


def test_a_peer_that_vanishes_cancels_its_handler_and_only_then_is_the_session_closed(
    run: Run,
) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            _, writer = await toy.client()
            writer.write(b"slow a\n")
            await toy.until(lambda: bool(toy.session.diary))
            reset(writer)
            await toy.until(lambda: toy.gone == 1)
            assert toy.session.diary == ["slow a", "cancelled", "closed"]

    run(dialogue())


def test_a_peer_that_sends_without_end_while_we_work_has_to_wait(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            writer.write(b"slow a\n")
            await toy.until(lambda: bool(toy.session.diary))
            line = b"echo " + b"x" * 900 + b"\n"
            count = 20_000
            writer.write(line * count)  # 18 MB
            await asyncio.sleep(0.2)
            assert toy.session.engine.buffered < BUFFERED_INPUT_LIMIT + (1 << 20)
            toy.session.gate.set()
            assert await reader.readline() == b"a\n"
            for _ in range(count):
                assert len(await reader.readline()) == 901
            await ended(writer)

    run(dialogue())


def test_a_peer_that_does_not_read_is_not_read_from(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server(send_buffer=65536) as toy:
            with socket.create_connection(("127.0.0.1", toy.port)) as peer:
                peer.setblocking(False)
                line = b"echo " + b"x" * 900 + b"\n"
                sent = 0
                for _ in range(400):
                    await asyncio.sleep(0.001)
                    with contextlib.suppress(BlockingIOError):
                        sent += peer.send((line * 101)[sent % len(line) :])
                assert all(each.is_writing_paused for each in toy.connections)
                assert toy.session.engine.buffered < BUFFERED_INPUT_LIMIT + (1 << 20)
                received = 0
                expected = len(b"hello\n") + sent // len(line) * 901
                while received < expected:
                    await asyncio.sleep(0)
                    with contextlib.suppress(BlockingIOError):
                        received += len(peer.recv(1 << 20))
                assert not any(each.is_writing_paused for each in toy.connections)
            await toy.until(lambda: toy.gone == 1)

    run(dialogue())


def test_a_silent_peer_is_told_and_cut(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            toy.before = lambda connection: connection.set_idle_limit(0.1)
            reader, writer = await toy.client()
            assert await everything(reader) == b"too slow\n"
            await ended(writer)
            await toy.until(lambda: toy.gone == 1)

    run(dialogue())


def test_our_own_work_is_no_silence_of_the_peer_and_no_deadline_cuts_it(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            toy.before = lambda connection: connection.set_idle_limit(0.1)
            reader, writer = await toy.client()
            toy.connections[0].set_deadline(0.1)
            writer.write(b"slow a\n")
            await asyncio.sleep(0.3)
            toy.connections[0].set_deadline(None)
            toy.session.gate.set()
            assert await reader.readline() == b"a\n"
            assert await everything(reader) == b"too slow\n"
            await ended(writer)

    run(dialogue())


def test_a_deadline_holds_however_busy_the_peer_looks(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            toy.before = lambda connection: connection.set_deadline(0.2)
            reader, writer = await toy.client()
            got = b""
            while True:
                with contextlib.suppress(ConnectionError):
                    writer.write(b"e")
                try:
                    octets = await asyncio.wait_for(reader.read(100), 0.02)
                except TimeoutError:
                    continue
                got += octets
                if not octets:
                    break
            assert got == b"too slow\n"
            await ended(writer)

    run(dialogue())


def test_a_peer_that_reads_nothing_of_a_blob_is_cut_by_the_idle_limit(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server(send_buffer=65536) as toy:
            toy.before = lambda connection: connection.set_idle_limit(0.3)
            _, writer = await toy.client()
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # a read transport too
            writer.write(b"blob 30000000\n")
            await toy.until(lambda: toy.gone == 1)
            assert toy.session.diary[-1] == "closed"
            writer.transport.abort()

    run(dialogue())


def test_a_blob_shorter_than_its_index_ends_the_connection(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            writer.write(b"short\n")
            with contextlib.suppress(ConnectionError):
                assert await everything(reader) == b"<abc"
            await toy.until(lambda: toy.gone == 1)
            await ended(writer)

    run(dialogue())


@pytest.mark.parametrize("command", [b"fail\n", b"slow fail\n"])
def test_a_mistake_in_a_session_ends_this_connection_and_no_other(run: Run, command: bytes) -> None:
    async def dialogue() -> None:
        told: list[BaseException] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: told.append(context["exception"])
        )
        async with toy_server() as toy:
            reader, writer = await toy.client()
            other_reader, other = await toy.client()
            writer.write(command)
            for session in toy.sessions:
                session.gate.set()
            with contextlib.suppress(ConnectionError):
                assert await everything(reader) == b""
            other.write(b"ask still here\n")
            assert await other_reader.readline() == b"still here\n"
            assert [type(error) for error in told] == [ValueError]
            await ended(writer)
            await ended(other)

    run(dialogue())


def test_the_farewell_reaches_a_peer_that_is_still_sending(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            writer.write(b"bad\n" + b"y" * 2_000_000)
            assert await everything(reader) == b"broken: bad\n"
            await ended(writer)
            await toy.until(lambda: toy.gone == 1)

    run(dialogue())


def test_close_lets_a_handler_answer_first(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            writer.write(b"slow a\n")
            await toy.until(lambda: bool(toy.session.diary))
            toy.connections[0].close()
            toy.session.gate.set()
            assert await everything(reader) == b"a\n"
            await ended(writer)

    run(dialogue())


def test_stop_says_farewell_at_once_to_the_idle_and_after_the_answer_to_the_busy(
    run: Run,
) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            idle_reader, idle = await toy.client()
            reader, writer = await toy.client()
            writer.write(b"slow a\n")
            await toy.until(lambda: bool(toy.session.diary))
            for connection in toy.connections:
                connection.stop()
            assert await everything(idle_reader) == b"stopping\n"
            toy.session.gate.set()
            assert await everything(reader) == b"a\nstopping\n"
            await ended(writer)
            await ended(idle)
            await toy.until(lambda: toy.gone == 2)

    run(dialogue())


def test_starttls_keeps_the_session_and_drops_what_was_injected(
    run: Run, server_tls: ServerTls, trusting: ssl.SSLContext
) -> None:
    async def dialogue() -> None:
        async with toy_server(server_tls) as toy:
            reader, writer = await toy.client()
            assert not any(connection.is_tls for connection in toy.connections)
            writer.write(b"echo before\ntls\necho injected\n")
            assert await reader.readline() == b"before\n"
            assert await reader.readline() == b"go ahead\n"
            await writer.start_tls(trusting, server_hostname="localhost")
            writer.write(b"echo inside\nblob 300000\n")
            assert await reader.readline() == b"inside\n"
            assert len(await reader.readexactly(300_003)) == 300_003
            [connection] = toy.connections
            assert connection.is_tls
            assert connection.channel_binding == ("tls-server-end-point", server_tls.end_point())
            writer.write(b"quit\n")
            assert await reader.readline() == b"bye\n"
            await ended(writer)
            await toy.until(lambda: toy.gone == 1)
            assert toy.session.diary == ["tls", "encrypted", "blob 300000", "closed"]

    run(dialogue())


@pytest.mark.parametrize("instead", [b"this is no handshake at all\n" * 20, b""])
def test_a_handshake_that_fails_ends_the_connection_cleanly(
    run: Run, server_tls: ServerTls, instead: bytes
) -> None:
    async def dialogue() -> None:
        async with toy_server(server_tls) as toy:
            reader, writer = await toy.client()
            writer.write(b"tls\n")
            assert await reader.readline() == b"go ahead\n"
            if instead:
                writer.write(instead)
            else:
                writer.transport.abort()
            await toy.until(lambda: toy.gone == 1)
            assert toy.session.diary == ["tls", "closed"]
            await ended(writer)

    run(dialogue())


def test_implicit_tls_serves_blobs_and_ends_with_every_answer(
    run: Run, server_tls: ServerTls, trusting: ssl.SSLContext
) -> None:
    async def dialogue() -> None:
        async with toy_server(server_tls, implicit=True) as toy:
            reader, writer = await toy.client(trusting)
            writer.write(b"slow a\nblob 1000000\nquit\n")
            await toy.until(lambda: bool(toy.session.diary))
            toy.session.gate.set()
            got = await everything(reader)
            assert len(got) == 2 + 1_000_003 + 4
            assert toy.connections[0].channel_binding is not None
            await ended(writer)
            await toy.until(lambda: toy.gone == 1)

    run(dialogue())


def test_a_tls_peer_that_ends_while_we_work_is_let_go(
    run: Run, server_tls: ServerTls, trusting: ssl.SSLContext
) -> None:
    async def dialogue() -> None:
        async with toy_server(server_tls, implicit=True) as toy:
            _, writer = await toy.client(trusting)
            writer.write(b"slow a\n")
            await toy.until(lambda: bool(toy.session.diary))
            await ended(writer)
            toy.session.gate.set()
            await toy.until(lambda: toy.gone == 1)
            assert toy.session.diary[-1] == "closed"

    run(dialogue())


def test_a_recorder_takes_down_both_sides(run: Run) -> None:
    class Notes:
        def __init__(self) -> None:
            self.said: list[bytes] = []

        def received(self, octets: bytes) -> None:
            self.said.append(b"C: " + octets)

        def sent(self, octets: bytes) -> None:
            self.said.append(b"S: " + octets)

        def ended(self) -> None:
            self.said.append(b"end")

    async def dialogue() -> None:
        notes = Notes()

        def attach(connection: Connection) -> None:
            connection.recorder = notes

        async with toy_server() as toy:
            toy.before = attach
            reader, writer = await toy.client()
            writer.write(b"ask a\n")
            assert await reader.readline() == b"a\n"
            await ended(writer)
            await toy.until(lambda: toy.gone == 1)
        assert notes.said[:3] == [b"S: hello\n", b"C: ask a\n", b"S: a\n"]
        assert notes.said[-1] == b"end"

    run(dialogue())


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (("192.0.2.1", 25), ("192.0.2.1", 25)),
        (("2001:db8::1", 25, 0, 0), ("2001:db8::1", 25)),
        ("", ("unix", 0)),
        ("/run/lmtp", ("/run/lmtp", 0)),
        (None, ("unix", 0)),
    ],
)
def test_an_address_is_host_and_port_for_every_family(
    name: object, address: tuple[str, int]
) -> None:
    assert socket_address(name) == address
