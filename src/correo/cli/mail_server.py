"""Which mail server a user agent talks to, as whom, and how the way there is protected.

A server is named `imaps://ana@mail.example.org`, `mail.example.org:993` or just
`mail.example.org`. Without a scheme the port decides: 993 and 995 (also plus 2000, as in
development) have TLS from the start, other ports begin it with STARTTLS. Only a server on this
machine is spoken to without TLS if it has none.

RFC 8314    3        implicit TLS first, STARTTLS where the port asks for it
"""

import getpass
import os
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import typer

from correo.base.errors import CorreoError
from correo.clients.security import TlsMode
from correo.net.tls import client_context, opportunistic_context

__all__ = ["MailServer", "ask_password", "read_server"]

IMPLICIT_PORTS = {993, 995, 465, 2993, 2995, 2465}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
PASSWORD_VARIABLE = "CORREO_PASSWORD"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class MailServer:
    """port: None for the protocol's own. is_local: whether it is on this machine."""

    host: str
    port: int | None
    user: str
    tls: TlsMode
    context: ssl.SSLContext
    is_local: bool


def read_server(
    text: str,
    *,
    scheme: str,
    user: str | None = None,
    tls: TlsMode | None = None,
    authority: Path | None = None,
    insecure: bool = False,
) -> MailServer:
    """What the options say.

    Args:
        scheme: "imap" or "pop"; with "s" behind it TLS begins at once.

    Raises:
        typer.BadParameter: the options name no server; CertificateError: the authority cannot be read.
    """
    parts = urlsplit(text if "://" in text else f"//{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}") from error
    if not host or (parts.scheme and parts.scheme not in (scheme, f"{scheme}s")):
        raise typer.BadParameter(f"{text} is no server: write {scheme}s://user@host, or host:port")
    is_local = host in LOOPBACK
    mode = tls or default_mode(parts.scheme, scheme, port, is_local=is_local)
    name = user or unquote(parts.username or "")
    if not name:
        raise typer.BadParameter(f"say who you are: --user, or {scheme}s://user@{host}")
    context = opportunistic_context() if insecure else client_context(authority)
    return MailServer(host, port, name, mode, context, is_local)


def default_mode(given: str, scheme: str, port: int | None, *, is_local: bool) -> TlsMode:
    if given == f"{scheme}s" or (not given and (port is None or port in IMPLICIT_PORTS)):
        return TlsMode.IMPLICIT
    return TlsMode.OPPORTUNISTIC if is_local else TlsMode.STARTTLS


def ask_password(password: str | None, server: MailServer) -> str:
    """The option, else CORREO_PASSWORD, else what is typed. Raises CorreoError without a terminal."""
    if password is not None:
        return password
    stored = os.environ.get(PASSWORD_VARIABLE)
    if stored is not None:
        return stored
    if not sys.stdin.isatty():
        raise CorreoError(f"no password: set {PASSWORD_VARIABLE}, or give --password")
    return getpass.getpass(f"Password of {server.user} at {server.host}: ")
