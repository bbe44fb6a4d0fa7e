"""`correo account share`: let somebody see a mailbox of another account, or do more with it."""

from typing import Annotated

import typer

from correo.base.errors import UsageError
from correo.cli.place import ConfigOption, DataOption, data_folder, run

__all__ = ["share"]


def share(
    owner: Annotated[str, typer.Argument(metavar="OWNER", help="Whose mailbox it is.")],
    user: Annotated[
        str | None,
        typer.Argument(metavar="[USER]", help="Who may do it; `anyone` for every account."),
    ] = None,
    rights: Annotated[
        str | None,
        typer.Argument(
            metavar="[RIGHTS]",
            help="As in RFC 4314: lr to read, lrswite to read and file, lrswipkxte for all but "
            'giving rights to others; "" for nothing.',
        ),
    ] = None,
    mailbox: Annotated[str, typer.Option(help="Which of the owner's mailboxes.")] = "INBOX",
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Say what USER may do with a mailbox of OWNER; without USER, show who may do what."""
    from correo.app.premises import opened
    from correo.mailbox.namespaces import prefix_of
    from correo.store.model import RightsMode

    wanted = None if rights is None else read(rights)
    if (user is None) != (wanted is None):
        raise UsageError("name a USER and their RIGHTS, or neither to see the list")

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            account, sharing = await premises.administration.find(owner), premises.sharing
            mail = await premises.store.create(account.id)
            place = await mail.mailbox(mailbox)
            if user is not None and wanted is not None:
                identifier = await sharing.identifier(user)
                if identifier.removeprefix("-") == account.id:
                    raise UsageError(f"{account.address} has all rights there already")
                await sharing.change(mail, place.id, identifier, RightsMode.REPLACE, wanted)
            typer.echo(f"{prefix_of(account.address)}{place.name}")
            for name, granted in (await sharing.named(await mail.acl(place.id))).items():
                typer.echo(f"  {name}  {granted}")

    run(work())


def read(rights: str) -> str:
    """Raises UsageError."""
    from correo.wire.imap.rights import read_rights

    try:
        return read_rights(rights)
    except ValueError as error:
        raise UsageError(f"{rights!r} is no set of rights: {error}") from None
