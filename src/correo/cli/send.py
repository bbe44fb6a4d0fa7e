"""`correo send`: send a message through a server, or straight to where its recipients are."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from correo.base.errors import UsageError
from correo.cli.mail_server import (
    AuthorityOption,
    InsecureOption,
    PasswordOption,
    TimeoutOption,
    TlsOption,
    UserOption,
    ask_password,
)
from correo.cli.paths import NameserverOption
from correo.cli.place import DataOption, JsonOption, run
from correo.clients.security import TlsMode

app = typer.Typer(add_completion=False)

FAILED, TRY_LATER = 1, 75


@app.command()
def send(
    recipients: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ADDRESS]...", help="To whom; also with --to.", show_default=False),
    ] = None,
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="ADDRESS", show_default=False)
    ] = None,
    cc: Annotated[
        list[str] | None, typer.Option("--cc", metavar="ADDRESS", show_default=False)
    ] = None,
    bcc: Annotated[
        list[str] | None,
        typer.Option("--bcc", metavar="ADDRESS", help="Not shown to others.", show_default=False),
    ] = None,
    sender: Annotated[
        str, typer.Option("--from", "-f", metavar="ADDRESS", help="Who sends; else the login name.")
    ] = "",
    subject: Annotated[str, typer.Option("--subject", "-s", metavar="TEXT")] = "",
    text: Annotated[
        str | None,
        typer.Option(
            "--text",
            metavar="TEXT",
            help="The text; unless given, it is read from a pipe.",
            show_default=False,
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="The text as HTML.", show_default=False),
    ] = None,
    attach: Annotated[
        list[Path] | None,
        typer.Option(
            "--attach", "-a", metavar="FILE", help="Send this file along.", show_default=False
        ),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(
            "--header", metavar="'NAME: TEXT'", help="A further field.", show_default=False
        ),
    ] = None,
    message: Annotated[
        list[str] | None,
        typer.Option(
            "--message",
            "-m",
            metavar="FILE",
            help='A whole message as it is; "-" from a pipe. Any number of them.',
            show_default=False,
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="SERVER",
            envvar="CORREO_SERVER",
            help="Submit here: host:port, or smtps://user@host; port 587 unless named, 465 means "
            "TLS. Unless given, the correo that runs on this machine.",
            show_default=False,
        ),
    ] = None,
    direct: Annotated[
        bool, typer.Option("--direct", help="To each recipient's own mail server (MX).")
    ] = False,
    user: UserOption = None,
    password: PasswordOption = None,
    tls: TlsOption = None,
    ca: AuthorityOption = None,
    insecure: InsecureOption = False,
    envelope_from: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="The reverse-path; <> for none.", show_default=False),
    ] = None,
    notify: Annotated[
        str,
        typer.Option(
            metavar="WHEN", help="Reports wanted: never, or some of success,failure,delay."
        ),
    ] = "",
    nameserver: NameserverOption = None,
    helo: Annotated[str, typer.Option(metavar="NAME", help="Our name; else the machine's.")] = "",
    timeout: TimeoutOption = 60.0,
    data: DataOption = None,
    json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Send a message: built from options and files, or ready-made with --message.

    A ready-made message without addresses on the command line goes to those in its To, Cc and
    Bcc fields; Bcc is removed.

    Exit codes: 0 everybody has it; 1 somebody was refused; 2 the command line is wrong; 75 trying
    later may help.

    Example: date | correo send bob@example.org -s now --server mail.example.org -u ana
    """
    from correo.cli.send_carry import Carrier, Report, Way, submission_server
    from correo.cli.send_compose import Options, letters

    if direct and (server or user):
        raise UsageError("--direct asks DNS for the servers: leave --server and --user out")
    there = None
    if not direct:
        there = submission_server(server, data, user=user, tls=tls, authority=ca, insecure=insecure)
    login = there.user if there is not None else ""
    options = Options(
        to=[*(recipients or ()), *(to or ())],
        cc=cc or [],
        bcc=bcc or [],
        sender=sender or (login if "@" in login else ""),
        subject=subject,
        text=text,
        html=html,
        attach=attach or [],
        header=header or [],
        message=message or [],
        envelope_from=envelope_from,
        notify=notify,
        hostname=helo or own_name(),
    )
    ready = letters(options, None if sys.stdin.isatty() else sys.stdin.buffer)
    way = Way(
        server=there,
        password=ask_password(password, there) if there is not None and login else "",
        direct_tls=tls or TlsMode.OPPORTUNISTIC,
        nameservers=nameserver or [],
        helo=helo or own_name(),
        timeout_s=timeout,
    )
    report = Report(is_json=json, is_quiet=quiet)
    run(Carrier(way, report).carry(ready))
    if report.failed:
        raise typer.Exit(FAILED)
    if report.deferred:
        raise typer.Exit(TRY_LATER)


def own_name() -> str:
    """What this machine is called."""
    return os.uname().nodename or "localhost"
