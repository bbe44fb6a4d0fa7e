"""Which mail server a user agent talks to, as whom, and how the way there is protected.

`correo imap`, `pop` and `send` take the same options and mean the same by them. A server is named
`imaps://ana@mail.example.org`, `mail.example.org:993` or just `mail.example.org`. Without a scheme
the port decides: those of implicit TLS (also plus 2000, as in development) have it from the start,
others begin it with STARTTLS, or at once if the port is unusual and nobody greets there before it
is encrypted (`settled`). Only a server on this machine is spoken to without TLS if it has
none, unless an authority is named. `auto` is the server that the domain of the user's address
publishes (`found_server`).

RFC 8314    3        implicit TLS first, STARTTLS where the port asks for it
"""

import asyncio
import getpass
import ssl
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

import typer

from correo.base.errors import CorreoError
from correo.clients.security import TlsMode
from correo.net.addresses import is_this_machine, read_host_port
from correo.net.tls import client_context, opportunistic_context

__all__ = [
    "AUTO",
    "IMAP",
    "POP",
    "SUBMISSION",
    "AuthorityOption",
    "InsecureOption",
    "MailServer",
    "PasswordOption",
    "Protocol",
    "TimeoutOption",
    "TlsOption",
    "UserOption",
    "ask_password",
    "read_server",
    "settled",
]

AUTO = "auto"  # in place of a server
DEVELOPMENT = 2000  # added to ports by `correo dev`
GREETING_LIMIT_S = 3.0  # then a server on an unusual port is asked whether it waits for TLS
HANDSHAKE_LIMIT_S = 10.0

UserOption = Annotated[
    str | None,
    typer.Option("--user", "-u", metavar="NAME", help="The login name.", show_default=False),
]
PasswordOption = Annotated[
    str | None,
    typer.Option(
        envvar="CORREO_PASSWORD",
        help="Better left out: then it is asked for.",
        show_default=False,
    ),
]
TlsOption = Annotated[
    TlsMode | None,
    typer.Option(help="When TLS begins; what the port says unless given.", show_default=False),
]
AuthorityOption = Annotated[
    Path | None,
    typer.Option("--ca", metavar="FILE", help="Trust this authority too.", show_default=False),
]
InsecureOption = Annotated[bool, typer.Option("--insecure", help="Do not check the certificate.")]
TimeoutOption = Annotated[
    float, typer.Option(metavar="SECONDS", help="How long the server may be silent.")
]


@dataclass(frozen=True, slots=True)
class Protocol:
    """scheme: of its URLs; with "s" behind it TLS begins at once. usual: which port if none is named."""

    scheme: str
    port: int
    tls_port: int
    usual: int


IMAP = Protocol("imap", 143, 993, usual=993)
POP = Protocol("pop", 110, 995, usual=110)
SUBMISSION = Protocol("smtp", 587, 465, usual=587)


@dataclass(frozen=True, slots=True)
class MailServer:
    """user: "" for nobody. context: None to trust the system's authorities.

    may_show_password: whether a login without TLS may show it: on this machine, or if asked for.
    is_guess: whether tls is, for neither option, scheme nor port says it.
    """

    host: str
    port: int
    user: str
    tls: TlsMode
    context: ssl.SSLContext | None
    may_show_password: bool
    is_guess: bool = False


def read_server(
    text: str,
    protocol: Protocol,
    *,
    user: str | None = None,
    tls: TlsMode | None = None,
    authority: Path | None = None,
    insecure: bool = False,
) -> MailServer:
    """What the options say; AUTO means the server that is published for the user's address.

    Raises:
        typer.BadParameter: they name no server. CertificateError: the authority cannot be read.
        CorreoError: no server is published.
    """
    if text == AUTO:
        return published_server(user, protocol, context_of(authority, insecure=insecure))
    scheme, name, place = parts_of(text)
    is_implicit = scheme == f"{protocol.scheme}s" or tls is TlsMode.IMPLICIT
    is_named = bool(scheme) or tls is not None
    usual = protocol.tls_port if is_implicit else protocol.port if is_named else protocol.usual
    try:
        if scheme not in ("", protocol.scheme, f"{protocol.scheme}s"):
            raise ValueError(f"{scheme} is another protocol")
        host, port = read_host_port(place, usual)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no server: write {protocol.scheme}s://user@host, or host:port ({error})"
        ) from error
    if not is_named:
        is_implicit = port in (protocol.tls_port, protocol.tls_port + DEVELOPMENT)
    is_local = is_this_machine(host)
    mode = tls or default_mode(is_implicit=is_implicit, is_trusted=is_local and authority is None)
    context = context_of(authority, insecure=insecure)
    shows = is_local or tls is TlsMode.NONE
    is_usual = port in (protocol.port, protocol.port + DEVELOPMENT)
    is_guess = not is_named and not is_implicit and not is_usual
    return MailServer(host, port, user or name, mode, context, shows, is_guess)


def published_server(
    user: str | None, protocol: Protocol, context: ssl.SSLContext | None
) -> MailServer:
    """Raises CorreoError, typer.BadParameter."""
    from correo.cli.found_server import find_server  # it asks DNS and the web: rarely needed

    if user is None or "@" not in user:
        raise typer.BadParameter("to find the server, give your mail address: -u you@your.domain")
    return find_server(user, protocol, context)


def context_of(authority: Path | None, *, insecure: bool) -> ssl.SSLContext | None:
    """None to trust the system's authorities. Raises CertificateError."""
    if insecure:
        return opportunistic_context()
    return client_context(authority) if authority is not None else None


async def settled(server: MailServer) -> MailServer:
    """The same server; with TLS from the start if that was a guess and proves to be the way.

    Costs a connection, only where it was a guess. Whatever else goes wrong is for the connection
    proper to find.
    """
    if not server.is_guess:
        return server
    try:
        async with asyncio.timeout(GREETING_LIMIT_S):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            try:
                await reader.read(1)
            finally:
                writer.transport.abort()
        return server
    except TimeoutError:
        is_waiting = await takes_tls(server)
    except OSError:
        return server
    return replace(server, tls=TlsMode.IMPLICIT) if is_waiting else server


async def takes_tls(server: MailServer) -> bool:
    """Whether TLS can begin with the first octet; nothing is said over it."""
    try:
        async with asyncio.timeout(HANDSHAKE_LIMIT_S):
            _, writer = await asyncio.open_connection(
                server.host, server.port, ssl=opportunistic_context()
            )
    except OSError:  # TimeoutError and ssl.SSLError are OSErrors
        return False
    writer.transport.abort()
    return True


def parts_of(text: str) -> tuple[str, str, str]:
    """Scheme, user and HOST[:PORT] of SCHEME://USER@HOST:PORT; "" for what is not there."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text
    user, _, place = rest.removesuffix("/").rpartition("@")
    return scheme.lower(), unquote(user), place


def default_mode(*, is_implicit: bool, is_trusted: bool) -> TlsMode:
    if is_implicit:
        return TlsMode.IMPLICIT
    return TlsMode.OPPORTUNISTIC if is_trusted else TlsMode.STARTTLS


def ask_password(password: str | None, server: MailServer, *, reads_pipe: bool = False) -> str:
    """The option (or CORREO_PASSWORD), else what is typed.

    Args:
        reads_pipe: without a terminal, the first line of standard input.

    Raises:
        CorreoError: there is no user, or nowhere to get the password from.
    """
    if not server.user:
        raise typer.BadParameter(f"say who you are: --user, or ...://user@{server.host}")
    if password is not None:
        return password
    if sys.stdin.isatty() or (sys.stderr.isatty() and not reads_pipe):
        return getpass.getpass(f"Password of {server.user} at {server.host}: ")
    line = sys.stdin.readline().rstrip("\r\n") if reads_pipe else ""
    if not line:
        raise CorreoError("no password: set CORREO_PASSWORD, or give --password")
    return line
