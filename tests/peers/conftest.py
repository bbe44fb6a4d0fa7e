"""Other people's mail software against correo, all on loopback.

Each peer is a private instance in a temporary directory on its own ports, started and stopped by
the test session.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from correo.testing.process import ServerProcess, free_port, running
from correo.testing.programs.dovecot import Dovecot
from correo.testing.programs.dovecot import dovecot as run_dovecot
from correo.testing.programs.postfix import Postfix
from correo.testing.programs.postfix import postfix as run_postfix


@pytest.fixture(scope="session")
def peer_folder() -> Iterator[Path]:
    """A short path that the peers' own users may enter."""
    folder = Path("/tmp") / f"correo-peers-{os.getpid()}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postfix_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def correo(tmp_path_factory: pytest.TempPathFactory, postfix_port: int) -> Iterator[ServerProcess]:
    """`correo dev` with its two users and a third; remote.test goes out to Postfix."""
    data = tmp_path_factory.mktemp("correo")
    options = [
        "--user", "eva@correo.test:secret", "--route", f"remote.test=127.0.0.1:{postfix_port}",
    ]  # fmt: skip
    with running("dev", data, options) as server:
        yield server


@pytest.fixture(scope="session")
def postfix(peer_folder: Path, postfix_port: int, correo: ServerProcess) -> Iterator[Postfix]:
    """Postfix, final for remote.test; all other mail goes to the correo under test."""
    with run_postfix(
        peer_folder / "postfix",
        postfix_port,
        domains="remote.test",
        next_hop_port=correo.listeners["smtp"].port,
    ) as peer:
        yield peer


@pytest.fixture(scope="session")
def dovecot(peer_folder: Path) -> Iterator[Dovecot]:
    with run_dovecot(peer_folder / "dovecot") as peer:
        yield peer
