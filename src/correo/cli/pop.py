"""`correo pop`: fetch mail over POP3 from any server, and keep or delete it there."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from correo.base.errors import CorreoError
from correo.cli.mail_server import (
    POP,
    AuthorityOption,
    InsecureOption,
    MailServer,
    PasswordOption,
    TimeoutOption,
    TlsOption,
    UserOption,
    ask_password,
    read_server,
    settled,
)
from correo.cli.place import JsonOption, run
from correo.cli.progress import progress

if TYPE_CHECKING:
    from correo.clients.folders import Folder
    from correo.clients.pop3 import Collected, Plan

app = typer.Typer(add_completion=False)

STATE_NAME = ".correo-pop"


@app.command()
def pop(
    server: Annotated[
        str,
        typer.Argument(
            metavar="SERVER",
            help="host:port, or pops://user@host; port 110 unless named, 995 means TLS; "
            "auto finds it from --user, a mail address.",
        ),
    ],
    user: UserOption = None,
    password: PasswordOption = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave messages on the server; fetch only new ones.")
    ] = False,
    delete: Annotated[
        bool,
        typer.Option("--delete", help="Delete them there, once they are safely on disk here."),
    ] = False,
    maildir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Into this Maildir.", show_default=False)
    ] = None,
    mbox: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Into this mbox.", show_default=False)
    ] = None,
    eml: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Into this directory, a .eml each.", show_default=False),
    ] = None,
    tls: TlsOption = None,
    ca: AuthorityOption = None,
    insecure: InsecureOption = False,
    mechanism: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A SASL mechanism, APOP or USER, not the best offered.",
            show_default=False,
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where it is noted what was fetched; unless named, beside the messages.",
            show_default=False,
        ),
    ] = None,
    timeout: TimeoutOption = 60.0,
    json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Fetch mail over POP3 into a Maildir, an mbox, or files.

    With --keep (the default) messages stay on the server, and each is fetched once: its unique-id
    is remembered. With --delete they go from the server when the session ends well, and only
    those whose copy is synced to the disk here; so a broken session loses nothing.

    Without a terminal the password may come as the first line of standard input.

    Exit codes: 0 all is fetched; 1 something failed, and was said; 2 the command line is wrong;
    75 trying later may help (no connection, mailbox in use).

    Example: correo pop mail.example.org -u ana --maildir ~/Mail --delete
    """
    if keep and delete:
        raise typer.BadParameter("choose one of --keep and --delete")
    target = Target(maildir, mbox, eml, state)
    there = read_server(server, POP, user=user, tls=tls, authority=ca, insecure=insecure)
    report = Report(is_json=json, is_quiet=quiet)
    work = Work(there, mechanism, timeout, keep=not delete)
    failures = run(work.do(ask_password(password, there, reads_pipe=True), target, report))
    if failures:
        raise CorreoError(f"{failures} of the messages could not be fetched")


class Target:
    """Where messages go, and where it is noted which did."""

    def __init__(
        self, maildir: Path | None, mbox: Path | None, eml: Path | None, state: Path | None
    ) -> None:
        given = [path for path in (maildir, mbox, eml) if path is not None]
        if len(given) != 1:
            raise typer.BadParameter("name one place for the messages: --maildir, --mbox or --eml")
        self._maildir, self._mbox, self._eml = maildir, mbox, eml
        beside = given[0] / STATE_NAME
        if mbox is not None:
            beside = mbox.with_name(f"{mbox.name}{STATE_NAME}")
        self.state = state or beside

    def open(self) -> "Folder":
        from correo.clients.folders import EmlFolder, Maildir, Mbox

        if self._maildir is not None:
            return Maildir(self._maildir)
        if self._mbox is not None:
            return Mbox(self._mbox)
        assert self._eml is not None
        return EmlFolder(self._eml)


class Work:
    """One session with one server."""

    def __init__(
        self, server: MailServer, mechanism: str | None, timeout: float, *, keep: bool
    ) -> None:
        self._server = server
        self._mechanism = mechanism.upper() if mechanism else None
        self._timeout = timeout
        self._keep = keep

    async def do(self, password: str, target: Target, report: "Report") -> int:
        """How many messages could not be fetched. Raises CorreoError, OSError."""
        from correo.clients.pop3 import SeenFile

        folder, server = target.open(), self._server
        try:
            seen = SeenFile(target.state, f"{server.user}@{server.host}:{server.port}")
            return await self._collect(password, folder, seen, report)
        finally:
            folder.close()

    async def _collect(self, password: str, folder: "Folder", seen: Any, report: "Report") -> int:
        from correo.clients.pop3 import Pop3Client, collect, make_plan

        failures, server = 0, await settled(self._server)
        async with await Pop3Client.connect(
            server.host, server.port, tls=server.tls, context=server.context, timeout=self._timeout
        ) as client:
            await client.enable_utf8()
            await client.login(
                server.user,
                password,
                mechanism=self._mechanism,
                may_show_password=server.may_show_password,
            )
            plan = await make_plan(client, seen, keep=self._keep)
            with report.progress(plan):
                async for each in collect(client, plan, folder, seen, keep=self._keep):
                    report.one(each)
                    failures += each.path is None
        report.end(plan, failures, is_deleted=not self._keep)
        return failures


class Report:
    """What the person, or the script, sees."""

    def __init__(self, *, is_json: bool, is_quiet: bool) -> None:
        self._is_json = is_json
        self._is_quiet = is_quiet
        self._advance: Callable[[int], None] = lambda _: None
        self._octets = 0
        self._messages = 0

    @contextmanager
    def progress(self, plan: "Plan") -> Iterator[None]:
        """A bar on a terminal; nothing elsewhere."""
        wanted = len(plan.wanted)
        shows = bool(wanted) and not self._is_quiet and not self._is_json
        with progress(
            f"{wanted} messages", plan.octets, octets=True, is_wanted=shows
        ) as self._advance:
            yield

    def one(self, each: "Collected") -> None:
        if each.path is None:
            sys.stderr.write(f"correo: message {each.number}: {each.refusal}\n")
        else:
            self._octets += each.size
            self._messages += 1
        self._advance(each.size)
        if self._is_json:
            self._print(
                number=each.number,
                unique_id=each.unique_id,
                size=each.size,
                path=None if each.path is None else str(each.path),
                error=each.refusal or None,
            )

    def end(self, plan: "Plan", failures: int, *, is_deleted: bool) -> None:
        known = len(plan.sizes) - len(plan.wanted)
        if self._is_json:
            self._print(
                fetched=self._messages,
                octets=self._octets,
                failed=failures,
                known=known,
                deleted=len(plan.sizes) - failures if is_deleted else 0,
            )
        elif not self._is_quiet:
            what = "message" if self._messages == 1 else "messages"
            details = [f"{known} were here already"] if known else []
            if is_deleted:
                details.append("deleted on the server")
            suffix = f" ({'; '.join(details)})" if details else ""
            typer.echo(f"{self._messages} {what} fetched, {self._octets} octets{suffix}")

    def _print(self, **values: object) -> None:
        import msgspec

        typer.echo(msgspec.json.encode(values))
