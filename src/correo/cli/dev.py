"""`correo dev`: a mail server for development, and the screen that says how to try it."""

from typing import TYPE_CHECKING, Annotated

import typer

from correo.cli.paths import HostOption, NameserverOption, RouteOption
from correo.cli.place import DataOption, development_folder

if TYPE_CHECKING:
    from correo.app.config import Configuration
    from correo.net.tls import CertificateFiles

app = typer.Typer(add_completion=False)

OffsetOption = Annotated[
    int | None,
    typer.Option("--port-offset", metavar="N", help="Every port is its standard number plus N."),
]


@app.command()
def dev(
    data: DataOption = None,
    host: HostOption = None,
    port_offset: OffsetOption = 2000,
    user: Annotated[
        list[str] | None,
        typer.Option(
            "--user",
            metavar="ADDRESS:PASSWORD",
            help="Make this account too, its domain being local; may be given again.",
            show_default=False,
        ),
    ] = None,
    route: RouteOption = None,
    nameserver: NameserverOption = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="No conveniences: login and TLS as on a real server, no catcher."
        ),
    ] = False,
) -> None:
    """Run a mail server for development: SMTP, submission, POP3 and IMAP, with and without TLS.

    Two users are there, ana@correo.test and bob@correo.test, password correo. From this machine,
    submission needs no login, and mail for any other domain lands in the catcher's INBOX.
    """
    from correo.app.config import Options
    from correo.app.dev import configuration_of, read_user, run
    from correo.app.logs import start_logging

    start_logging()
    users = [read_user(text) for text in user or ()]
    options = Options(
        data=data or str(development_folder()),
        hosts=tuple(host or ()),
        port_offset=port_offset,
        routes=tuple(route or ()),
        nameservers=tuple(nameserver or ()),
    )

    def show(configuration: "Configuration", files: "CertificateFiles") -> None:
        typer.echo(screen(configuration, files, [each.address for each in users], strict=strict))

    run(configuration_of(options, strict=strict), users, strict=strict, show=show)


def screen(
    configuration: "Configuration", files: "CertificateFiles", others: list[str], *, strict: bool
) -> str:
    """What the terminal shows when everything is up."""
    host, offset = configuration.hosts[0], configuration.port_offset
    tls = f" --ssl-reqd --cacert {files.authority}" if strict else ""
    login = " --crlf --user ana@correo.test:correo" if strict else ""
    people = ", ".join(["ana@correo.test", "bob@correo.test", *others])
    lines = [
        f"correo dev is up on {host}",
        "",
        f"  SMTP        {offset + 25:<6} as other servers reach you",
        f"  submission  {offset + 587:<6} STARTTLS, or TLS from the start on {offset + 465}",
        f"  POP3        {offset + 110:<6} STLS,     or TLS from the start on {offset + 995}",
        f"  IMAP        {offset + 143:<6} STARTTLS, or TLS from the start on {offset + 993}",
        "",
        f"  users       {people} (password: correo, unless you gave one)",
        f"  TLS trust   {files.authority}",
        f"  data        {configuration.folder}",
        "",
        "Try it:",
        "  printf 'Subject: hola\\n\\nIt works.\\n' |",
        f"    curl{tls}{login} --mail-from ana@correo.test --mail-rcpt bob@correo.test "
        f"smtp://{host}:{offset + 587} -T -",
        f"  curl{tls} --user bob@correo.test:correo 'imap://{host}:{offset + 143}/INBOX;MAILINDEX=*'",
        "  correo trace",
        "",
    ]
    if strict:
        lines.append("Strict: login and TLS as on a real server; mail for elsewhere really leaves.")
    else:
        lines.append(
            "Mail for any other domain stays here, with catcher@correo.test (password: correo)."
        )
    lines.append("Stop with Ctrl-C.")
    return "\n".join(lines)
