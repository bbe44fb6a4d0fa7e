"""Log in and out over IMAP as fast as a server lets us: one event loop, any number of clients.

Threads that take turns would measure themselves: with ten of them the client needs more time for
a login than the server.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

import uvloop

__all__ = ["log_in_and_out"]


class Login(asyncio.Protocol):
    """One connection: greeting, LOGIN, LOGOUT, end; then `over` is called."""

    def __init__(self, user: str, password: str, over: Callable[[bool], None]) -> None:
        login = f'a LOGIN "{user}" "{password}"\r\n'.encode()
        self._steps = [(b"* OK", login), (b"a OK", b"b LOGOUT\r\n"), (b"b OK", b"")]
        self._over = over
        self._octets = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._octets += data
        while self._steps and self._octets.endswith(b"\r\n"):
            mark, command = self._steps[0]
            if not any(line.startswith(mark) for line in self._octets.split(b"\r\n")):
                return
            del self._steps[0]
            self._octets = b""
            if command:
                self._transport.write(command)
                return
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over(not self._steps)


async def one_client(port: int, user: str, password: str, count: int) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(count):
        done: asyncio.Future[bool] = loop.create_future()

        def connection(done: "asyncio.Future[bool]" = done) -> Login:
            return Login(user, password, done.set_result)

        await loop.create_connection(connection, "127.0.0.1", port)
        if not await done:
            raise ConnectionError(f"{user} could not log in and out")


def log_in_and_out(port: int, users: Sequence[str], password: str, each: int) -> None:
    """As many clients as users, each with its own account, log in `each` times in all."""

    async def all_clients() -> None:
        await asyncio.gather(*(one_client(port, user, password, each) for user in users))

    uvloop.run(all_clients())
