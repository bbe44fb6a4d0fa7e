"""`correo trace list|show|follow`: recorded dialogues, and the journeys of messages.

Reads the folder `<data>/trace`, while a server writes to it or not. Secrets and bodies never were
written there.
"""

import time
from collections.abc import Iterable
from typing import Annotated

import msgspec
import typer

from correo.base.errors import NotFound, UsageError
from correo.cli.place import ConfigOption, DataOption, JsonOption, data_folder
from correo.trace.record import Kind, Record, encode
from correo.trace.ring import Tail, read_all

app = typer.Typer(
    add_completion=False,
    invoke_without_command=True,
)

NameArgument = Annotated[
    str,
    typer.Argument(metavar="NAME", help="A dialogue as `list` names it, or the id of a message."),
]
MessagesOption = Annotated[bool, typer.Option("--messages", help="Messages, not dialogues.")]
LimitOption = Annotated[int, typer.Option("--limit", help="The last so many.")]
MatchOption = Annotated[
    str, typer.Option("--match", metavar="TEXT", help="Only what has this text in it.")
]
PAUSE_S = 0.2


@app.callback()
def trace(
    ctx: typer.Context,
    data: DataOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """See recorded dialogues and the journeys of messages; without a command: list them."""
    if ctx.invoked_subcommand is None:
        list_(data=data, config=config, json=json)
    elif data or config or json:
        raise UsageError(f"put the options behind {ctx.invoked_subcommand}")


@app.command("list")
def list_(
    messages: MessagesOption = False,
    limit: LimitOption = 50,
    match: MatchOption = "",
    data: DataOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List what is recorded, the newest last."""
    groups = grouped(recorded(data, config), by_message=messages)
    if match:
        groups = {name: g for name, g in groups.items() if any(has(each, match) for each in g)}
    for name, group in list(groups.items())[-limit:] if limit > 0 else []:
        if json:
            typer.echo(msgspec.json.encode({"name": name, "records": group}))
        elif messages:
            typer.echo(f"{name}  {moment(group[0].at)}  {' -> '.join(r.text for r in group)}")
        else:
            typer.echo(f"{name}  {moment(group[0].at)}  {heading(group)}")


@app.command()
def show(
    name: NameArgument,
    data: DataOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show one dialogue line by line, or one message's journey step by step."""
    found = [r for r in recorded(data, config) if name in (r.session, r.message)]
    if not found:
        raise NotFound(f"nothing named {name} is recorded (any more); see `correo trace list`")
    print_records(found, json=json, with_name=False)


@app.command()
def follow(
    match: MatchOption = "",
    data: DataOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show what is being recorded, as it comes, until Ctrl-C."""
    tail = Tail(data_folder(data, config) / "trace")
    tail.new()
    while True:
        new = [record for record in tail.new() if not match or has(record, match)]
        print_records(new, json=json, with_name=True)
        time.sleep(PAUSE_S)


def recorded(data: str | None, config: str | None) -> list[Record]:
    """Everything in the ring. Raises NotFound when nothing ever was recorded."""
    folder = data_folder(data, config) / "trace"
    if not folder.is_dir():
        raise NotFound("nothing is recorded here: switch it on with `[trace]` in correo.toml")
    return read_all(folder)


def grouped(records: Iterable[Record], *, by_message: bool) -> dict[str, list[Record]]:
    """Records by dialogue or by message, in order of their beginnings."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        name = record.message if by_message else record.session
        if name:
            groups.setdefault(name, []).append(record)
    return groups


def heading(group: list[Record]) -> str:
    """What a dialogue is, in one line."""
    first = group[0]
    lines = sum(record.kind == Kind.SAID for record in group)
    if first.kind != Kind.OPENED:
        return f"(its beginning is no longer kept) {lines} lines"
    protocol, peer = first.details.get("protocol", ""), first.details.get("peer", "")
    arrow = "<-" if first.text == "server" else "->"
    state = "" if group[-1].kind == Kind.ENDED else ", open"
    return f"{protocol} {arrow} {peer}  {lines} lines{state}"


def print_records(records: Iterable[Record], *, json: bool, with_name: bool) -> None:
    for record in records:
        if json:
            typer.echo(encode(record), nl=False)
            continue
        name = f"{record.session or record.message}  " if with_name else ""
        typer.echo(f"{moment(record.at)}  {name}{shown(record)}")


def shown(record: Record) -> str:
    """A record for people."""
    if record.kind == Kind.SAID:
        return f"{record.side}: {record.text}"
    if record.kind == Kind.STEP:
        details = "  ".join(f"{name}={value}" for name, value in record.details.items())
        return f"{record.text}  {details}"
    if record.kind == Kind.OPENED:
        return heading([record]).replace("  0 lines, open", "")
    return "-- end --"


def has(record: Record, text: str) -> bool:
    return text in record.text or any(text in value for value in record.details.values())


def moment(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03}"
