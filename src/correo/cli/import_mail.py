"""`correo import`: bring mail from a Maildir, mbox, .eml files or a zip of these into an account."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from correo.base.errors import CorreoError
from correo.cli.move_report import MoveReport
from correo.cli.place import ConfigOption, DataOption, JsonOption, data_folder, run

if TYPE_CHECKING:
    from correo.moving.finding import Survey
    from correo.moving.trees import Tree

app = typer.Typer(add_completion=False)


@app.command("import")
def import_(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The account.")],
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Folders, mbox files or zip archives.")
    ],
    into: Annotated[
        str,
        typer.Option(metavar="MAILBOX", help="Below this mailbox, not INBOX.", show_default=False),
    ] = "",
    flag: Annotated[
        list[str] | None,
        typer.Option(metavar="FLAG", help="For every message, such as \\Seen; repeatable."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list the mailboxes that would be filled.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Bring mail from a Maildir, mbox, .eml files or a zip of these into an account.

    What a folder is made of is found out: a Maildir with its folders, flags and keywords; mbox
    files; .eml files. Folders become mailboxes of the same name; a file named alone goes to INBOX.
    A message that lies there already is not filed twice, so an import that was interrupted
    is simply repeated. A broken message is reported and skipped. The server may run meanwhile.

    Exit codes: 0 all is there; 1 some messages were skipped, or it cannot be done; 2 the command
    line is wrong; 75 the account is full, or the disk: later it goes on where it stopped.

    Example: correo import ana@example.org ~/Maildir old.mbox
    """
    report = MoveReport("imported", "were here already", is_json=json, is_quiet=quiet)
    flags = read_flags(flag or [])
    found = [(path, *look(path)) for path in paths]
    if dry_run:
        for _, tree, each in found:
            show(each, report, is_json=json)
            tree.close()
        return
    run(bring(address, data_folder(data, config), found, into, flags, report))


def read_flags(flags: list[str]) -> tuple[str, ...]:
    from correo.mailbox.flags import canonical

    return tuple(canonical(flags).split())


def look(path: Path) -> "tuple[Tree, Survey]":
    """Raises CorreoError, if there is no mail; OSError."""
    from correo.moving.finding import survey
    from correo.moving.trees import open_tree

    tree = open_tree(path)
    found = survey(tree)
    if not found.boxes and not found.unreadable:
        raise CorreoError(f"{path} holds no mail: no Maildir, no mbox and no .eml file")
    return tree, found


def show(found: "Survey", report: MoveReport, *, is_json: bool) -> None:
    for box in found.boxes:
        if is_json:
            report.print(mailbox=box.mailbox, octets=box.octets)
        else:
            typer.echo(f"{box.mailbox}  ({box.octets} octets)")
    for broken in found.unreadable:
        report.trouble(broken)


async def bring(
    address: str,
    folder: Path,
    found: "list[tuple[Path, Tree, Survey]]",
    into: str,
    flags: tuple[str, ...],
    report: MoveReport,
) -> None:
    from correo.app.premises import opened
    from correo.mailbox.home import mail_of
    from correo.moving.importing import bring_in
    from correo.moving.model import Broken

    async with opened(folder) as premises:
        account = (await premises.administration.find(address)).id
        mail = await mail_of(premises.store, account)
        for path, tree, each in found:
            for broken in each.unreadable:
                report.trouble(broken)
            with report.progress(str(path), sum(box.octets for box in each.boxes)):
                async for one in bring_in(
                    mail, premises.store.blobs, each.boxes, into=into, more_flags=flags
                ):
                    if isinstance(one, Broken):
                        report.trouble(one)
                        continue
                    place = {"origin": one.origin, "mailbox": one.mailbox, "uid": one.uid}
                    report.one(one.size, is_new=one.is_new, **place)
            tree.close()
    others = sum(len(each.others) for _, _, each in found)
    more = [f"{others} other files left alone"] if others else []
    report.end(*more, others=others)
