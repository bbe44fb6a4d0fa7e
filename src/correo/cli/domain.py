"""`correo domain add|change|list|remove`: the domains we are final for."""

from typing import Annotated

import msgspec
import typer

from correo.cli.place import ConfigOption, DataOption, JsonOption, data_folder, run

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Add, change, list and remove the domains we are final for. Holds at once, while the "
    "server runs.",
)

NameArgument = Annotated[str, typer.Argument(metavar="DOMAIN", help="Such as example.org.")]
CaseOption = Annotated[
    bool, typer.Option("--exact-case", help="Ana@ and ana@ are two mailboxes; for good.")
]
SeparatorOption = Annotated[
    str | None,
    typer.Option(
        help='Divides name and subaddress: "+" in ana+lists@; "" for none.', show_default=False
    ),
]
CatchAllOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help='Gets mail for unknown names; "" for none.', show_default=False
    ),
]


@app.command()
def add(
    name: NameArgument,
    exact_case: CaseOption = False,
    separator: SeparatorOption = None,
    catch_all: CatchAllOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Be final for a domain."""
    from correo.app.premises import opened
    from correo.store.directory import LocalPartCase

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            domain = await premises.administration.add_domain(
                name,
                local_part_case=LocalPartCase.EXACT if exact_case else LocalPartCase.IGNORED,
                separator="+" if separator is None else separator,
                catch_all=catch_all or "",
            )
            typer.echo(f"{domain.name} is ours now")

    run(work())


@app.command()
def change(
    name: NameArgument,
    separator: SeparatorOption = None,
    catch_all: CatchAllOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Change what is given; the rest stays as it is."""
    from correo.app.premises import opened

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            domain = await premises.administration.change_domain(
                name, separator=separator, catch_all=catch_all
            )
            typer.echo(f"{domain.name} is changed")

    run(work())


@app.command("list")
def list_(data: DataOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the domains."""
    from correo.app.premises import opened

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            for each in sorted(await premises.administration.domains(), key=lambda each: each.name):
                if json:
                    typer.echo(msgspec.json.encode(each))
                    continue
                details = [f"{each.local_part_case.value} case"]
                if each.separator:
                    details.append(f"separator {each.separator}")
                if each.catch_all:
                    details.append(f"catch-all {each.catch_all}")
                typer.echo(f"{each.name}  ({', '.join(details)})")

    run(work())


@app.command()
def remove(name: NameArgument, data: DataOption = None, config: ConfigOption = None) -> None:
    """Be final for a domain no longer; its accounts and aliases must be gone."""
    from correo.app.premises import opened

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            await premises.administration.remove_domain(name)
            typer.echo(f"{name} is removed")

    run(work())
