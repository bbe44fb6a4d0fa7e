"""`correo serve`: the server that correo.toml describes."""

import logging
from typing import Annotated

import typer

from correo.base.errors import CorreoError
from correo.cli.paths import HostOption, NameserverOption, RouteOption
from correo.cli.place import ConfigOption, DataOption, find_configuration

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    config: ConfigOption = None,
    data: DataOption = None,
    host: HostOption = None,
    port_offset: Annotated[
        int | None,
        typer.Option("--port-offset", metavar="N", help="Added to every port.", show_default=False),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", metavar="N", help="Processes; one per core by default.", show_default=False
        ),
    ] = None,
    route: RouteOption = None,
    nameserver: NameserverOption = None,
) -> None:
    """Run the mail server. SIGTERM ends it within 5 s, SIGHUP reloads configuration and certificate.

    Without a configuration, --data alone is enough: everything else then is as by default.
    """
    from correo.app.config import Configuration, Options, read, with_options
    from correo.app.logs import start_logging
    from correo.app.serve import Supervisor

    start_logging(logging.WARNING)
    options = Options(
        data=data,
        hosts=tuple(host or ()),
        port_offset=port_offset,
        routes=tuple(route or ()),
        nameservers=tuple(nameserver or ()),
        workers=workers,
    )
    path = find_configuration(config)
    if path is None and data is None:
        raise CorreoError(
            "there is no correo.toml here: make one with `correo init you@your.domain`, or name "
            "it with --config"
        )

    def configuration() -> Configuration:
        return with_options(read(path) if path is not None else Configuration(), options)

    raise typer.Exit(Supervisor(configuration).run())
