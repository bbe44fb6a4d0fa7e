"""`correo imap ls|headers|fetch|search|move|mkdir|append|watch`: mailboxes on any IMAP server.

    correo imap -s imaps://ana@mail.example.org ls
    correo imap -u ana@example.org headers INBOX          the server that example.org publishes
    correo imap -s localhost:2143 -u ana@correo.test --ca ca.pem headers INBOX
    correo imap ... fetch INBOX 17 --text

The server may also stand in CORREO_IMAP_SERVER and the password in CORREO_PASSWORD. Only the
parts asked for cross the wire, nothing is marked as read unless told, and messages are named by
UID: "17", "3:9,12", "20:*".

Exit codes, as of every command: 0 done; 1 refused, no such mailbox, nothing found; 2 the command
line is wrong; 75 the server cannot be reached or asks to come later.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from correo.base.errors import CorreoError
from correo.cli.imap_way import MailboxArgument, UidsArgument, Way, check_uids, work_with
from correo.cli.mail_server import (
    AuthorityOption,
    InsecureOption,
    PasswordOption,
    TimeoutOption,
    TlsOption,
    UserOption,
)
from correo.cli.place import JsonOption

if TYPE_CHECKING:
    from correo.clients.imap import ImapClient
    from correo.wire.imap.client import Literal
    from correo.wire.imap.response_types import FetchData

app = typer.Typer(no_args_is_help=True, add_completion=False)

ROW_ITEMS = "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)"


@app.callback()
def imap(
    context: typer.Context,
    server: Annotated[
        str | None,
        typer.Option(
            "--server",
            "-s",
            envvar="CORREO_IMAP_SERVER",
            metavar="SERVER",
            help="imaps://user@host, or host:port; found from --user if that is a mail address.",
        ),
    ] = None,
    user: UserOption = None,
    password: PasswordOption = None,
    tls: TlsOption = None,
    ca: AuthorityOption = None,
    insecure: InsecureOption = False,
    timeout: TimeoutOption = 60.0,
) -> None:
    """Look into mailboxes on any IMAP server, fetch, search, move, append, watch."""
    context.obj = Way(server, user, password, tls, ca, insecure, timeout)


@app.command()
def ls(
    context: typer.Context,
    pattern: Annotated[
        str, typer.Argument(help='"*" is anything, "%" anything but a level.')
    ] = "*",
    subscribed: Annotated[
        bool, typer.Option("--subscribed", help="Only subscribed mailboxes.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List the mailboxes with their counts."""
    from correo.cli.imap_output import mailbox_row, print_json, show_mailboxes

    async def work(client: "ImapClient") -> None:
        status = ["MESSAGES", "UNSEEN"]
        if client.can("STATUS=SIZE", "IMAP4REV2"):
            status.append("SIZE")
        entries = await client.mailboxes(pattern, subscribed=subscribed, status=status)
        rows = [mailbox_row(entry) for entry in entries]
        if json:
            print_json(rows)
        elif rows:
            show_mailboxes(rows)
        if not rows:
            raise typer.Exit(1)

    work_with(context, work)


@app.command()
def headers(
    context: typer.Context,
    mailbox: MailboxArgument = "INBOX",
    uids: Annotated[str | None, typer.Argument(metavar="[UIDS]")] = None,
    last: Annotated[int, typer.Option(min=1, help="Without UIDS: so many, the newest.")] = 50,
    json: JsonOption = False,
) -> None:
    """List messages: who, when, what about. No bodies are fetched."""
    from correo.cli.imap_output import message_row, print_json, show_messages

    chosen = check_uids(uids) if uids is not None else None

    async def work(client: "ImapClient") -> None:
        opened = await client.select(mailbox, read_only=True)
        if not opened.exists:
            return
        if chosen is not None:
            found = client.fetch(chosen, ROW_ITEMS)
        else:
            first = max(1, opened.exists - last + 1)
            found = client.fetch(f"{first}:*", ROW_ITEMS, by_uid=False)
        rows = [message_row(data) async for data in found if data.envelope is not None]
        if json:
            print_json(rows)
        elif rows:
            show_messages(rows)
        if not rows:
            raise typer.Exit(1)

    work_with(context, work)


@app.command()
def fetch(
    context: typer.Context,
    mailbox: MailboxArgument,
    uids: UidsArgument,
    header: Annotated[bool, typer.Option("--header", help="Only the header.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Only the text to read, decoded.")] = False,
    part: Annotated[
        str | None,
        typer.Option(metavar="1.2", help="Only this part, decoded.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Into files there, not to standard output."
        ),
    ] = None,
    seen: Annotated[bool, typer.Option("--seen", help="Mark as read.")] = False,
) -> None:
    """Fetch messages, or parts of them; nothing else crosses the wire."""
    if sum((header, text, part is not None)) > 1:
        raise typer.BadParameter("choose one of --header, --text and --part")
    if part is not None and re.fullmatch(r"[1-9]\d{0,8}(\.[1-9]\d{0,8})*", part) is None:
        raise typer.BadParameter(f"{part} is no part: write 1 or 2.1")
    from correo.cli.imap_fetch import fetch_parts, fetch_whole

    chosen = check_uids(uids)

    async def work(client: "ImapClient") -> None:
        await client.select(mailbox, read_only=not seen)
        if text or part is not None:
            count = await fetch_parts(client, chosen, part, output)
        else:
            count = await fetch_whole(client, chosen, "HEADER" if header else "", output)
        if not count:
            raise CorreoError(f"no message {uids} in {mailbox}")
        if seen:
            await client.store(chosen, ["\\Seen"])

    work_with(context, work)


@app.command()
def search(
    context: typer.Context,
    mailbox: MailboxArgument,
    from_: Annotated[str | None, typer.Option("--from", help="In From.")] = None,
    to: Annotated[str | None, typer.Option(help="In To.")] = None,
    subject: Annotated[str | None, typer.Option(help="In Subject.")] = None,
    text: Annotated[str | None, typer.Option(help="Anywhere in the message.")] = None,
    since: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")] = None,
    before: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")] = None,
    unseen: Annotated[bool, typer.Option("--unseen", help="Not read yet.")] = False,
    flagged: Annotated[bool, typer.Option("--flagged", help="Flagged.")] = False,
    larger: Annotated[int | None, typer.Option(metavar="OCTETS")] = None,
    keys: Annotated[
        str | None, typer.Option(metavar="KEYS", help="IMAP's own: 'OR SEEN DRAFT'.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Find messages; prints their UIDs, newest last. Exit code 1 if there are none."""
    from correo.cli.imap_output import print_json
    from correo.clients.imap import quoted

    criteria: list[str | Literal] = []
    for name, value in (("FROM", from_), ("TO", to), ("SUBJECT", subject), ("TEXT", text)):
        if value is not None:
            criteria += [name, quoted(value)]
    for name, day in (("SINCE", since), ("BEFORE", before)):
        if day is not None:
            criteria.append(f"{name} {read_day(day)}")
    criteria += ["UNSEEN"] * unseen + ["FLAGGED"] * flagged
    if larger is not None:
        criteria.append(f"LARGER {larger}")
    if keys is not None:
        criteria.append(check_keys(keys))

    async def work(client: "ImapClient") -> None:
        await client.select(mailbox, read_only=True)
        found = await client.search(*criteria)
        if json:
            print_json({"uid": uid} for uid in found)
        else:
            for uid in found:
                typer.echo(uid)
        if not found:
            raise typer.Exit(1)

    work_with(context, work)


def read_day(text: str) -> str:
    from correo.wire.imap.dates import format_date

    try:
        return format_date(date.fromisoformat(text)).decode("ascii")
    except ValueError:
        raise typer.BadParameter(f"{text} is no day: write 2026-05-31") from None


def check_keys(keys: str) -> str:
    if not keys.isascii() or not keys.isprintable():
        raise typer.BadParameter("KEYS are plain ASCII; use --text for other scripts")
    return keys


@app.command()
def move(
    context: typer.Context,
    mailbox: MailboxArgument,
    uids: UidsArgument,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="The mailbox to move to.")],
    copy: Annotated[bool, typer.Option("--copy", help="Leave the originals.")] = False,
    create: Annotated[bool, typer.Option("--create", help="Make TARGET if it is missing.")] = False,
    json: JsonOption = False,
) -> None:
    """Move messages to another mailbox."""
    from correo.cli.imap_output import print_json

    chosen = check_uids(uids)

    async def work(client: "ImapClient") -> None:
        await client.select(mailbox)
        if not await client.search(f"UID {chosen}"):
            raise CorreoError(f"no message {uids} in {mailbox}")
        if create and not await client.mailboxes(target):
            await client.create(target)
        action = client.copy if copy else client.move
        results = await action(chosen, target)
        if json:
            print_json(
                {"uid": before, "new_uid": after}
                for result in results
                for before, after in zip(result.source_uids, result.uids, strict=False)
            )

    work_with(context, work)


@app.command()
def mkdir(
    context: typer.Context,
    mailboxes: Annotated[list[str], typer.Argument(metavar="MAILBOX...")],
    subscribe: Annotated[bool, typer.Option(help="Subscribe to it, too.")] = True,
) -> None:
    """Make mailboxes."""

    async def work(client: "ImapClient") -> None:
        for mailbox in mailboxes:
            await client.create(mailbox)
            if subscribe:
                await client.subscribe(mailbox)

    work_with(context, work)


@app.command()
def append(
    context: typer.Context,
    mailbox: MailboxArgument,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help='Messages; "-" is standard input.')
    ],
    flag: Annotated[
        list[str] | None, typer.Option(metavar="FLAG", help="Such as \\Seen or work; repeatable.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Put messages from files into a mailbox."""
    from correo.cli.imap_files import read_message
    from correo.cli.imap_output import print_json
    from correo.cli.progress import progress
    from correo.clients.imap import NewMessage
    from correo.wire.imap.arguments import BadCommand, parse_flags

    try:
        flags = parse_flags(" ".join(flag or ()).encode("utf-8"))
    except (BadCommand, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"--flag: {error}") from None

    async def work(client: "ImapClient") -> None:
        with progress("appending", len(files)) as advance:
            for name in files:
                message = NewMessage(read_message(name), flags)
                uid = await client.append(mailbox, message)
                advance(1)
                if json:
                    print_json([{"file": name, "uid": uid}])

    work_with(context, work)


@app.command()
def watch(
    context: typer.Context,
    mailbox: MailboxArgument = "INBOX",
    count: Annotated[
        int | None, typer.Option(min=1, help="End after so many messages.", show_default=False)
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option("--for", metavar="SECONDS", help="End after this time.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show messages as they arrive."""
    from correo.cli.imap_output import message_row, print_json, show_messages

    async def work(client: "ImapClient") -> None:
        shown = 0
        loop = asyncio.get_running_loop()
        end = None if seconds is None else loop.time() + seconds
        async for data in arrivals(client, mailbox, end):
            row = message_row(data)
            if json:
                print_json([row])
            else:
                show_messages([row], header=not shown)
            shown += 1
            if shown == count:
                return

    work_with(context, work)


async def arrivals(
    client: "ImapClient", mailbox: str, end: float | None
) -> "AsyncIterator[FetchData]":
    """Messages that arrive after now, until the loop's clock shows `end`."""
    opened = await client.select(mailbox, read_only=True)
    next_uid = opened.uid_next or 1 + max(await client.search(), default=0)
    loop = asyncio.get_running_loop()
    while True:
        left = None if end is None else end - loop.time()
        if left is not None and left <= 0:
            return
        await client.wait_for_change(left)
        found = [data async for data in client.fetch(f"{next_uid}:*", ROW_ITEMS)]
        for data in found:
            if data.uid is not None and data.uid >= next_uid and data.envelope is not None:
                next_uid = data.uid + 1
                yield data
