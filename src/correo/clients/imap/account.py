"""Know how to reach and enter an account, so that a connection can be made again.

account = ImapAccount("imap.example.org", "ana@example.org", password)
async with account.open("INBOX") as mailbox:
    ...
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from correo.clients.imap.client import DEFAULT_TIMEOUT_S, ImapClient
from correo.clients.imap.mailbox import Mailbox
from correo.clients.security import TlsMode, Token

__all__ = ["ImapAccount"]


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """Where an account is and how to log in.

    token: for OAUTHBEARER or XOAUTH2, instead of a password: the token, or a function that gets
        one and is called at each login.
    mechanism: of SASL, instead of the strongest; "EXTERNAL" where `context` shows a certificate.
    may_show_password: whether the password may be shown without TLS (loopback).
    timeout: seconds the server may be silent.
    """

    host: str
    username: str
    password: str = field(default="", repr=False)
    port: int | None = None
    tls: TlsMode = TlsMode.IMPLICIT
    context: ssl.SSLContext | None = None
    server_name: str | None = None
    token: Token | None = field(default=None, repr=False)
    mechanism: str | None = None
    may_show_password: bool = False
    timeout: float = DEFAULT_TIMEOUT_S

    async def connect(self) -> ImapClient:
        """A client, logged in. Raises ImapConnectionError, ImapLoginError."""
        client = await ImapClient.connect(
            self.host,
            self.port,
            tls=self.tls,
            context=self.context,
            server_name=self.server_name,
            timeout=self.timeout,
        )
        try:
            await client.login(
                self.username,
                self.password,
                mechanism=self.mechanism,
                token=self.token,
                may_show_password=self.may_show_password,
            )
            await client.enable("QRESYNC", "CONDSTORE")
        except BaseException:
            client.connection.connection.abort()
            raise
        return client

    @asynccontextmanager
    async def open(self, mailbox: str, *, read_only: bool = False) -> AsyncIterator[Mailbox]:
        """A mailbox on a connection of its own."""
        opened = Mailbox(self, mailbox, read_only=read_only)
        await opened.connect()
        try:
            yield opened
        finally:
            await opened.close()
