"""`correo alias add|list|remove`: addresses that stand for others."""

from typing import Annotated

import msgspec
import typer

from correo.cli.place import ConfigOption, DataOption, JsonOption, data_folder, run

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Add, list and remove aliases: addresses that stand for others, here or elsewhere.",
)

AddressArgument = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="Such as info@example.org.")
]


@app.command()
def add(
    address: AddressArgument,
    targets: Annotated[list[str], typer.Argument(metavar="TARGET...", help="What it stands for.")],
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Make an alias, or add targets to it."""
    from correo.app.premises import opened

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            alias = await premises.administration.add_alias(address, targets)
            typer.echo(f"{alias.address} stands for {', '.join(alias.targets)}")

    run(work())


@app.command("list")
def list_(
    domain: Annotated[str | None, typer.Argument(help="Only of this domain.")] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the aliases."""
    from correo.app.premises import opened

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            for each in await premises.administration.aliases(domain):
                if json:
                    typer.echo(msgspec.json.encode(each))
                else:
                    typer.echo(f"{each.address} -> {', '.join(each.targets)}")

    run(work())


@app.command()
def remove(
    address: AddressArgument,
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[TARGET...]", help="Only these.")
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Remove an alias, or some of its targets."""
    from correo.app.premises import opened

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            await premises.administration.remove_alias(address, targets or ())
            typer.echo(f"{address} is changed" if targets else f"{address} is removed")

    run(work())
