"""An account's INBOX as a maildrop: listed once, locked, read ahead, emptied at the end.

Message-numbers are the places in the INBOX when the session began; what arrives later is not
seen. For an agent that takes messages one after the other, the next ones are read along: a batch
per hop to the store.

RFC 1939    4        numbers and the lock; 6 the update phase; 7 unique-ids: UIDVALIDITY and UID
            8        (RFC 9051 2.3.1.1 keeps them from being used again)

Departures: the lock keeps POP3 sessions out, not IMAP ones: a message expunged over IMAP
meanwhile is refused when it is asked for. A message filed without a CRLF at its end (by IMAP
APPEND) is sent two octets longer than LIST says.

Cost: opening 10,000 messages 12 ms; memory READ_AHEAD octets.
"""

from collections.abc import Sequence

from correo.store.api import AccountStore
from correo.store.maildrop_lock import MaildropLock
from correo.store.model import INLINE_LIMIT, Column, MailboxId, Octets

__all__ = ["OpenMaildrop", "open_maildrop"]

READ_AHEAD = 512 * 1024  # octets of one batch; ours, more is no faster
READ_AHEAD_MESSAGES = 500  # ... and at most so many
READ_AHEAD_HEADERS = 100  # a header has 2 to 4 KB


class OpenMaildrop:
    """One session's; `close` when it ends, however it ends.

    sizes, unique_ids: by message-number, the first is number 1.
    """

    def __init__(
        self,
        store: AccountStore,
        mailbox: MailboxId,
        lock: MaildropLock,
        rows: Sequence[tuple[int, int]],
        uid_validity: int,
    ) -> None:
        self._store = store
        self._mailbox = mailbox
        self._lock = lock
        self._uids = [uid for uid, _ in rows]
        self.sizes = [size for _, size in rows]
        self.unique_ids = list(map(f"{uid_validity:08x}%08x".__mod__, self._uids))
        self._column = Column.OCTETS
        self._ready: dict[int, Octets] = {}
        self._before = self._last = 0  # the numbers asked for last

    def take(self, number: int, column: Column) -> Octets | None:
        """A message (or its header) that is here already; None if it has to be read."""
        self._before, self._last = self._last, number
        return self._ready.pop(number, None) if column is self._column else None

    async def read(self, number: int, column: Column, *, is_one_of_many: bool) -> Octets | None:
        """A message (or its header), and perhaps the next ones; None if it is gone.

        Args:
            is_one_of_many: more requests wait, so that the next one is likely next.
        """
        goes_on = is_one_of_many or number == self._before + 1
        end = number + 1
        if goes_on and column is Column.OCTETS:
            end = self._batch_end(number)
        elif goes_on:
            end = min(number + READ_AHEAD_HEADERS, len(self._uids) + 1)
        self._ready = {}  # first, so that there is never more than one batch
        self._column = column
        self._ready = await self._fetch(column, number, end)
        return self._ready.pop(number, None)

    async def remove(self, numbers: Sequence[int]) -> None:
        """Delete messages for good, all in one transaction. Raises Refusal."""
        uids = [self._uids[number - 1] for number in numbers]
        await self._store.expunge(self._mailbox, uids, only_deleted=False)

    def close(self) -> None:
        """Let others in. May be called twice."""
        self._ready = {}
        self._lock.release()

    # inside

    def _batch_end(self, start: int) -> int:
        """The number after the last that is worth reading together with this one."""
        weight = 0
        last = min(len(self._uids), start + READ_AHEAD_MESSAGES - 1)
        for number in range(start, last + 1):
            size = self.sizes[number - 1]
            weight += size if size <= INLINE_LIMIT else 0  # larger ones stay in their blobs
            if weight > READ_AHEAD:
                return max(number, start + 1)
        return last + 1

    async def _fetch(self, column: Column, start: int, end: int) -> dict[int, Octets]:
        uids = self._uids[start - 1 : end - 1]
        numbers = dict(zip(uids, range(start, end), strict=True))
        found: dict[int, Octets] = {}
        async for batch in self._store.fetch(self._mailbox, uids, (Column.UID, column)):
            for uid, octets in batch:
                found[numbers[uid]] = octets  # type: ignore[index, assignment] # as Column says
        return found


async def open_maildrop(store: AccountStore, lock: MaildropLock) -> OpenMaildrop:
    """List an account's INBOX. The lock is the caller's until this returns.

    Raises:
        DamagedStore: it cannot be read.
    """
    inbox = await store.mailbox("INBOX")
    snapshot = await store.snapshot(inbox.id)
    rows: list[tuple[int, int]] = []
    async for batch in store.fetch(inbox.id, snapshot.uids, (Column.UID, Column.SIZE)):
        rows.extend(batch)  # type: ignore[arg-type] # (int, int), as Column says
    return OpenMaildrop(store, inbox.id, lock, rows, snapshot.mailbox.uid_validity)
