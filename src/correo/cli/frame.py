"""Know every command by name and one line of help; import its file only when it is called.

So `correo --help` is quick, and a server does not carry the mail clients around.
"""

from importlib import import_module
from inspect import cleandoc
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from correo import __version__

__all__ = ["COMMANDS", "make_app", "unwrapped"]

# name -> (module in correo.cli, help); in the order of `correo --help`
COMMANDS: dict[str, tuple[str, str]] = {
    "dev": ("dev", "Run a mail server for development, with two users and a catcher."),
    "init": ("init", "Write correo.toml and the data directory for a domain of yours."),
    "serve": ("serve", "Run the mail server that correo.toml describes."),
    "domain": ("domain", "Add, change, list and remove the domains we are final for."),
    "account": ("account", "Add, change, list and remove accounts."),
    "alias": ("alias", "Add, list and remove aliases."),
    "import": (
        "import_mail",
        "Bring mail from a Maildir, mbox, .eml files or a zip into an account.",
    ),
    "export": ("export_mail", "Write accounts as Maildirs or mbox files."),
    "migrate": ("migrate", "Move a user from any IMAP server into an account here."),
    "queue": ("queue", "See and steer the messages that wait to be delivered."),
    "trace": ("trace", "See recorded dialogues and the journeys of messages."),
    "send": ("send", "Send a message through a server, or to its destination."),
    "pop": ("pop", "Fetch mail over POP3 into a Maildir, mbox or files."),
    "imap": ("imap", "Look into mailboxes over IMAP, fetch, move, append, watch."),
}


class LazyGroup(TyperGroup):
    """The commands of COMMANDS, each imported when it is called; placeholders while listing."""

    is_listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, line = COMMANDS[cmd_name]
        if self.is_listing:
            return TyperCommand(cmd_name, help=line)
        command = typer.main.get_command(import_module(f"correo.cli.{module}").app)
        command.name = cmd_name
        unwrap_help(command)
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self.is_listing = True
        super().format_help(ctx, formatter)


def unwrap_help(command: Any) -> None:
    """Let the terminal break the lines of the help, not the docstring it is made of."""
    command.help = unwrapped(command.help or "")
    for inner in getattr(command, "commands", {}).values():
        unwrap_help(inner)


def unwrapped(text: str) -> str:
    """Every paragraph on one line, but for those with lines that are indented."""
    paragraphs = cleandoc(text).split("\n\n")
    return "\n\n".join(
        each if "\n " in each else " ".join(each.splitlines()) for each in paragraphs
    )


def show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"correo {__version__}")
        raise typer.Exit


def make_app() -> typer.Typer:
    """The `correo` command."""
    app = typer.Typer(
        cls=LazyGroup,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def correo(
        version: bool = typer.Option(
            False, "--version", callback=show_version, is_eager=True, help="Show the version."
        ),
    ) -> None:
        """Electronic mail, whole: server, user agents, and a server for tests."""

    return app
