"""`correo account quota`: how much an account may keep, in octets, messages and mailboxes."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from correo.base.errors import UsageError
from correo.cli.place import ConfigOption, DataOption, data_folder, run

if TYPE_CHECKING:
    from correo.store.api import AccountStore

__all__ = ["MailboxesOption", "MessagesOption", "limit", "quota", "read_size", "write_size"]

UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}

MessagesOption = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="So many messages; 0 for no limit.", show_default=False),
]
MailboxesOption = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="So many mailboxes; 0 for no limit.", show_default=False),
]


def quota(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Such as ana@example.org.")],
    size: Annotated[
        str | None,
        typer.Argument(help="Such as 500M or 2G; 0 for no limit.", show_default=False),
    ] = None,
    messages: MessagesOption = None,
    mailboxes: MailboxesOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Set how much an account may keep; what is not named stays as it is. Then show it."""
    from correo.app.premises import opened

    octets = None if size is None else read_size(size)

    async def work() -> None:
        async with opened(data_folder(data, config)) as premises:
            account = await premises.administration.find(address)
            if octets is not None:
                await premises.administration.set_quota(address, octets)
            mail = await premises.store.create(account.id)
            await limit(mail, octets=octets, messages=messages, mailboxes=mailboxes)
            for line in await state(mail):
                typer.echo(line)

    run(work())


async def limit(
    mail: "AccountStore", *, octets: int | None, messages: int | None, mailboxes: int | None
) -> None:
    """Let the mail itself know its limits, so that APPEND, COPY and CREATE keep them too.

    Args:
        octets, messages, mailboxes: 0 for no limit, None to leave it as it is.
    """
    given = {"octets": octets, "messages": messages, "mailboxes": mailboxes}
    changes = {name: value or None for name, value in given.items() if value is not None}
    if changes:
        await mail.set_quota(replace(await mail.quota(), **changes))


async def state(mail: "AccountStore") -> list[str]:
    """What is kept, and of how much."""
    octets, messages = await mail.usage()
    limits = await mail.quota()
    most = write_size(limits.octets) if limits.octets is not None else "any number of"
    return [
        f"{write_size(octets)} of {most} octets",
        f"{messages} of {limits.messages or 'any number of'} messages",
        f"{len(await mail.mailboxes())} of {limits.mailboxes or 'any number of'} mailboxes",
    ]


def read_size(text: str) -> int:
    """ "500M" in octets. Raises UsageError."""
    number, unit = text.strip().upper().removesuffix("B").removesuffix("I"), ""
    if number and number[-1] in UNITS:
        number, unit = number[:-1], number[-1]
    if not number.isascii() or not number.isdecimal():
        raise UsageError(f"{text!r} is not a size such as 500M or 2G")
    return int(number) * UNITS[unit]


def write_size(octets: int) -> str:
    """The largest unit that divides it."""
    for unit, factor in reversed(UNITS.items()):
        if octets and octets % factor == 0:
            return f"{octets // factor}{unit}"
    return str(octets)
