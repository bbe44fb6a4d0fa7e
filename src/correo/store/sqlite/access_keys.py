"""Keep the secrets that an account's URLs into its mailboxes are authorized with.

RFC 4467    2.2      a table of mailboxes and their keys for each user

Cost: microseconds; one commit to change them.
"""

import apsw

from correo.store.sqlite.annotations import place_of

__all__ = ["access_key", "forget_access_keys", "set_access_key"]


def access_key(connection: apsw.Connection, mailbox: int) -> bytes | None:
    """Raises NotFound."""
    key: bytes | None = connection.execute(
        "SELECT key FROM access_key WHERE mailbox = ?", (place_of(connection, mailbox),)
    ).get
    return key


def set_access_key(
    connection: apsw.Connection, mailbox: int, key: bytes, *, replace: bool
) -> bytes:
    """Returns the key that holds now. Raises NotFound."""
    there = access_key(connection, mailbox)
    if there is not None and not replace:
        return there
    connection.execute("INSERT OR REPLACE INTO access_key VALUES (?, ?)", (mailbox, key))
    return key


def forget_access_keys(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM access_key")
