"""Show what IMAP servers tell: tables for people, JSON lines for programs."""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from correo.clients.imap import MailboxEntry
from correo.message.encoding import decode_words
from correo.wire.imap.body_structure import Address
from correo.wire.imap.response_types import FetchData

__all__ = [
    "mailbox_row",
    "message_row",
    "print_json",
    "show_mailboxes",
    "show_messages",
]


def print_json(rows: Iterable[dict[str, Any]]) -> None:
    """One object per line."""
    for row in rows:
        typer.echo(msgspec.json.encode(row))


def mailbox_row(entry: MailboxEntry) -> dict[str, Any]:
    status = entry.status.values if entry.status is not None else {}
    return {
        "name": entry.name,
        "attributes": list(entry.attributes),
        "delimiter": entry.delimiter,
        "messages": status.get("MESSAGES"),
        "unseen": status.get("UNSEEN"),
        "size": status.get("SIZE"),
    }


def show_mailboxes(rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("mailbox")
    for column in ("messages", "unseen", "size"):
        table.add_column(column, justify="right")
    for row in rows:
        counts = [shown(row[column]) for column in ("messages", "unseen", "size")]
        table.add_row(Text(printable(row["name"])), *counts)
    print_table(table)


def message_row(data: FetchData) -> dict[str, Any]:
    """What a list of messages shows of one."""
    envelope = data.envelope
    return {
        "uid": data.uid,
        "date": local_time(data),
        "from": addresses(envelope.from_) if envelope else [],
        "to": addresses(envelope.to) if envelope else [],
        "subject": decode_words(envelope.subject) if envelope else "",
        "message_id": envelope.message_id.decode("utf-8", "replace") if envelope else "",
        "flags": list(data.flags or ()),
        "size": data.size,
    }


def show_messages(rows: list[dict[str, Any]], *, header: bool = True) -> None:
    table = Table(box=None, pad_edge=False, show_header=header)
    table.add_column("uid", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("date", no_wrap=True)
    table.add_column("from", no_wrap=True, max_width=32)
    table.add_column("subject", no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column("size", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            str(row["uid"]),
            marks(row["flags"]),
            str(row["date"] or "")[:16].replace("T", " "),
            Text(printable(", ".join(row["from"]))),
            Text(printable(row["subject"])),
            shown(row["size"]),
        )
    print_table(table)


def print_table(table: Table) -> None:
    width = None if sys.stdout.isatty() else 200
    Console(width=width, highlight=False).print(table)


def marks(flags: list[str]) -> str:
    """N new, F flagged, A answered, D deleted."""
    have = {flag.lower() for flag in flags}
    return "".join(
        (
            " " if "\\seen" in have else "N",
            "F" if "\\flagged" in have else " ",
            "A" if "\\answered" in have else " ",
            "D" if "\\deleted" in have else " ",
        )
    )


def shown(value: object) -> str:
    return "" if value is None else str(value)


def printable(text: str) -> str:
    """Without what could steer a terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def addresses(found: tuple[Address, ...]) -> list[str]:
    return [one_address(address) for address in found if address.host]


def one_address(address: Address) -> str:
    plain = f"{octets(address.mailbox)}@{octets(address.host)}"
    name = decode_words(address.name)
    return f"{name} <{plain}>" if name else plain


def octets(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def local_time(data: FetchData) -> str | None:
    """When the server got it, in the zone it says."""
    if data.internal_date is None:
        return None
    zone = timezone(timedelta(minutes=data.zone)) if data.zone else UTC
    return datetime.fromtimestamp(data.internal_date, zone).isoformat()
