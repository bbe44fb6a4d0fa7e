"""One connection to a POP3 server: the engine, the socket and the clock.

`Pop3Client` and `log_in` build on it. Every wait has a limit: the server must say something, if
only a piece of a message, within `timeout` seconds.
"""

import asyncio
import ssl

from correo.base.errors import PeerError
from correo.clients.pop3.errors import Pop3ConnectionError, Pop3ReplyError
from correo.clients.reasons import reason_of
from correo.net.client import ClientConnection, open_connection
from correo.net.output import Recorder
from correo.wire.pop3.client import Challenge, ClientEngine, Greeting, Reply

__all__ = ["Pop3Dialogue", "open_dialogue"]


class Pop3Dialogue:
    """Owned by one task."""

    def __init__(self, connection: ClientConnection, engine: ClientEngine, timeout: float) -> None:
        self.connection = connection
        self.engine = engine
        self.timeout = timeout

    async def event(self) -> Greeting | Reply | Challenge:
        """Send what waits, then the next event. Raises Pop3ConnectionError.

        A wait that is cancelled cuts the connection, for the answer would be taken for that of
        the next command; nothing is deleted then.
        """
        while True:
            heard = self.engine.octets_received
            try:
                event: Greeting | Reply | Challenge = await self.connection.event(self.timeout)
            except TimeoutError as error:
                if self.engine.octets_received > heard:
                    continue  # amid a long message
                self.connection.abort()
                raise Pop3ConnectionError(
                    f"the server has been silent for {self.timeout:g} s"
                ) from error
            except (PeerError, OSError) as error:
                raise Pop3ConnectionError(reason_of(error)) from error
            except asyncio.CancelledError:
                self.connection.abort()
                raise
            return event

    async def reply(self) -> Reply:
        """The reply to the oldest command, whatever it says."""
        event = await self.event()
        assert isinstance(event, Reply)  # challenges are awaited by who has sent AUTH
        return event

    async def accepted(self) -> Reply:
        """The same if it is +OK. Raises Pop3ReplyError."""
        reply = await self.reply()
        if not reply.ok:
            raise Pop3ReplyError(reply)
        return reply

    async def start_tls(self, context: ssl.SSLContext, server_name: str) -> None:
        """STLS and the handshake. Raises Pop3ReplyError, Pop3ConnectionError."""
        self.engine.stls()
        await self.accepted()
        try:
            await self.connection.start_tls(context, server_name, timeout=self.timeout)
        except (PeerError, OSError) as error:
            raise Pop3ConnectionError(f"no TLS: {reason_of(error)}") from error

    async def close(self) -> None:
        """Close without QUIT: the server deletes nothing."""
        await self.connection.close()


async def open_dialogue(
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None,
    server_name: str,
    timeout: float,
    recorder: Recorder | None,
) -> tuple[Pop3Dialogue, Greeting]:
    """Connect and read the greeting. Raises Pop3ConnectionError."""
    engine = ClientEngine()
    try:
        connection = await open_connection(
            host,
            port,
            engine=engine,
            tls=tls,
            server_name=server_name,
            timeout=timeout,
            recorder=recorder,
        )
    except OSError as error:  # TimeoutError and ssl.SSLError are OSErrors
        raise Pop3ConnectionError(f"no connection to {host}:{port}: {reason_of(error)}") from error
    dialogue = Pop3Dialogue(connection, engine, timeout)
    try:
        greeting = await dialogue.event()
    except BaseException:
        connection.abort()
        raise
    assert isinstance(greeting, Greeting)  # the engine lets nothing else come first
    if not greeting.ok:
        await dialogue.close()
        raise Pop3ConnectionError(f"{host} turned us away: {greeting.text}")
    return dialogue, greeting
