"""`correo export`: write accounts as Maildirs or mbox files, which any mail program reads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from correo.base.errors import UsageError
from correo.cli.move_report import MoveReport
from correo.cli.place import ConfigOption, DataOption, JsonOption, data_folder, run

if TYPE_CHECKING:
    from correo.app.premises import Premises
    from correo.moving.exporting import Writer
    from correo.store.directory import Account

app = typer.Typer(add_completion=False)


@app.command()
def export(
    address: Annotated[
        str | None, typer.Argument(metavar="[ADDRESS]", help="The account.", show_default=False)
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All accounts, a folder for each, named as they are.")
    ] = False,
    maildir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="As a Maildir there.", show_default=False)
    ] = None,
    mbox: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="As mbox files there.", show_default=False),
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Write an account, or all, as a Maildir with its folders or as a folder of mbox files.

    Flags, keywords and dates are kept, messages are as they were received. A Maildir export that
    is repeated adds only what is new. The account stays as it is; the server may run meanwhile.

    Exit codes: 0 all is written; 1 some messages were skipped, or it cannot be done; 2 the command
    line is wrong.

    Example: correo export --all --maildir /backup/mail
    """
    if (address is None) == (not every):
        raise UsageError("name an ADDRESS, or all accounts with --all")
    target = maildir or mbox
    if target is None or (maildir and mbox):
        raise UsageError("name one place for the mail: --maildir DIR or --mbox DIR")
    target = target.absolute()
    report = MoveReport("exported", "were there already", is_json=json, is_quiet=quiet)
    source = data_folder(data, config)

    async def work() -> None:
        from correo.app.premises import opened

        async with opened(source) as premises:
            for account in await chosen(premises, address):
                folder = target / account.address if every else target
                await write_out(premises, account, writer_for(folder, is_mbox=bool(mbox)), report)
        report.end()

    run(work())


async def chosen(premises: "Premises", address: str | None) -> "list[Account]":
    if address is not None:
        return [await premises.administration.find(address)]
    return await premises.administration.accounts()


def writer_for(folder: Path, *, is_mbox: bool) -> "Writer":
    from correo.moving.maildir_writer import MaildirWriter
    from correo.moving.mbox_writer import MboxWriter

    return MboxWriter(folder) if is_mbox else MaildirWriter(folder)


async def write_out(
    premises: "Premises", account: "Account", writer: "Writer", report: MoveReport
) -> None:
    from correo.mailbox.home import mail_of
    from correo.moving.exporting import take_out
    from correo.moving.model import Broken

    mail = await mail_of(premises.store, account.id)
    octets = sum(each.size for each in await mail.mailboxes())
    with report.progress(account.address, octets):
        async for one in take_out(mail, writer):
            if isinstance(one, Broken):
                report.trouble(one)
                continue
            place = {"account": account.address, "mailbox": one.mailbox, "uid": one.uid}
            report.one(one.size, is_new=one.is_new, **place)
    writer.close()
