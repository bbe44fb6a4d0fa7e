"""`correo account add|list|password|quota|enable|disable|apop|share|reindex|remove`: who has a
mailbox here."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from correo.base.errors import NotFound, UsageError
from correo.cli.account_quota import (
    MailboxesOption,
    MessagesOption,
    limit,
    quota,
    read_size,
    write_size,
)
from correo.cli.account_share import share
from correo.cli.place import ConfigOption, DataOption, JsonOption, data_folder, run
from correo.cli.progress import progress

if TYPE_CHECKING:
    from correo.accounts.administration import AccountRequest
    from correo.store.directory import Account

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Add, change, list and remove accounts. Holds at once, while the server runs.",
)

AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="Such as ana@example.org.")]
PasswordOption = Annotated[
    str | None,
    typer.Option(
        help="The password; better left out, then it is asked for, or read from standard input.",
        show_default=False,
    ),
]
QuotaOption = Annotated[
    str, typer.Option(metavar="SIZE", help="Such as 500M or 2G; 0 for no limit.")
]


@app.command()
def add(
    address: Annotated[
        str | None, typer.Argument(metavar="[ADDRESS]", help="Such as ana@example.org.")
    ] = None,
    password: PasswordOption = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help='Add all in a file of lines ADDRESS:PASSWORD (or an argon2 hash); "-" reads '
            "standard input. All or none are added.",
            show_default=False,
        ),
    ] = None,
    quota: QuotaOption = "0",
    messages: MessagesOption = None,
    mailboxes: MailboxesOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Add an account, or many from a file."""
    from correo.app.premises import opened

    if (address is None) == (source is None):
        raise UsageError("name an ADDRESS, or a file of them with --from FILE")
    size = read_size(quota)

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            requests = requests_of(address, password, source, size)
            count = len(requests)
            with progress("hashing passwords", count, is_wanted=count > 1) as advance:
                made = await premises.administration.add_many(requests, done=lambda: advance(1))
            for each in made if size or messages or mailboxes else ():
                mail = await premises.store.create(each.id)
                await limit(mail, octets=size, messages=messages, mailboxes=mailboxes)
            typer.echo(f"{made[0].address} is added" if address else f"{len(made)} accounts added")

    run(work())


@app.command("list")
def list_(
    domain: Annotated[str | None, typer.Argument(help="Only of this domain.")] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the accounts."""
    from correo.app.premises import opened

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            for each in sorted(await premises.administration.accounts(domain), key=by_domain):
                if json:
                    typer.echo(msgspec.json.encode(each))
                    continue
                details = [] if each.enabled else ["disabled"]
                if each.quota:
                    details.append(f"quota {write_size(each.quota)}")
                if each.apop:
                    details.append("APOP")
                typer.echo(each.address + (f"  ({', '.join(details)})" if details else ""))

    run(work())


@app.command()
def password(
    address: AddressArgument,
    password: PasswordOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Set a new password; the old one fails from that moment."""
    from correo.app.premises import opened

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            await premises.administration.find(address)
            await premises.administration.set_password(address, given_or_asked(password))
            typer.echo(f"{address} has a new password")

    run(work())


@app.command()
def enable(address: AddressArgument, data: DataOption = None, config: ConfigOption = None) -> None:
    """Let an account in again."""
    switch(address, data, config, enabled=True)


@app.command()
def disable(address: AddressArgument, data: DataOption = None, config: ConfigOption = None) -> None:
    """Lock an account: no login, no new mail; what it has stays."""
    switch(address, data, config, enabled=False)


@app.command()
def apop(
    address: AddressArgument,
    off: Annotated[bool, typer.Option("--off", help="Opt out, and forget the secret.")] = False,
    secret: Annotated[
        str | None, typer.Option(help="As --password, for APOP only.", show_default=False)
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Opt in to APOP with a secret of its own, which has to be kept recoverably; or out of it."""
    from correo.app.premises import opened

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            await premises.administration.find(address)
            chosen = None if off else given_or_asked(secret)
            await premises.administration.set_apop(address, chosen)
            typer.echo(f"{address} {'does not use' if off else 'may use'} APOP")

    run(work())


@app.command()
def reindex(
    address: AddressArgument,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Throw the full-text index of an account away and make it anew, while people work."""
    from correo.app.premises import opened
    from correo.mailbox.indexing import index_account

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            account = await premises.administration.find(address)
            mail = await premises.store.create(account.id)
            await mail.drop_text_index()
            count = await index_account(mail)
            typer.echo(f"{account.address}: {count} messages are indexed")

    run(work())


@app.command()
def remove(
    address: AddressArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Remove an account and all its mail, for good."""
    from correo.app.premises import opened

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            account = await premises.administration.find(address)
            if not yes:
                typer.confirm(f"Remove {account.address} and all its mail for good?", abort=True)
            await premises.sharing.forget(account.id)
            await premises.administration.remove_account(address)
            with contextlib.suppress(NotFound):  # it never had mail
                await premises.store.remove(account.id)
            typer.echo(f"{account.address} is removed")

    run(work())


app.command()(quota)
app.command()(share)


# what the commands have in common


def switch(address: str, data: str | None, config: str | None, *, enabled: bool) -> None:
    from correo.app.premises import opened

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            await premises.administration.set_enabled(address, enabled=enabled)
            typer.echo(f"{address} is {'enabled' if enabled else 'disabled'}")

    run(work())


def requests_of(
    address: str | None, password: str | None, source: str | None, quota: int
) -> "list[AccountRequest]":
    from correo.accounts.administration import AccountRequest, read_account_requests

    if address is not None:
        return [AccountRequest(address, given_or_asked(password), quota)]
    if password is not None:
        raise UsageError("--password goes with one ADDRESS; the file has a password in each line")
    lines = sys.stdin if source == "-" else Path(source or "").read_text("utf-8").splitlines()
    requests = read_account_requests(lines, quota=quota)
    if not requests:
        raise UsageError(f"{source} names no account: write lines ADDRESS:PASSWORD")
    return requests


def given_or_asked(password: str | None) -> str:
    """The password, from the option, the keyboard or one line of standard input."""
    if password is not None:
        return password
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def by_domain(account: "Account") -> tuple[str, str]:
    local, _, domain = account.address.rpartition("@")
    return domain, local
