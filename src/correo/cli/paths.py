"""The options that say where mail comes in and by which way it goes out."""

from typing import Annotated

import typer

__all__ = ["HostOption", "NameserverOption", "RouteOption"]

HostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--host", metavar="ADDRESS", help="Listen here; may be given again.", show_default=False
    ),
]
RouteOption = Annotated[
    list[str] | None,
    typer.Option(
        "--route",
        metavar="DOMAIN=HOST:PORT",
        help="Mail for this domain goes to this server; may be given again.",
        show_default=False,
    ),
]
NameserverOption = Annotated[
    list[str] | None,
    typer.Option(
        "--nameserver",
        metavar="HOST:PORT",
        help="Ask this nameserver, not the system's; may be given again.",
        show_default=False,
    ),
]
