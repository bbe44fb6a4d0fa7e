"""A real SMTP server on loopback that keeps what it gets: the far side for delivery and clients.

    async with SmtpSink(without=frozenset({"8BITMIME"})) as sink:
        ...  # send to 127.0.0.1, sink.port
        [message] = sink.received

Whether a recipient or message is refused is in `refusals`: address, or "DATA", to a Refusal.
"""

import asyncio
import ssl
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from correo.accounts.authenticator import Authenticator
from correo.base.errors import Refusal
from correo.intake.api import (
    Accepted,
    IntakeSession,
    MailParameters,
    MessageReceiver,
    Outcome,
    PeerInfo,
    RecipientParameters,
    Role,
)
from correo.net.driver import Connection
from correo.servers.smtp.server import SmtpServer
from correo.servers.smtp.settings import SmtpSettings
from correo.testing.clock import settle

__all__ = ["Received", "SmtpSink", "ThreadedSink"]


START_LIMIT_S = 5.0


@dataclass(slots=True)
class Received:
    """A message as it came."""

    peer: PeerInfo
    reverse_path: str
    parameters: MailParameters
    recipients: list[tuple[str, RecipientParameters]] = field(default_factory=list)
    content: bytes = b""


class Keeper:
    """Keeps the octets of one message."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.size = 0

    def write(self, octets: bytes) -> None:
        self.chunks.append(octets)
        self.size += len(octets)

    def abort(self) -> None:
        self.chunks.clear()


class SinkSession:
    """One connection; an `IntakeSession` that takes everything but what is to be refused."""

    def __init__(self, sink: "SmtpSink", peer: PeerInfo) -> None:
        self._sink = sink
        self._peer = peer
        self._message: Received | None = None

    async def mail(self, reverse_path: str, parameters: MailParameters) -> None:
        self._sink.refuse_if_told("MAIL")
        self._message = Received(self._peer, reverse_path, parameters)

    async def recipient(self, forward_path: str, parameters: RecipientParameters) -> None:
        self._sink.refuse_if_told(forward_path)
        assert self._message is not None
        self._message.recipients.append((forward_path, parameters))

    async def receive(self) -> MessageReceiver:
        self._sink.refuse_if_told("DATA")
        return Keeper()

    async def finish(self, receiver: MessageReceiver) -> Accepted:
        self._sink.refuse_if_told("CONTENT")
        assert self._message is not None
        assert isinstance(receiver, Keeper)
        message, self._message = self._message, None
        message.content = b"".join(receiver.chunks)
        self._sink.received.append(message)
        return Accepted(f"SINK{len(self._sink.received)}")

    async def finish_each(self, receiver: MessageReceiver) -> list[Outcome]:
        assert self._message is not None
        recipients = [address for address, _ in self._message.recipients]
        accepted = await self.finish(receiver)
        return [Outcome(each, "2.0.0", accepted.message_id, 250) for each in recipients]

    def reset(self) -> None:
        self._message = None

    async def verify(self, name: str) -> str:
        return f"<{name}>"

    async def expand(self, name: str) -> list[str]:
        return [f"<{name}>"]

    def closed(self) -> None:
        self._sink.open_connections -= 1


class SmtpSink:
    """The server. Its certificate is `tls`; without one it offers no STARTTLS.

    Args:
        authenticator: for AUTH; None to offer none.
        settings: further ones of `SmtpSettings`, by name.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        authenticator: Authenticator | None = None,
        role: Role = Role.MX,
        **settings: Any,
    ) -> None:
        self.received: list[Received] = []
        self.refusals: dict[str, Refusal] = {}
        self.connections = 0
        self.open_connections = 0
        self.port = 0
        self._tls = tls
        self._authenticator = authenticator
        self._settings = SmtpSettings(
            role, "sink.test", offers_login=authenticator is not None, **settings
        )
        self._asyncio_server: asyncio.Server | None = None
        self._open: set[Connection] = set()

    def connect(self, peer: PeerInfo, role: Role) -> IntakeSession:
        """As an `Intake`."""
        self.connections += 1
        self.open_connections += 1
        return SinkSession(self, peer)

    def refuse_if_told(self, what: str) -> None:
        """Raises the Refusal for this address or step, if there is one."""
        if what in self.refusals:
            raise self.refusals[what]

    def cut_all(self) -> None:
        """Break every open connection."""
        for connection in list(self._open):
            connection.abort()

    async def __aenter__(self) -> "SmtpSink":
        server = SmtpServer(self, self._authenticator, self._settings)  # type: ignore[arg-type]
        # without an authenticator AUTH is not offered, and nobody asks it

        def make_connection() -> Connection:
            connection = Connection(
                server.make_session, tls=self._tls, on_closed=self._open.discard
            )
            self._open.add(connection)
            return connection

        loop = asyncio.get_running_loop()
        self._asyncio_server = await loop.create_server(make_connection, "127.0.0.1", 0)
        self.port = self._asyncio_server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._asyncio_server is not None
        self._asyncio_server.close()
        self.cut_all()
        await self._asyncio_server.wait_closed()
        await settle()


class ThreadedSink:
    """A sink with an event loop of its own, for tests of commands and processes."""

    def __init__(self, **settings: Any) -> None:
        self.sink = SmtpSink(**settings)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.sink.__aenter__(), self._loop).result(START_LIMIT_S)

    @property
    def server(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.sink.port}"

    @property
    def received(self) -> list[Received]:
        """What has come so far."""
        return self.sink.received

    def close(self) -> None:
        """Stop listening, cut what is open, end the thread."""
        end = self.sink.__aexit__(None, None, None)
        asyncio.run_coroutine_threadsafe(end, self._loop).result(START_LIMIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
