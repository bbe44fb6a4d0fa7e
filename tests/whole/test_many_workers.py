"""Sessions in several workers on one mailbox, some of which are killed: every picture stays true.

CORREO_CONCURRENCY_MINUTES sets how long the last test goes on: `CORREO_CONCURRENCY_MINUTES=5
pytest tests/whole/test_many_workers.py -k as_long`. Without it, it takes some seconds.
"""

import asyncio
import itertools
import os
import random
import signal
import ssl
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tests.servers.imap.test_many_sessions import (
    RANDOM,
    ModelClient,
    Speaker,
    act,
    agree,
    resynchronise,
)
from tests.servers.imap.test_shared_sessions import GuestSpeaker
from tests.whole.test_serve import ANA, PASSWORD, configure, correo, options, workers

from correo.testing.imap_world import split_lines
from correo.testing.process import ServerProcess, running

pytestmark = pytest.mark.slow

CLIENTS = 6
ROUNDS = 150
LIMIT_S = 120.0
LONG_S = float(os.environ.get("CORREO_CONCURRENCY_MINUTES", "0.1")) * 60
LONG_SEED = int(os.environ.get("CORREO_CONCURRENCY_SEED", "0")) or random.randrange(1, 1 << 32)
CROWD = 200  # messages from which on the long test makes room


class SocketClient:
    """A client over a real connection; as `WorldClient`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._commands = 0

    async def command(self, text: str | bytes) -> list[bytes]:
        """All lines up to the tagged one. Raises ConnectionError when the server is gone."""
        self._commands += 1
        tag = b"s%d" % self._commands
        if self._reader.at_eof():
            raise ConnectionResetError("the server is gone")
        self._writer.write(tag + b" " + (text if isinstance(text, bytes) else text.encode()))
        self._writer.write(b"\r\n")
        heard = b""
        while True:
            octets = await self._reader.read(1 << 16)
            if not octets:
                raise ConnectionResetError("the server is gone")
            heard += octets
            lines = split_lines(heard)
            if any(line.startswith(tag + b" ") for line in lines):
                return lines

    def leave(self) -> None:
        self._writer.transport.abort()

    async def gone(self) -> None:
        """Leave, and wait until that is done."""
        self.leave()
        with suppress(OSError):
            await self._writer.wait_closed()


class ServedWorld:
    """A running `correo serve`, as far as the players of `test_many_sessions` look at it.

    Args:
        guest: an address to which ANA gives all rights; every second client is it.
    """

    def __init__(self, server: ServerProcess, guest: str = "") -> None:
        self._server = server
        self._users = itertools.cycle([ANA, guest] if guest else [ANA])
        self.clients: list[SocketClient] = []
        self.bodies: dict[tuple[int, int], bytes] = {}
        self._context = ssl.create_default_context(cafile=server.ca_certificate)

    async def login(self) -> Speaker:
        user = next(self._users)
        client = await self.login_as(user)
        return client if user == ANA else GuestSpeaker(client, ANA)

    async def login_as(self, user: str) -> SocketClient:
        """Tries again while a worker that was killed is being replaced."""
        listener = self._server.listeners["imaps"]
        while True:
            try:
                reader, writer = await asyncio.open_connection(
                    listener.host, listener.port, ssl=self._context, server_hostname="localhost"
                )
                client = SocketClient(reader, writer)
                self.clients.append(client)
                await reader.readuntil(b"\r\n")
                answer = await client.command(f"LOGIN {user} {PASSWORD}")
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.05)
                continue
            assert b" OK " in answer[-1], answer
            return client


async def play(
    server: ServerProcess, *, seed: int, kills: bool, guest: str = "", for_s: float = 0.0
) -> None:
    """Args: for_s: how long at least, whatever the number of rounds."""
    RANDOM.seed(seed)
    world = ServedWorld(server, guest)
    try:
        if guest:
            owner = await world.login_as(ANA)
            for mailbox in ("INBOX", "Archive", "Trash"):
                answer = await owner.command(f"SETACL {mailbox} {guest} lrswipkxtea")
                assert b" OK " in answer[-1], answer
        await play_in(world, server, kills=kills, until=time.monotonic() + for_s)
    finally:
        for client in world.clients:
            await client.gone()


async def play_in(world: ServedWorld, server: ServerProcess, *, kills: bool, until: float) -> None:
    models = [await fresh(world, at) for at in range(CLIENTS)]
    for number in itertools.count():
        if number >= ROUNDS and time.monotonic() >= until:
            return
        if kills and number % 15 == 14:
            os.kill(RANDOM.choice(sorted(workers(server))), signal.SIGKILL)
        acting = RANDOM.sample(range(CLIENTS), RANDOM.randint(1, CLIENTS))
        outcomes = await asyncio.gather(*(act(models[at]) for at in acting), return_exceptions=True)
        await replace_lost(world, models, dict(zip(acting, outcomes, strict=True)))
        if number % 10 == 9:
            await settle(world, models)
            await make_room(world, models)


async def make_room(world: ServedWorld, models: list[ModelClient]) -> None:
    """Half of a large mailbox goes, so that a long game stays as quick as a short one."""
    count = len(models[0].messages)
    if count < CROWD:
        return
    try:
        await models[0].command(
            f"UID STORE 1:{models[0].messages[count // 2].uid} +FLAGS \\Deleted"
        )
        await models[0].command("EXPUNGE")
    except ConnectionError:
        models[0] = await fresh(world, 0)


async def fresh(world: ServedWorld, at: int) -> ModelClient:
    model = ModelClient(await world.login(), qresync=at % 2 == 1, bodies=world.bodies)
    await model.open()
    return model


async def replace_lost(
    world: ServedWorld, models: list[ModelClient], outcomes: dict[int, BaseException | None]
) -> None:
    """Whose worker was killed begins anew; any other mishap is one."""
    for at, outcome in outcomes.items():
        if isinstance(outcome, ConnectionError):
            models[at] = await fresh(world, at)
        elif outcome is not None:
            raise outcome


async def settle(world: ServedWorld, models: list[ModelClient]) -> None:
    """Everybody who is still connected has the same picture, and so has who comes back."""
    for at, model in enumerate(models):
        try:
            await model.command("NOOP")
        except ConnectionError:
            models[at] = await fresh(world, at)
    await agree(world, models)
    await resynchronise(world, models[1])


@pytest.fixture
def founded(tmp_path: Path) -> Path:
    done = correo("init", ANA, "--folder", str(tmp_path), "--password", PASSWORD)
    assert done.returncode == 0, done.stderr
    configure(tmp_path, 'hosts = ["127.0.0.1"]')
    return tmp_path


@pytest.mark.parametrize(("seed", "kills"), [(1, False), (2, False), (3, True), (4, True)])
def test_every_client_keeps_a_true_picture_over_all_workers(
    founded: Path, seed: int, kills: bool
) -> None:
    with running("serve", founded / "data", options(founded)) as server:
        asyncio.run(asyncio.wait_for(play(server, seed=seed, kills=kills), LIMIT_S))


@pytest.mark.parametrize(("seed", "kills"), [(5, False), (6, True)])
def test_owners_and_guests_keep_a_true_picture_over_all_workers(
    founded: Path, seed: int, kills: bool
) -> None:
    guest = f"bob@{ANA.partition('@')[2]}"
    data = str(founded / "data")
    done = correo("account", "add", guest, "--password", PASSWORD, "--data", data)
    assert done.returncode == 0, done.stderr
    with running("serve", founded / "data", options(founded)) as server:
        asyncio.run(asyncio.wait_for(play(server, seed=seed, kills=kills, guest=guest), LIMIT_S))


def test_every_client_keeps_a_true_picture_as_long_as_one_likes(founded: Path) -> None:
    """Not the same game each time; whoever wants one again sets CORREO_CONCURRENCY_SEED."""
    print("CORREO_CONCURRENCY_SEED", LONG_SEED)
    with running("serve", founded / "data", options(founded)) as server:
        game = play(server, seed=LONG_SEED, kills=True, for_s=LONG_S)
        asyncio.run(asyncio.wait_for(game, LIMIT_S + LONG_S))
