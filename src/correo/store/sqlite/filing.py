"""File messages: append new ones, make entries for those that are there.

All functions run inside a transaction of the caller; what they raise undoes it.

RFC 9051    2.3.1.1  UIDs ascend strictly and are never reused
            6.3.12   APPEND
            6.4.7    COPY: flags and internal date are kept, all or none
RFC 8514             save date
RFC 8474    5        EMAILID goes with the message, THREADID is found once and kept

Cost: 50 µs for one small message, 1.5 µs for an entry copied.
"""
# ruff: noqa: S608 - the statements are put together from constants, values are always bound

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from correo.base.errors import NotFound, OverQuota, Refusal
from correo.message.index import MessageIndex
from correo.store.conversation import email_id, thread_keys
from correo.store.model import Appended, Copied, Quota
from correo.store.sqlite.changelog import last_number, log, shorten
from correo.store.sqlite.counters import TALLY, Tally, adjust
from correo.store.sqlite.entries import Entries, numbers
from correo.store.sqlite.schema import APPENDED, SPAN, UID_LIMIT
from correo.store.texts import storable
from correo.store.uidset import run

__all__ = ["Letter", "append", "append_again", "copy", "letter_of"]


@dataclass(slots=True)
class Letter:
    """A message on its way into the tables.

    header: None if it is too large to lie here; then a reader takes it from the blob.
    body: None if it lies in the blob named by digest.
    """

    index: MessageIndex
    header: bytes | memoryview | None
    body: bytes | memoryview | None
    digest: str | None
    flags: str
    internal_date: int
    keys: list[int]


def letter_of(
    index: MessageIndex, octets: bytes, digest: str | None, flags: str, internal_date: int
) -> Letter:
    """Put a message into the form of the tables.

    Args:
        octets: all of it; of one that lies in a blob, its header, b"" if that is too large.
    """
    keys = thread_keys(index)
    size = index.header_size
    if digest is None:
        return Letter(index, octets[:size], octets[size:], None, flags, internal_date, keys)
    return Letter(index, octets or None, None, digest, flags, internal_date, keys)


def append(
    connection: apsw.Connection, mailbox: int, letters: Sequence[Letter], now: int
) -> list[Appended]:
    """File new messages; each takes one change number, which is its number, too."""
    uid, number, log_start, quota = room(connection, mailbox, len(letters))
    if quota is not None:
        check_quota(connection, quota, sum(each.index.size for each in letters), len(letters))
    filed = enter(connection, mailbox, letters, uid=uid, number=number, now=now)
    number += len(letters)
    log(connection, number, mailbox, APPENDED, run(uid, uid + len(letters) - 1))
    adjust(connection, mailbox, number, tally(letters), uids=len(letters))
    shorten(connection, log_start, number)
    return filed


def append_again(
    connection: apsw.Connection,
    mailbox: int,
    letters: Sequence[Letter],
    *,
    uid: int,
    number: int,
    now: int,
) -> bool:
    """File messages that were filed already, and lost, with the UIDs and numbers they had.

    Args:
        uid, number: of the first one.

    Returns:
        False if they are not lost: the account has come as far as this, or the mailbox is gone.
    """
    if last_number(connection) >= number:
        return False
    uid_next = connection.execute("SELECT uid_next FROM mailbox WHERE id = ?", (mailbox,)).get
    if uid_next is None:
        return False
    enter(connection, mailbox, letters, uid=uid, number=number - 1, now=now)
    last, number = uid + len(letters) - 1, number + len(letters) - 1
    log(connection, number, mailbox, APPENDED, run(uid, last))
    adjust(connection, mailbox, number, tally(letters), uids=last + 1 - uid_next)
    return True


def enter(
    connection: apsw.Connection,
    mailbox: int,
    letters: Sequence[Letter],
    *,
    uid: int,
    number: int,
    now: int,
) -> list[Appended]:
    """The rows of new messages, from this UID on, with the numbers after this one."""
    filed = []
    for letter in letters:
        number += 1
        insert(connection, number, letter)
        connection.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                mailbox * SPAN + uid,
                number,
                number,
                letter.flags,
                letter.internal_date,
                now,
                letter.index.size,
            ),
        )
        filed.append(Appended(uid, number, email_id(number)))
        uid += 1
    return filed


def room(
    connection: apsw.Connection, mailbox: int, messages: int
) -> tuple[int, int, int, Quota | None]:
    """Next UID, last change number, start of the log, quota (None without limits).

    Raises:
        NotFound, Refusal
    """
    found = connection.execute(
        "SELECT uid_next, (SELECT max(number) FROM change), log_start, quota, message_limit"
        " FROM mailbox, account WHERE mailbox.id = ?",
        (mailbox,),
    ).get
    if found is None:
        raise NotFound("the mailbox is gone")
    if found[0] + messages > UID_LIMIT:
        raise Refusal("5.2.2", "the mailbox has used up its UIDs: move its messages to a new one")
    uid_next, number, log_start, octets, most = found
    quota = None if octets is None and most is None else Quota(octets, most)
    return uid_next, number, log_start, quota


def check_quota(connection: apsw.Connection, quota: Quota, octets: int, messages: int) -> None:
    """Whether so many more fit. Raises OverQuota."""
    used, there = connection.execute("SELECT total(size), total(messages) FROM mailbox").get
    if quota.octets is not None and used + octets > quota.octets:
        raise OverQuota(
            f"the account holds {int(used)} of {quota.octets} octets, {octets} more do not fit"
        )
    if quota.messages is not None and there + messages > quota.messages:
        raise OverQuota(f"the account holds {int(there)} of {quota.messages} messages")


def insert(connection: apsw.Connection, number: int, letter: Letter) -> None:
    """The message's own rows."""
    index = letter.index
    connection.execute(
        "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            thread_of(connection, number, letter.keys) if letter.keys else number,
            index.size,
            index.header_size,
            index.sent_date,
            letter.digest,
            index.has_attachment,
            storable(index.base_subject),
            index.message_id,
            index.envelope,
            index.bodystructure,
            b" ".join(index.in_reply_to),
            b" ".join(index.references),
            storable(index.preview),
            index.body,
            index.structure,
        ),
    )
    connection.execute("INSERT INTO content VALUES (?, ?, ?)", (number, letter.header, letter.body))


def thread_of(connection: apsw.Connection, number: int, keys: list[int]) -> int:
    """The oldest thread that has one of these keys, or a new one; it has all of them now."""
    wanted = array("q", keys)
    thread = connection.execute(
        "SELECT min(thread) FROM carray(?) AS wanted JOIN thread_key ON key = wanted.value",
        (apsw.carray(wanted),),
    ).get
    if thread is None:
        thread = number
    connection.execute(
        "INSERT OR IGNORE INTO thread_key SELECT value, ? FROM carray(?)",
        (thread, apsw.carray(wanted)),
    )
    return int(thread)


def tally(letters: Sequence[Letter]) -> Tally:
    deleted = [letter.index.size for letter in letters if "\\Deleted" in letter.flags]
    return Tally(
        len(letters),
        sum("\\Seen" not in letter.flags for letter in letters),
        len(deleted),
        sum(letter.index.size for letter in letters),
        sum(deleted),
    )


def copy(
    connection: apsw.Connection, entries: Entries, target: int, now: int, *, is_move: bool = False
) -> list[Copied]:
    """Make entries in the target for the messages of some entries; a move needs no quota."""
    joined, *counted = connection.execute(
        f"SELECT group_concat(id - :base), {TALLY}"
        f" FROM (SELECT * FROM entry WHERE {entries.where} ORDER BY id)",
        entries.bindings,
    ).get
    copied = Tally(*counted)
    uid, number, log_start, quota = room(connection, target, copied.messages)
    if not copied.messages:
        return []
    if quota is not None and not is_move:
        check_quota(connection, quota, copied.size, copied.messages)
    number += 1
    connection.execute(
        "INSERT INTO entry SELECT :before + row_number() OVER (), message, :number, flags,"
        " internal_date, :now, size"
        f" FROM (SELECT * FROM entry WHERE {entries.where} ORDER BY id)",
        {**entries.bindings, "before": target * SPAN + uid - 1, "number": number, "now": now},
    )
    log(connection, number, target, APPENDED, run(uid, uid + copied.messages - 1))
    adjust(connection, target, number, copied, uids=copied.messages)
    shorten(connection, log_start, number)
    return list(map(Copied, numbers(joined), range(uid, uid + copied.messages)))
