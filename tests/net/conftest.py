"""A toy protocol on both event loops: enough to try everything a driver must bear."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from correo.net.tls import CertificateFiles, ServerTls, client_context, development_certificate

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}

type_of_run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=list(LOOPS))
def run(request: pytest.FixtureRequest) -> type_of_run:
    """Run a coroutine to its end on one of the loops; an unhandled failure fails the test."""

    def run_to_end(work: Coroutine[Any, Any, None]) -> None:
        failures: list[dict[str, Any]] = []

        async def watched() -> None:
            asyncio.get_running_loop().set_exception_handler(
                lambda _loop, context: failures.append(context)
            )
            async with asyncio.timeout(20):
                await work

        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            runner.run(watched())
        assert failures == []

    return run_to_end


@pytest.fixture(scope="session")
def certificate_files(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    folder = tmp_path_factory.mktemp("tls")
    return development_certificate(folder, ["localhost", "127.0.0.1"])


@pytest.fixture
def server_tls(certificate_files: CertificateFiles) -> ServerTls:
    return ServerTls(certificate_files)


@pytest.fixture
def trusting(certificate_files: CertificateFiles) -> ssl.SSLContext:
    assert certificate_files.authority is not None
    return client_context(Path(certificate_files.authority))
