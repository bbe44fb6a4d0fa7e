"""What all commands of `correo imap` share: the way to the server, and how messages are named."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from correo.cli.mail_server import AUTO, IMAP, MailServer, ask_password, read_server, settled
from correo.cli.place import run
from correo.clients.security import TlsMode

if TYPE_CHECKING:
    from correo.clients.imap import ImapClient

__all__ = ["MailboxArgument", "UidsArgument", "Way", "check_uids", "connected", "work_with"]

UID_SET = re.compile(r"(\d+|\*)(:(\d+|\*))?(,(\d+|\*)(:(\d+|\*))?)*")

MailboxArgument = Annotated[str, typer.Argument(metavar="MAILBOX")]
UidsArgument = Annotated[str, typer.Argument(metavar="UIDS", help="Such as 17, 3:9,12 or 20:*.")]


@dataclass(frozen=True, slots=True)
class Way:
    """How to get to the server: the options before the command."""

    address: str | None
    user: str | None
    password: str | None
    tls: TlsMode | None
    authority: Path | None
    insecure: bool
    timeout: float

    def server(self) -> MailServer:
        """Raises CorreoError, BadParameter."""
        address = self.address
        if address is None and self.user is not None and "@" in self.user:
            address = AUTO
        if address is None:
            raise typer.BadParameter(
                "name the server, correo imap -s imaps://user@host ..., "
                "or let it be found: correo imap -u you@your.domain ..."
            )
        return read_server(
            address,
            IMAP,
            user=self.user,
            tls=self.tls,
            authority=self.authority,
            insecure=self.insecure,
        )


@asynccontextmanager
async def logged_in(way: Way, server: MailServer, password: str) -> "AsyncIterator[ImapClient]":
    """A client past its login."""
    async with await connected(await settled(server), password, way.timeout) as client:
        yield client


async def connected(server: MailServer, password: str, timeout: float) -> "ImapClient":
    """A client past its login, for the caller to log out. Raises ImapError."""
    from correo.clients.imap import ImapClient, ImapError

    client = await ImapClient.connect(
        server.host, server.port, tls=server.tls, context=server.context, timeout=timeout
    )
    try:
        await client.login(server.user, password, may_show_password=server.may_show_password)
    except ImapError:
        await client.logout()
        raise
    return client


def work_with(context: typer.Context, work: "Callable[[ImapClient], Awaitable[None]]") -> None:
    """Log in, do it, log out."""

    way: Way = context.obj
    server = way.server()
    password = ask_password(way.password, server)

    async def whole() -> None:
        async with logged_in(way, server, password) as client:
            await work(client)

    run(whole())


def check_uids(uids: str) -> str:
    if UID_SET.fullmatch(uids) is None:
        raise typer.BadParameter(f"{uids} is no set of UIDs: write 17, 3:9,12 or 20:*")
    return uids
