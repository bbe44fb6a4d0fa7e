"""Work beside a connection's handlers: what is said, when, and what becomes of it at the end."""

import asyncio
from typing import Any

import pytest
from tests.net.toys import Run, ended, everything, reset, toy_server


def test_what_is_done_beside_keeps_nobody_waiting_and_is_said_together(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            writer.write(b"beside a\nbeside b\necho c\n")
            assert await reader.readline() == b"c\n"
            said = Said()
            toy.connections[0].recorder = said
            toy.session.gate.set()
            assert await reader.readexactly(4) == b"a\nb\n"
            assert said.writes == [b"a\nb\n"]
            await ended(writer)
            await toy.until(lambda: toy.gone == 1)

    run(dialogue())


class Said:
    """A recorder that keeps each write apart."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def received(self, octets: bytes) -> None:
        pass

    def sent(self, octets: bytes) -> None:
        self.writes.append(octets)

    def ended(self) -> None:
        pass


def test_a_peer_that_half_closes_gets_what_is_done_beside(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            writer.write(b"beside a\n")
            writer.write_eof()
            await toy.until(lambda: bool(toy.session.diary))
            await asyncio.sleep(0.01)
            toy.session.gate.set()
            assert await everything(reader) == b"a\neof\n"
            await ended(writer)
            await toy.until(lambda: toy.gone == 1)

    run(dialogue())


@pytest.mark.parametrize("word", ["stop", "close"])
def test_no_connection_is_ended_before_what_is_done_beside(run: Run, word: str) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            reader, writer = await toy.client()
            writer.write(b"beside a\n")
            await toy.until(lambda: bool(toy.session.diary))
            getattr(toy.connections[0], word)()
            await asyncio.sleep(0.01)
            toy.session.gate.set()
            last = b"stopping\n" if word == "stop" else b""
            assert await everything(reader) == b"a\n" + last
            await ended(writer)
            await toy.until(lambda: toy.gone == 1)

    run(dialogue())


@pytest.mark.parametrize("sent", [b"beside a\nbeside b\n", b"beside a\nslow b\n"])
def test_a_peer_that_vanishes_cancels_all_and_only_then_is_the_session_closed(
    run: Run, sent: bytes
) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            _, writer = await toy.client()
            writer.write(sent)
            await toy.until(lambda: len(toy.session.diary) == 2)
            reset(writer)
            await toy.until(lambda: toy.gone == 1)
            assert toy.session.diary[2:] == ["cancelled", "cancelled", "closed"]

    run(dialogue())


def test_work_beside_is_no_silence_of_the_peer(run: Run) -> None:
    async def dialogue() -> None:
        async with toy_server() as toy:
            toy.before = lambda connection: connection.set_idle_limit(0.1)
            reader, writer = await toy.client()
            writer.write(b"beside a\n")
            await asyncio.sleep(0.3)
            toy.session.gate.set()
            assert await everything(reader) == b"a\ntoo slow\n"
            await ended(writer)

    run(dialogue())


def test_a_mistake_in_work_beside_cuts_the_connection_and_is_reported() -> None:
    failures: list[dict[str, Any]] = []

    async def dialogue() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(context))
        async with toy_server() as toy:
            reader, writer = await toy.client()
            writer.write(b"beside fail\n")
            await toy.until(lambda: bool(toy.session.diary))
            toy.session.gate.set()
            assert await everything(reader) == b""
            await toy.until(lambda: toy.gone == 1)
            await ended(writer)

    asyncio.run(dialogue())
    assert [str(each["exception"]) for each in failures] == ["a mistake of ours, later"]
