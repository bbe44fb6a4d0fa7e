"""`correo init`: a configuration, a data directory and a first account."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from correo.cli.account import PasswordOption, given_or_asked
from correo.cli.place import run

app = typer.Typer(add_completion=False)

MADE_UP_SIZE = 10  # octets; nobody guesses 80 random bits


@app.command()
def init(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="Your address; its domain becomes ours.")
    ],
    folder: Annotated[
        str, typer.Option(metavar="DIR", help="Gets correo.toml and the data directory.")
    ] = ".",
    hostname: Annotated[
        str | None,
        typer.Option(help="Our name in DNS; mail.DOMAIN by default.", show_default=False),
    ] = None,
    password: PasswordOption = None,
) -> None:
    """Write correo.toml and the data directory for a domain of yours, with a first account.

    Where nobody can be asked and standard input is empty, a password is made up, and shown once.
    """
    from correo.app.founding import found

    made_up = ""

    def chosen() -> str:
        nonlocal made_up
        answer = given_or_asked(password)
        if not answer and password is None:
            answer = made_up = secrets.token_hex(MADE_UP_SIZE)
        return answer

    made = run(found(address, chosen, folder=Path(folder), hostname=hostname or ""))
    domain = address.rpartition("@")[2]
    shown = f" and the password {made_up} (it is shown only now)" if made_up else ""
    typer.echo(
        f"{made.configuration} and {made.data} are made, with the account {made.address}{shown}.\n\n"
        "Next:\n"
        f"  1. DNS:  {domain}. MX 10 {made.hostname}.   and an address record for {made.hostname}.\n"
        f"  2. TLS:  get a certificate for {made.hostname} and name it under [tls] in "
        f"{made.configuration}\n"
        f"  3. Run:  correo serve --config {made.configuration}\n"
        f"  4. More: correo account add somebody@{domain} --config {made.configuration}"
    )
