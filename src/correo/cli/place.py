"""Find the data directory that a command is about.

`--data DIR`, else `--config FILE`, else the environment (CORREO_DATA, CORREO_CONFIG), else
correo.toml here or in /etc/correo, else the one `correo dev` has made.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from correo.base.errors import CorreoError

__all__ = [
    "ConfigOption",
    "DataOption",
    "JsonOption",
    "data_folder",
    "development_folder",
    "find_configuration",
    "run",
]

T = TypeVar("T")

PLACES = (Path("correo.toml"), Path("/etc/correo/correo.toml"))

DataOption = Annotated[
    str | None,
    typer.Option("--data", metavar="DIR", help="The data directory.", show_default=False),
]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config", metavar="FILE", help="The configuration, correo.toml.", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]


def find_configuration(config: str | None) -> Path | None:
    """The configuration file that holds here, None if there is none."""
    named = config or os.environ.get("CORREO_CONFIG")
    if named:
        return Path(named)
    return next((path for path in PLACES if path.exists()), None)


def data_folder(data: str | None, config: str | None) -> Path:
    """Raises CorreoError, ConfigurationError."""
    named = data or (None if config else os.environ.get("CORREO_DATA"))
    if named:
        return Path(named).absolute()
    path = find_configuration(config)
    if path is not None:
        from correo.app.config import read

        return read(path).folder
    if development_folder().exists():
        return development_folder()
    raise CorreoError(
        "there is no correo.toml here: name the data directory with --data or the configuration "
        "with --config, or make both with `correo init you@your.domain`"
    )


def development_folder() -> Path:
    """Where `correo dev` keeps its data unless told otherwise."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "correo" / "dev"


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; Ctrl-C ends it cleanly."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    return uvloop.run(work)
