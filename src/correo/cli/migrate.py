"""`correo migrate`: move a user from any IMAP server into an account here."""

from typing import Annotated

import typer

from correo.base.errors import CorreoError
from correo.cli.imap_way import Way
from correo.cli.mail_server import (
    AuthorityOption,
    InsecureOption,
    PasswordOption,
    TimeoutOption,
    TlsOption,
    UserOption,
    ask_password,
)
from correo.cli.move_report import MoveReport
from correo.cli.place import ConfigOption, DataOption, JsonOption, data_folder, run

app = typer.Typer(add_completion=False)


@app.command()
def migrate(
    server: Annotated[
        str, typer.Argument(metavar="SERVER", help="imaps://user@host, or host:port.")
    ],
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The account here.")],
    user: UserOption = None,
    password: PasswordOption = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only mailboxes such as 'Work/*'; repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Not mailboxes such as Trash; repeatable."),
    ] = None,
    into: Annotated[
        str,
        typer.Option(metavar="MAILBOX", help="Below this mailbox, not INBOX.", show_default=False),
    ] = "",
    keep_names: Annotated[
        bool,
        typer.Option("--keep-names", help="Sent Items stays that, and is not ours of its use."),
    ] = False,
    tls: TlsOption = None,
    ca: AuthorityOption = None,
    insecure: InsecureOption = False,
    timeout: TimeoutOption = 60.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be moved where.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Move a user from any IMAP server into an account: folders, messages, flags, dates.

    Nothing is changed there. It may be broken off and repeated at any time: what is here is not
    fetched again, what is new there or has other flags is brought up to date. So move most of it
    days before, and the rest when the new server takes over. At the end, counts and hashes of
    both sides are compared.

    Exit codes: 0 all is here, and proven; 1 some messages were skipped or differ, or it cannot be
    done; 2 the command line is wrong; 75 the server cannot be reached, or an account is full:
    later it goes on where it stopped.

    Example: correo migrate imaps://ana@old.example.org ana@example.org
    """
    from correo.cli.migrate_work import MigrateWork, Selection

    way = Way(server, user, password, tls, ca, insecure, timeout)
    report = MoveReport("moved", "were here already", is_json=json, is_quiet=quiet)
    selection = Selection(only or ["*"], exclude or [], into, keep_names=keep_names)
    secret = ask_password(password, way.server(), reads_pipe=True)
    work = MigrateWork(way.server(), secret, timeout, selection, report)
    folder = data_folder(data, config)
    if dry_run:
        run(work.preview(folder, address))
        return
    differing = run(work.do(folder, address))
    report.end(*work.words(), **work.values())
    if differing:
        raise CorreoError(f"not all is here as it is there: see {', '.join(differing)} above")
