"""How a waiting message lies in the queue's file: one row, its recipients packed within."""

from collections.abc import Iterable
from typing import Any

import apsw
import msgspec

from correo.store.model import StoredBlob
from correo.store.queue import QueuedMessage, QueuedRecipient, RecipientState

__all__ = ["Row", "content_of", "encode", "message_row", "read_message"]

Row = tuple[Any, ...]  # SQLite keeps the types of what was inserted


class RecipientRow(msgspec.Struct, array_like=True, omit_defaults=True):
    """A recipient as it lies in the file; fields are only ever added at the end."""

    address: str
    notify: list[str] = []
    orcpt: str | None = None
    state: RecipientState = RecipientState.WAITING
    status: str = ""
    diagnostic: str = ""
    host: str = ""
    tried_at: float = 0.0
    is_told: bool = False


encoder = msgspec.msgpack.Encoder()
decoder = msgspec.msgpack.Decoder(list[RecipientRow])


def message_row(message: QueuedMessage) -> Row:
    content = message.content
    is_inside = isinstance(content, bytes)
    return (
        message.id,
        message.reverse_path,
        message.arrived,
        message.expires,
        message.due,
        message.attempts,
        message.is_held,
        message.is_delay_told,
        message.owner,
        message.smtputf8,
        message.body,
        message.ret,
        message.envid,
        message.size,
        encode(message.recipients),
        None if isinstance(content, bytes) else content.digest,
        content if is_inside else None,
    )


def read_message(db: apsw.Connection, row: Row, content: bytes | StoredBlob) -> QueuedMessage:
    number, has_outcomes = row[0], row[15]
    recipients = decode(row[16])
    if has_outcomes:
        statement = "SELECT position, recipient FROM outcome WHERE message = ?"
        for position, recipient in db.execute(statement, (number,)):
            [recipients[position]] = decode(recipient)
    return QueuedMessage(
        id=row[1],
        reverse_path=row[2],
        recipients=recipients,
        content=content,
        arrived=row[3],
        expires=row[4],
        due=row[5],
        attempts=row[6],
        is_held=bool(row[7]),
        is_delay_told=bool(row[8]),
        owner=row[9],
        smtputf8=bool(row[10]),
        body=row[11],
        ret=row[12],
        envid=row[13],
    )


def content_of(size: int, digest: str | None, octets: bytes | None) -> bytes | StoredBlob:
    if digest is not None:
        return StoredBlob(digest, size)
    return octets or b""


def encode(recipients: Iterable[QueuedRecipient]) -> bytes:
    return encoder.encode(
        [
            RecipientRow(
                each.address,
                sorted(each.notify),
                each.orcpt,
                each.state,
                each.status,
                each.diagnostic,
                each.host,
                each.tried_at,
                each.is_told,
            )
            for each in recipients
        ]
    )


def decode(octets: bytes) -> list[QueuedRecipient]:
    return [
        QueuedRecipient(
            row.address,
            frozenset(row.notify),
            row.orcpt,
            row.state,
            row.status,
            row.diagnostic,
            row.host,
            row.tried_at,
            row.is_told,
        )
        for row in decoder.decode(octets)
    ]
