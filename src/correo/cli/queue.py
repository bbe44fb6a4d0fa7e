"""`correo queue list|show|hold|release|retry|drop`: see and steer what waits to be delivered.

Works on the queue's file, while a server runs on it or not; the running server is told to look.
"""

import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

import msgspec
import typer

from correo.base.errors import NotFound
from correo.cli.place import ConfigOption, DataOption, JsonOption, data_folder, run
from correo.store.model import StoredBlob
from correo.store.queue import QUEUE_NEWS, QueuedMessage, QueuedRecipient, RecipientState

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="See and steer the messages that wait to be delivered.",
)

IdsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Messages, as `list` names them.", show_default=False),
]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="A message, as `list` names it.")]
AllOption = Annotated[bool, typer.Option("--all", help="All messages that wait.")]
LimitOption = Annotated[int, typer.Option("--limit", help="At most so many.")]
ContentOption = Annotated[
    bool, typer.Option("--content", help="The message itself, byte for byte, and nothing else.")
]

HOUR = 3600.0
DAY = 24 * HOUR


@app.command("list")
def list_(
    limit: LimitOption = 1000,
    data: DataOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the messages that wait, oldest first."""

    async def work() -> None:
        async with opened(data, config) as (queue, _):
            messages = await queue.messages(limit=limit)
            counts = await queue.counts()
        if json:
            for message in messages:
                typer.echo(msgspec.json.encode(as_object(message)))
            return
        for message in messages:
            print_short(message)
        typer.echo(
            f"{many(counts.messages)}, {counts.octets:,} octets, {counts.active} on their way, "
            f"{counts.held} held"
        )

    run(work())


@app.command()
def show(
    name: IdArgument,
    content: ContentOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show one message: its envelope, and what came of each recipient so far."""

    async def work() -> None:
        async with opened(data, config) as (queue, blobs):
            if content:
                octets = await queue.content(name)
                if isinstance(octets, StoredBlob):
                    octets = await blobs.read_all(octets)
                sys.stdout.buffer.write(octets)
                return
            found = await queue.messages([name])
        if not found:
            raise NotFound(f"no message {name} waits in the queue")
        if json:
            typer.echo(msgspec.json.encode(as_object(found[0])))
        else:
            print_long(found[0])

    run(work())


@app.command()
def hold(
    names: IdsArgument = None,
    everything: AllOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Keep messages from being tried until they are released."""
    change(names, data, config, "held", "hold", everything=everything)


@app.command()
def release(
    names: IdsArgument = None,
    everything: AllOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Let held messages go on; they are tried when they are due."""
    change(names, data, config, "released", "release", everything=everything)


@app.command()
def retry(
    names: IdsArgument = None,
    everything: AllOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Try messages now instead of when they are due; held ones as soon as they are released."""
    change(names, data, config, "to be tried now", "retry", everything=everything)


@app.command()
def drop(
    names: IdsArgument = None,
    everything: AllOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Delete messages; nobody is told."""
    change(names, data, config, "dropped", "drop", everything=everything)


@asynccontextmanager
async def opened(data: str | None, config: str | None) -> AsyncIterator[tuple[Any, Any]]:
    """The queue and the blobs of a data directory."""
    from correo.app.premises import opened as opened_premises
    from correo.store.sqlite.queue import SqliteQueue

    folder = data_folder(data, config)
    async with opened_premises(folder) as premises:
        queue = SqliteQueue(folder / "queue.db", premises.threads)
        try:
            yield queue, premises.store.blobs
        finally:
            await queue.close()


def change(
    names: Sequence[str] | None,
    data: str | None,
    config: str | None,
    done: str,
    step: str,
    *,
    everything: bool,
) -> None:
    """One change to some messages, or all; says how many it was."""
    if bool(names) == everything:
        raise typer.BadParameter("name messages, or give --all")
    chosen = None if everything else list(names or ())

    async def work() -> tuple[int, int]:
        from correo.store.bus import Bus

        held = 0
        async with opened(data, config) as (queue, _):
            if step == "retry":
                count = await queue.retry(chosen, time.time())
                held = sum(each.is_held for each in await queue.messages(chosen))
            elif step == "drop":
                count = await queue.drop(chosen)
            else:
                count = await queue.hold(chosen, held=step == "hold")
        bus = Bus(data_folder(data, config) / "run" / "bus")
        bus.start()
        bus.announce(QUEUE_NEWS, None)
        await settle()
        bus.close()
        return int(count), held

    count, held = run(work())
    if chosen is not None and count < len(set(chosen)):
        raise NotFound(
            f"{count} of {len(set(chosen))} messages {done}, the others do not wait here"
        )
    typer.echo(f"{many(count - held)} {done}")
    if held:
        typer.echo(f"{many(held)} held: to be tried once `correo queue release` lets go")


def many(count: int) -> str:
    return f"{count} message{'' if count == 1 else 's'}"


async def settle() -> None:
    """Let the bus send what was announced in this turn of the loop."""
    import asyncio

    for _ in range(3):
        await asyncio.sleep(0)


def print_short(message: QueuedMessage) -> None:
    waiting = [message.recipients[each] for each in message.waiting]
    typer.echo(
        f"{message.id}  {moment(message.arrived)}  {message.size:>10,}  "
        f"<{message.reverse_path}>  {state_of(message)}"
    )
    for recipient in waiting[:10]:
        typer.echo(f"    {recipient.address}")
        if recipient.diagnostic:
            typer.echo(f"        {reason_of(recipient)}")
    if len(waiting) > 10:
        typer.echo(f"    and {len(waiting) - 10} more")


def print_long(message: QueuedMessage) -> None:
    typer.echo(f"message   {message.id}")
    typer.echo(f"from      <{message.reverse_path}>")
    typer.echo(f"arrived   {moment(message.arrived)}")
    typer.echo(f"size      {message.size:,} octets, {message.body}")
    typer.echo(f"state     {state_of(message)}, {message.attempts} attempts")
    typer.echo(f"given up  {moment(message.expires)}")
    for recipient in message.recipients:
        typer.echo(f"to        {recipient.address}: {recipient.state.value}")
        if recipient.diagnostic:
            tried = f"{moment(recipient.tried_at)}  " if recipient.tried_at else ""
            typer.echo(f"          {tried}{reason_of(recipient)}")


def state_of(message: QueuedMessage) -> str:
    if message.is_held:
        return "held"
    if message.owner:
        return "on its way"
    return f"next attempt {moment(message.due)} ({distance(message.due - time.time())})"


def reason_of(recipient: QueuedRecipient) -> str:
    said = f"{recipient.host} said: " if recipient.host else ""
    return f"{said}{recipient.diagnostic}"


def moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def distance(seconds: float) -> str:
    """How far away a moment is, in one number."""
    if seconds <= 0:
        return "now"
    for size, name in ((DAY, "d"), (HOUR, "h"), (60.0, "min")):
        if seconds >= size:
            return f"in {seconds / size:.0f} {name}"
    return f"in {seconds:.0f} s"


def as_object(message: QueuedMessage) -> dict[str, Any]:
    """A message for programs; times in seconds since 1970 UTC."""
    return {
        "id": message.id,
        "sender": message.reverse_path,
        "arrived": message.arrived,
        "expires": message.expires,
        "due": message.due,
        "size": message.size,
        "attempts": message.attempts,
        "held": message.is_held,
        "active": bool(message.owner),
        "envelope_id": message.envid,
        "recipients": [
            {
                "address": recipient.address,
                "state": recipient.state.value,
                "waiting": recipient.state is RecipientState.WAITING,
                "status": recipient.status,
                "reply": recipient.diagnostic,
                "host": recipient.host,
                "tried_at": recipient.tried_at or None,
            }
            for recipient in message.recipients
        ],
    }
