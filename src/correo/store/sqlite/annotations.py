"""Keep what clients note of mailboxes and of the account: values by entry.

RFC 5464    3        entries and values
            4.3      all or none are set

Cost: microseconds; one commit to change them.
"""

from collections.abc import Mapping

import apsw

from correo.base.errors import NotFound, TooManyAnnotations
from correo.store.model import ANNOTATIONS_LIMIT

__all__ = ["annotate", "annotations", "place_of"]

ACCOUNT = 0  # in place of a mailbox's number


def annotations(connection: apsw.Connection, mailbox: int | None) -> dict[str, bytes]:
    """Raises NotFound."""
    place = place_of(connection, mailbox)
    return dict(
        connection.execute(
            "SELECT entry, value FROM annotation WHERE mailbox = ? ORDER BY entry", (place,)
        )
    )


def annotate(
    connection: apsw.Connection, mailbox: int | None, notes: Mapping[str, bytes | None]
) -> None:
    """Raises NotFound, TooManyAnnotations."""
    place = place_of(connection, mailbox)
    for entry, value in notes.items():
        if value is None:
            connection.execute(
                "DELETE FROM annotation WHERE mailbox = ? AND entry = ?", (place, entry)
            )
        else:
            connection.execute(
                "INSERT OR REPLACE INTO annotation VALUES (?, ?, ?)", (place, entry, value)
            )
    count = connection.execute("SELECT count(*) FROM annotation WHERE mailbox = ?", (place,)).get
    if count > ANNOTATIONS_LIMIT:
        raise TooManyAnnotations


def place_of(connection: apsw.Connection, mailbox: int | None) -> int:
    """The number under which a mailbox's rows stand, or the account's. Raises NotFound."""
    if mailbox is None:
        return ACCOUNT
    if connection.execute("SELECT 1 FROM mailbox WHERE id = ?", (mailbox,)).get is None:
        raise NotFound("the mailbox is gone")
    return mailbox
