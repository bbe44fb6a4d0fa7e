"""One connection to an IMAP server: commands one after the other, each with its answers.

`ImapClient` builds on it. A command runs to its tagged answer; what the server says besides is
handed to `note`, so that the client's picture of the mailbox is current.

Every wait has a time limit: the server must say something within `timeout` seconds, if only a piece
of a message, or take a piece of ours.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable

from correo.base.errors import PeerError, UsageError
from correo.clients.imap.errors import ImapConnectionError, ImapReplyError
from correo.clients.reasons import reason_of
from correo.net.client import ClientConnection, open_connection
from correo.net.output import Recorder
from correo.wire.imap.client import ImapClientEngine, Literal
from correo.wire.imap.response_types import Greeting, Response, StatusLine, TaggedStatus, Verdict

__all__ = ["ImapConnection", "check"]

CLOSED = "the server closed the connection"


class ImapConnection:
    """Owned by one task."""

    def __init__(
        self, connection: ClientConnection, engine: ImapClientEngine, timeout: float
    ) -> None:
        self.connection = connection
        self.engine = engine
        self.timeout = timeout
        self.note: Callable[[Response], None] | None = None
        self.farewell = ""
        self._open_tag = b""

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None,
        timeout: float,
        server_name: str | None = None,
        local_address: str | None = None,
        recorder: Recorder | None = None,
    ) -> "tuple[ImapConnection, Greeting]":
        """Connect and read the greeting. Raises ImapConnectionError."""
        engine = ImapClientEngine()
        try:
            connection = await open_connection(
                host,
                port,
                engine=engine,
                tls=tls,
                server_name=server_name,
                timeout=timeout,
                local_address=local_address,
                recorder=recorder,
            )
        except OSError as error:  # TimeoutError and ssl.SSLError are OSErrors
            raise ImapConnectionError(
                f"no connection to {host}:{port}: {reason_of(error)}"
            ) from error
        made = cls(connection, engine, timeout)
        try:
            greeting = await made.event(timeout)
        except ImapConnectionError:
            await made.close()
            raise
        except asyncio.CancelledError:
            connection.abort()
            raise
        if not isinstance(greeting, Greeting):
            await made.close()
            raise ImapConnectionError(f"{host} did not greet us, so it is not IMAP")
        if greeting.verdict is Verdict.BYE:
            await made.close()
            raise ImapConnectionError(f"{host} turned us away: {greeting.text}")
        return made, greeting

    async def event(self, timeout: float | None) -> Response:
        """The server's next response. Raises ImapConnectionError."""
        try:
            response = await self._patient_event(timeout)
        except TimeoutError:
            self.connection.abort()
            raise ImapConnectionError(f"the server was silent for {timeout:g} s") from None
        except PeerError as error:
            raise ImapConnectionError(str(error)) from error
        except OSError as error:
            reason = self.farewell or reason_of(error)
            if reason == CLOSED:
                raise ImapConnectionError(reason) from error
            raise ImapConnectionError(f"{CLOSED}: {reason}") from error
        self._heed_farewell(response)
        return response

    def _heed_farewell(self, response: Response) -> None:
        if isinstance(response, StatusLine) and response.verdict is Verdict.BYE:
            self.farewell = response.text

    async def _patient_event(self, timeout: float | None) -> Response:
        """Raises TimeoutError: nothing came in or went out for so long."""
        while True:
            before = self.connection.activity
            try:
                response: Response = await self.connection.event(timeout)
            except TimeoutError:
                if self.connection.activity == before:
                    raise
                continue  # amid a large message, theirs or ours
            return response

    async def next_within(self, seconds: float) -> Response | None:
        """As event; None, with everything as it was, if nothing came in time."""
        try:
            async with asyncio.timeout(seconds):
                return await self.event(None)
        except TimeoutError:
            return None

    async def begin(self, name: str, *arguments: bytes | Literal) -> bytes:
        """Send a command, to be read with `answers`; returns its tag.

        If the last one was abandoned before its end, its rest is read first, and thrown away.
        """
        while self._open_tag:
            response = await self.event(self.timeout)
            if not self.ends(response, self._open_tag):
                self.take_note(response)
        self.engine.literal_sink = None
        self._open_tag = self.engine.command(name.encode("ascii"), *arguments)
        return self._open_tag

    def ends(self, response: Response, tag: bytes) -> bool:
        """Whether this is the end of the command; then it is over."""
        if isinstance(response, TaggedStatus) and response.tag == tag:
            self._open_tag = b""
            return True
        return False

    def take_note(self, response: Response) -> None:
        """Hand on what concerns the mailbox that is open."""
        if self.note is not None:
            self.note(response)

    async def answers(self, tag: bytes) -> AsyncIterator[Response]:
        """What the server says until the command is done, the tagged status last.

        Raises:
            ImapConnectionError
            UsageError: another command was begun meanwhile.
        """
        ended = False
        while not ended:
            if self._open_tag != tag:
                raise UsageError("another command was begun before this one had ended")
            response = self.connection.ready()
            if response is None:
                response = await self.event(self.timeout)
            if isinstance(response, StatusLine):
                self._heed_farewell(response)
                ended = self.ends(response, tag)
            if not ended:
                self.take_note(response)
            yield response

    async def run(
        self, name: str, *arguments: bytes | Literal
    ) -> tuple[TaggedStatus, list[Response]]:
        """One command and all its answers.

        Raises:
            ImapReplyError: NO or BAD.
            ImapConnectionError
        """
        responses = [one async for one in self.answers(await self.begin(name, *arguments))]
        status = responses.pop()
        assert isinstance(status, TaggedStatus)
        check(name, status)
        return status, responses

    async def start_tls(self, context: ssl.SSLContext, server_name: str) -> None:
        """STARTTLS and the handshake. Raises ImapReplyError, ImapConnectionError."""
        await self.run("STARTTLS")
        try:
            await self.connection.start_tls(context, server_name, timeout=self.timeout)
        except PeerError as error:
            raise ImapConnectionError(str(error)) from error
        except OSError as error:
            raise ImapConnectionError(f"TLS failed: {reason_of(error)}") from error
        self.engine.tls_started()

    async def close(self) -> None:
        await self.connection.close()


def check(name: str, status: TaggedStatus) -> None:
    if status.verdict is not Verdict.OK:
        raise ImapReplyError(name, status)
