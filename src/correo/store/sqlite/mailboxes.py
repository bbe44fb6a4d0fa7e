"""Make, rename and delete mailboxes, and remember subscriptions.

All functions run inside a transaction of the caller. Names come in their stored form.

RFC 9051    6.3.4    CREATE makes the levels above, too
            6.3.5    DELETE leaves the levels below
            6.3.6    RENAME moves the levels below; INBOX gives up its messages instead
            2.3.1.1  UIDVALIDITY grows, here over the whole account
RFC 6154             special-use attributes
RFC 8474    4        MAILBOXID
RFC 4314    4        a new mailbox has the access control list of the level above
"""
# ruff: noqa: S608 - the statements are put together from constants, values are always bound

from collections.abc import Sequence
from typing import Any

import apsw

from correo.base.errors import AlreadyExists, NotFound, OverQuota, Refusal
from correo.store.conversation import mailbox_object_id
from correo.store.model import INBOX, Mailbox, MailboxId, Quota
from correo.store.names import in_order, parents, under
from correo.store.sqlite.acl import forget_acl, inherit_acl
from correo.store.sqlite.changelog import last_number, log
from correo.store.sqlite.entries import Entries
from correo.store.sqlite.filing import copy
from correo.store.sqlite.removing import loosen, remove
from correo.store.sqlite.schema import NAMED

__all__ = [
    "create",
    "delete",
    "empty",
    "list_all",
    "mailbox_by_id",
    "mailbox_by_name",
    "make_account",
    "rename",
    "set_quota",
    "set_special_use",
    "subscribe",
    "subscriptions",
    "usage",
]

QUESTION = """
    SELECT id, name, uid_validity, uid_next, highest_modseq, messages, unseen, deleted, size,
        deleted_size, name IN subscription, special_use
    FROM mailbox
"""
USUAL = (("Sent", "\\Sent"), ("Drafts", "\\Drafts"), ("Trash", "\\Trash"), ("Junk", "\\Junk"),
         ("Archive", "\\Archive"))  # fmt: skip


def make_account(connection: apsw.Connection, now: int) -> bool:
    """Fill a new file with an account; False if it has one already."""
    if connection.execute("SELECT 1 FROM account").get is not None:
        return False
    connection.execute(
        "INSERT INTO account (id, created, last_mailbox, last_uid_validity, log_start)"
        " VALUES (1, ?, 0, 0, 1)",
        (now,),
    )
    log(connection, 0, 0, NAMED, "")
    for name, special_use in (("INBOX", ""), *USUAL):
        insert(connection, name, [special_use] if special_use else [], now)
        subscribe(connection, name, subscribed=True)
    return True


def list_all(connection: apsw.Connection) -> list[Mailbox]:
    return in_order([as_mailbox(row) for row in connection.execute(QUESTION)])


def mailbox_by_name(connection: apsw.Connection, name: str) -> Mailbox:
    row = connection.execute(f"{QUESTION} WHERE name = ?", (name,)).get
    if row is None:
        raise NotFound(f"there is no mailbox {name}")
    return as_mailbox(row)


def mailbox_by_id(connection: apsw.Connection, mailbox: int) -> Mailbox | None:
    row = connection.execute(f"{QUESTION} WHERE id = ?", (mailbox,)).get
    return None if row is None else as_mailbox(row)


def as_mailbox(row: tuple[Any, ...]) -> Mailbox:
    number, name, validity, uid_next, modseq, messages, unseen, deleted, size = row[:9]
    deleted_size, subscribed, special_use = row[9:]
    return Mailbox(
        number,
        name,
        mailbox_object_id(number),
        validity,
        uid_next,
        modseq,
        messages,
        unseen,
        deleted,
        size,
        deleted_size,
        bool(subscribed),
        tuple(special_use.split()) if special_use else (),
    )


def create(connection: apsw.Connection, name: str, special_use: Sequence[str], now: int) -> Mailbox:
    """Raises AlreadyExists, OverQuota."""
    if exists(connection, name):
        raise AlreadyExists(f"there is a mailbox {name} already")
    make_parents(connection, name, now)
    inherit_acl(connection, insert(connection, name, special_use, now), name)
    return mailbox_by_name(connection, name)


def make_parents(connection: apsw.Connection, name: str, now: int) -> None:
    for above in parents(name):
        if not exists(connection, above):
            inherit_acl(connection, insert(connection, above, (), now), above)


def insert(
    connection: apsw.Connection, name: str, special_use: Sequence[str], now: int
) -> MailboxId:
    """A new mailbox under a number and a UIDVALIDITY that were never given before.

    Raises:
        OverQuota: there may be no more.
    """
    limit = connection.execute(
        "SELECT mailbox_limit FROM account WHERE mailbox_limit <= (SELECT count(*) FROM mailbox)"
    ).get
    if limit is not None:
        raise OverQuota(f"the account may have {limit} mailboxes")
    mailbox, uid_validity = connection.execute(
        "UPDATE account SET last_mailbox = last_mailbox + 1,"
        " last_uid_validity = max(last_uid_validity + 1, ?)"
        " RETURNING last_mailbox, last_uid_validity",
        (now,),
    ).get
    number = last_number(connection) + 1
    connection.execute(
        "INSERT INTO mailbox VALUES (?, ?, ?, 1, ?, 0, 0, 0, 0, 0, ?)",
        (mailbox, name, uid_validity, number, " ".join(special_use)),
    )
    log(connection, number, mailbox, NAMED, "")
    return MailboxId(mailbox)


def delete(connection: apsw.Connection, name: str) -> MailboxId:
    """Raises NotFound; INBOX: Refusal."""
    mailbox = mailbox_by_name(connection, name)
    if mailbox.id == INBOX:
        raise Refusal("5.5.4", "INBOX cannot be deleted")
    entries = Entries.all_of(mailbox.id)
    loosen(connection, entries)
    connection.execute(f"DELETE FROM entry WHERE {entries.where}", entries.bindings)
    connection.execute("DELETE FROM mailbox WHERE id = ?", (mailbox.id,))
    connection.execute("DELETE FROM annotation WHERE mailbox = ?", (mailbox.id,))
    forget_acl(connection, mailbox.id)
    connection.execute("DELETE FROM access_key WHERE mailbox = ?", (mailbox.id,))
    log(connection, last_number(connection) + 1, mailbox.id, NAMED, "")
    return mailbox.id


def rename(connection: apsw.Connection, old: str, new: str, now: int) -> list[MailboxId]:
    """Returns the mailboxes whose messages have changed.

    Raises:
        NotFound, AlreadyExists, OverQuota
    """
    mailbox = mailbox_by_name(connection, old)
    if exists(connection, new):
        raise AlreadyExists(f"there is a mailbox {new} already")
    if mailbox.id == INBOX:
        return empty_inbox(connection, new, now)
    if under(new, old):
        raise Refusal("5.5.4", f"{old} cannot become a part of itself")
    moving = [each for each in list_all(connection) if each.name == old or under(each.name, old)]
    for each in moving[1:]:
        if exists(connection, new + each.name[len(old) :]):
            raise AlreadyExists(f"there is a mailbox {new + each.name[len(old) :]} already")
    make_parents(connection, new, now)
    for each in moving:
        connection.execute(
            "UPDATE mailbox SET name = ? WHERE id = ?", (new + each.name[len(old) :], each.id)
        )
        log(connection, last_number(connection) + 1, each.id, NAMED, "")
    return []


def empty_inbox(connection: apsw.Connection, new: str, now: int) -> list[MailboxId]:
    make_parents(connection, new, now)
    target = insert(connection, new, (), now)
    inherit_acl(connection, target, new)
    entries = Entries.all_of(INBOX)
    copy(connection, entries, target, now, is_move=True)
    remove(connection, INBOX, entries)
    return [INBOX, target]


def exists(connection: apsw.Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM mailbox WHERE name = ?", (name,)).get is not None


def set_special_use(connection: apsw.Connection, mailbox: int, special_use: Sequence[str]) -> None:
    """Raises NotFound."""
    connection.execute(
        "UPDATE mailbox SET special_use = ? WHERE id = ?", (" ".join(special_use), mailbox)
    )
    if not connection.changes():
        raise NotFound("there is no such mailbox")
    log(connection, last_number(connection) + 1, mailbox, NAMED, "")


def subscribe(connection: apsw.Connection, name: str, *, subscribed: bool) -> None:
    if subscribed:
        connection.execute("INSERT OR IGNORE INTO subscription VALUES (?)", (name,))
    else:
        connection.execute("DELETE FROM subscription WHERE name = ?", (name,))


def subscriptions(connection: apsw.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM subscription ORDER BY name")]


def usage(connection: apsw.Connection) -> tuple[int, int]:
    """Octets and messages over all mailboxes."""
    return connection.execute(  # type: ignore[no-any-return]  # sums of INTEGER columns
        "SELECT ifnull(sum(size), 0), ifnull(sum(messages), 0) FROM mailbox"
    ).get


def quota(connection: apsw.Connection) -> Quota:
    return Quota(*connection.execute("SELECT quota, message_limit, mailbox_limit FROM account").get)


def set_quota(connection: apsw.Connection, quota: Quota) -> None:
    connection.execute(
        "UPDATE account SET quota = ?, message_limit = ?, mailbox_limit = ?",
        (quota.octets, quota.messages, quota.mailboxes),
    )


def empty(connection: apsw.Connection) -> None:
    """Take everything out that a process which still has the file open could add to."""
    for table in ("mailbox", "entry", "subscription", "acl"):
        connection.execute(f"DELETE FROM {table}")
