"""How a worker ends: at once, or when those who are connected have had their time."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from correo.app.config import Configuration
from correo.app.listening import Bound
from correo.app.start import certificate_files, make_folders
from correo.app.wiring import Conveniences
from correo.app.worker import Worker
from correo.net.limits import ConnectionLimits
from correo.net.tls import ServerTls

Scenario = Callable[[Worker, int], Awaitable[None]]


def with_worker(folder: Path, scenario: Scenario) -> None:
    """A worker with an SMTP listener; it has to have ended some seconds after the scenario."""
    configuration = Configuration(hostname="mail.test", data=str(folder))
    make_folders(folder)
    tls = ServerTls(certificate_files(configuration))
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    bound = Bound("smtp", "none", ("127.0.0.1", 0), listening)

    async def work() -> None:
        up = asyncio.Event()
        worker = Worker(configuration, Conveniences(), [bound], tls, ConnectionLimits(9, 9))
        running = asyncio.create_task(worker.run(lambda _: up.set()))
        async with asyncio.timeout(20):
            await up.wait()
            await scenario(worker, listening.getsockname()[1])
            await running

    try:
        asyncio.run(work())
    finally:
        listening.close()


@pytest.mark.parametrize("is_retired", [True, False])
def test_who_is_connected_at_the_end_hears_a_farewell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_retired: bool
) -> None:
    monkeypatch.setattr("correo.app.worker.RETIREMENT_S", 0.1)

    async def scenario(worker: Worker, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await reader.readline()).startswith(b"220 ")
        if is_retired:
            worker.retire()
        else:
            worker.end()
        assert (await reader.readline()).startswith(b"421 4.3.2 ")
        assert await reader.read() == b""
        writer.close()

    with_worker(tmp_path / "data", scenario)


def test_a_retired_worker_serves_who_is_there_until_they_leave(tmp_path: Path) -> None:
    async def scenario(worker: Worker, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        worker.retire()
        for _ in range(3):
            writer.write(b"NOOP\r\n")
            assert (await reader.readline()).startswith(b"250 ")
        assert worker.connections == 1
        writer.write(b"QUIT\r\n")
        assert (await reader.readline()).startswith(b"221 ")
        writer.close()

    with_worker(tmp_path / "data", scenario)
