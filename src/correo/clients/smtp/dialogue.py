"""Hold the socket and the engine together, and turn what can go wrong into one family of errors."""

import asyncio
import ssl

from correo.base.errors import PeerError
from correo.clients.reasons import reason_of
from correo.clients.smtp.errors import SmtpConnectionError, SmtpReplyError
from correo.clients.smtp.settings import SmtpTimeouts
from correo.net.client import ClientConnection
from correo.wire.smtp.client.engine import ClientEngine, ClientEvent
from correo.wire.smtp.replies import Reply

__all__ = ["SmtpDialogue"]


class SmtpDialogue:
    """One connection. greeting and hello: the server's first words, and its answer to EHLO."""

    def __init__(
        self, connection: ClientConnection, engine: ClientEngine, timeouts: SmtpTimeouts
    ) -> None:
        self.connection = connection
        self.engine = engine
        self.timeouts = timeouts
        self.greeting = Reply(0, "", ())
        self.hello = Reply(0, "", ())

    @property
    def is_open(self) -> bool:
        return not self.connection.is_lost and not self.engine.is_closed

    async def event(self, stage: str, timeout: float) -> ClientEvent:
        """The engine's next event. Raises SmtpConnectionError; then the connection is cut.

        It is cut too if the wait is cancelled, for the answer would be taken for that of the next
        command.
        """
        event: ClientEvent | None = self.connection.ready()
        if event is not None:
            return event
        try:
            event = await self.connection.event(timeout)
        except TimeoutError as error:
            self.connection.abort()
            raise SmtpConnectionError(stage, f"no answer in {timeout:g} seconds") from error
        except PeerError as error:
            raise SmtpConnectionError(stage, str(error)) from error
        except OSError as error:
            raise SmtpConnectionError(stage, reason_of(error)) from error
        except asyncio.CancelledError:
            self.connection.abort()
            raise
        assert event is not None
        return event

    async def answer(self, stage: str, timeout: float | None = None) -> Reply:
        """The next reply, whatever it says. Raises SmtpConnectionError."""
        return (await self.event(stage, timeout or self.timeouts.command)).reply

    async def expect(self, stage: str, timeout: float | None = None) -> Reply:
        """The next reply. Raises SmtpReplyError unless it is positive, SmtpConnectionError."""
        reply = await self.answer(stage, timeout)
        if not reply.is_positive:
            raise SmtpReplyError(stage, reply)
        return reply

    async def drain(self) -> None:
        """Wait until the peer has taken what is sent. Raises SmtpConnectionError if it stalls."""
        try:
            await self.connection.drain(self.timeouts.content)
        except TimeoutError as error:
            self.connection.abort()
            raise SmtpConnectionError("CONTENT", "the peer does not take the message") from error
        except OSError:
            pass  # its last words, if any, are among the events

    async def start_tls(self, context: ssl.SSLContext, server_name: str) -> None:
        """After the 220. Raises SmtpConnectionError."""
        try:
            await self.connection.start_tls(context, server_name)
        except (OSError, PeerError) as error:  # TimeoutError and ssl.SSLError are OSErrors
            raise SmtpConnectionError("TLS", reason_of(error), is_tls_failure=True) from error
        self.engine.tls_started()
