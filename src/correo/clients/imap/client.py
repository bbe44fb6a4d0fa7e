"""Read and change mail on any IMAP server.

    async with await ImapClient.connect("imap.example.org") as client:
        await client.login("ana@example.org", password)
        mailbox = await client.select("INBOX", read_only=True)
        async for message in client.fetch("1:*", "(UID FLAGS ENVELOPE)"):
            ...

One command at a time; a fetch is one until its iteration ends. A command that is cancelled is read
to its end before the next begins; a login that is cancelled closes the connection. Only what is
asked crosses the wire. Works with IMAP4rev1 servers and uses what more they have: MOVE, UIDPLUS, ESEARCH, LITERAL+,
MULTIAPPEND, LIST-STATUS, IDLE.

Every method raises ImapReplyError for a NO or BAD, ImapConnectionError when the connection is
gone or the server silent for longer than `timeout`.

RFC 9051    6        commands
"""

import asyncio
import ssl
from types import TracebackType
from typing import Self

from correo.clients.imap import waiting
from correo.clients.imap.append_commands import AppendCommands
from correo.clients.imap.connection import ImapConnection
from correo.clients.imap.errors import ImapConnectionError, ImapError, ImapReplyError
from correo.clients.imap.login import log_in
from correo.clients.imap.mailbox_commands import MailboxCommands
from correo.clients.imap.message_commands import MessageCommands
from correo.clients.security import TlsMode, Token, context_for, current
from correo.net.output import Recorder
from correo.wire.imap.response_types import Greeting, Response, ServerId, Verdict

__all__ = ["ImapClient"]

IMAP_PORT = 143
IMAPS_PORT = 993
DEFAULT_TIMEOUT_S = 60.0  # for the server to say something
LOGOUT_TIMEOUT_S = 5.0


class ImapClient(MailboxCommands, MessageCommands, AppendCommands):
    """A connection to an IMAP server; `connect` makes one."""

    def __init__(self, connection: ImapConnection, greeting: Greeting) -> None:
        super().__init__(connection)
        self.greeting = greeting

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int | None = None,
        *,
        tls: TlsMode = TlsMode.IMPLICIT,
        context: ssl.SSLContext | None = None,
        server_name: str | None = None,
        timeout: float = DEFAULT_TIMEOUT_S,
        local_address: str | None = None,
        recorder: Recorder | None = None,
    ) -> "ImapClient":
        """Connect, with TLS as asked, and learn what the server can.

        Args:
            port: 993 with implicit TLS, else 143, if not given.
            context: for TLS; made to verify by the system's authorities if None, or not to
                verify at all for OPPORTUNISTIC.

        Raises:
            ImapConnectionError: also if TLS was asked for and the server has none.
        """
        implicit = tls is TlsMode.IMPLICIT
        connection, greeting = await ImapConnection.open(
            host,
            port or (IMAPS_PORT if implicit else IMAP_PORT),
            tls=context_for(tls, context) if implicit else None,
            timeout=timeout,
            server_name=server_name,
            local_address=local_address,
            recorder=recorder,
        )
        client = cls(connection, greeting)
        try:
            await client._prepare(tls, context, server_name or host)
        except ImapReplyError as error:
            await connection.close()
            raise ImapConnectionError(str(error)) from error
        except ImapConnectionError:
            await connection.close()
            raise
        except asyncio.CancelledError:
            connection.connection.abort()
            raise
        return client

    async def _prepare(self, tls: TlsMode, context: ssl.SSLContext | None, name: str) -> None:
        await self.learn_capabilities()
        if tls in (TlsMode.NONE, TlsMode.IMPLICIT):
            return
        if "STARTTLS" in self.capabilities and self.greeting.verdict is not Verdict.PREAUTH:
            await self.connection.start_tls(context_for(tls, context), name)
            await self.learn_capabilities()
        elif tls is TlsMode.STARTTLS:
            raise ImapConnectionError("the server offers no STARTTLS")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            await self.logout()
        else:
            await self.connection.close()

    # the session

    async def learn_capabilities(self) -> None:
        """Ask for the capabilities unless the server has told them already."""
        if not self.capabilities:
            await self.connection.run("CAPABILITY")

    async def login(
        self,
        username: str,
        password: str = "",
        *,
        mechanism: str | None = None,
        token: Token | None = None,
        may_show_password: bool = False,
    ) -> None:
        """Log in with the strongest mechanism both sides have.

        Args:
            mechanism: insist on this one.
            token: for OAUTHBEARER or XOAUTH2, instead of a password; or a function that gets one.
            may_show_password: whether it may be shown without TLS (loopback).

        Raises:
            ImapLoginError
        """
        before = self.capabilities
        await log_in(
            self.connection,
            username,
            password,
            mechanism=mechanism,
            token=await current(token),
            may_show_password=may_show_password,
        )
        if self.capabilities == before:  # not told with the OK: they change with the login
            await self.connection.run("CAPABILITY")

    async def enable(self, *capabilities: str) -> set[str]:
        """ENABLE those the server has; what is enabled now."""
        wanted = [name for name in capabilities if name.upper() in self.capabilities]
        if wanted and self.can("ENABLE", "IMAP4REV2"):
            await self.connection.run("ENABLE", " ".join(wanted).encode("ascii"))
        return self.connection.engine.enabled

    async def identify(self, /, **parameters: str) -> dict[str, str | None]:
        """Exchange names (RFC 2971); what the server says of itself, {} if it has no ID."""
        if not self.can("ID"):
            return {}
        pairs = [f'"{name}" "{value}"' for name, value in parameters.items()]
        inside = f"({' '.join(pairs)})" if pairs else "NIL"
        _, responses = await self.connection.run("ID", inside.encode("ascii"))
        found = [response for response in responses if isinstance(response, ServerId)]
        return found[-1].parameters if found else {}

    async def noop(self) -> None:
        """Ask what is new; unsolicited responses are taken in."""
        await self.connection.run("NOOP")

    async def logout(self) -> None:
        """Say goodbye and close; never raises."""
        try:
            self.connection.timeout = min(self.connection.timeout, LOGOUT_TIMEOUT_S)
            await self.connection.run("LOGOUT")
        except ImapError:
            pass  # we are leaving anyway
        await self.connection.close()

    async def wait_for_change(self, timeout: float | None = None) -> list[Response]:
        """Wait until the server tells of something new in the open mailbox.

        By IDLE, renewed before servers give up on it; without IDLE by a NOOP a minute.

        Args:
            timeout: seconds; [] if nothing happened meanwhile. None waits for ever.

        What came with earlier commands and has not been fetched here is returned at once.
        """
        news = self.take_news()
        if news:
            return news
        wait = waiting.idle if self.can("IDLE", "IMAP4REV2") else waiting.poll
        await wait(self.connection, self._picture, timeout)
        return self.take_news()

    def take_news(self) -> list[Response]:
        """What came with earlier commands; does not wait."""
        return self._picture.take_news()
