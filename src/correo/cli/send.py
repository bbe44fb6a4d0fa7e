"""`correo send`: send a message through a server, or straight to where its recipients are."""

import os
import sys

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
from correo.cli.send_options import (
    AttachOption,
    BccOption,
    CcOption,
    DirectOption,
    EnvelopeFromOption,
    HeaderOption,
    HeloOption,
    HtmlOption,
    MessageOption,
    NotifyOption,
    QuietOption,
    RecipientsArgument,
    SenderOption,
    ServerOption,
    SubjectOption,
    TextOption,
    ToOption,
)
from correo.clients.security import TlsMode

app = typer.Typer(add_completion=False)

FAILED, TRY_LATER = 1, 75


@app.command()
def send(
    recipients: RecipientsArgument = None,
    to: ToOption = None,
    cc: CcOption = None,
    bcc: BccOption = None,
    sender: SenderOption = "",
    subject: SubjectOption = "",
    text: TextOption = None,
    html: HtmlOption = None,
    attach: AttachOption = None,
    header: HeaderOption = None,
    message: MessageOption = None,
    server: ServerOption = None,
    direct: DirectOption = False,
    user: UserOption = None,
    password: PasswordOption = None,
    tls: TlsOption = None,
    ca: AuthorityOption = None,
    insecure: InsecureOption = False,
    envelope_from: EnvelopeFromOption = None,
    notify: NotifyOption = "",
    nameserver: NameserverOption = None,
    helo: HeloOption = "",
    timeout: TimeoutOption = 60.0,
    data: DataOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
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
