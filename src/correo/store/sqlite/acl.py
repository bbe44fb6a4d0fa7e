"""Keep who else may do what with the mailboxes of an account.

The owner is in no list. Identifiers come from whoever asks (`mailbox.sharing`) and are not looked
into.

RFC 4314    2        access control lists; 4 a new mailbox has that of the level above it

Cost: microseconds; one commit to change them.
"""

import apsw

from correo.base.errors import NotFound, TooManyIdentifiers
from correo.store.model import IDENTIFIERS_LIMIT, MailboxId, RightsMode
from correo.store.names import parents
from correo.store.rights import changed

__all__ = ["acl", "acls", "change_acl", "forget_acl", "inherit_acl"]


def acl(connection: apsw.Connection, mailbox: int) -> dict[str, str]:
    """Raises NotFound."""
    must_exist(connection, mailbox)
    return dict(
        connection.execute(
            "SELECT identifier, rights FROM acl WHERE mailbox = ? ORDER BY identifier", (mailbox,)
        )
    )


def acls(connection: apsw.Connection) -> dict[MailboxId, dict[str, str]]:
    found: dict[MailboxId, dict[str, str]] = {}
    for mailbox, identifier, rights in connection.execute(
        "SELECT mailbox, identifier, rights FROM acl ORDER BY mailbox, identifier"
    ):
        found.setdefault(mailbox, {})[identifier] = rights
    return found


def change_acl(
    connection: apsw.Connection, mailbox: int, identifier: str, mode: RightsMode, rights: str
) -> None:
    """Raises NotFound, TooManyIdentifiers."""
    old = acl(connection, mailbox)
    new = changed(old.get(identifier, ""), mode, rights)
    if not new:
        connection.execute(
            "DELETE FROM acl WHERE mailbox = ? AND identifier = ?", (mailbox, identifier)
        )
        return
    if identifier not in old and len(old) >= IDENTIFIERS_LIMIT:
        raise TooManyIdentifiers
    connection.execute("INSERT OR REPLACE INTO acl VALUES (?, ?, ?)", (mailbox, identifier, new))


def inherit_acl(connection: apsw.Connection, mailbox: int, name: str) -> None:
    """Give a new mailbox the list of the level above it, if there is one."""
    above = parents(name)
    if above:
        connection.execute(
            "INSERT INTO acl SELECT ?, identifier, rights FROM acl"
            " WHERE mailbox = (SELECT id FROM mailbox WHERE name = ?)",
            (mailbox, above[-1]),
        )


def forget_acl(connection: apsw.Connection, mailbox: int) -> None:
    connection.execute("DELETE FROM acl WHERE mailbox = ?", (mailbox,))


def must_exist(connection: apsw.Connection, mailbox: int) -> None:
    if connection.execute("SELECT 1 FROM mailbox WHERE id = ?", (mailbox,)).get is None:
        raise NotFound("the mailbox is gone")
