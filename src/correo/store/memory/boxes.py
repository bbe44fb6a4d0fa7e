"""The mailboxes of one account in dicts: entries by UID, and the numbers that only grow.

`account` and `columns` work on them; nothing here waits.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from correo.base.clock import Clock
from correo.base.errors import AlreadyExists, NotFound, OverQuota
from correo.store.conversation import mailbox_object_id
from correo.store.model import Change, Copied, Mailbox, MailboxId, NewMessage, Quota
from correo.store.names import parents

__all__ = ["Box", "Boxes", "Entry", "Filed", "as_change", "chosen", "counted"]


@dataclass(slots=True)
class Filed:
    """A message of the account, however many entries name it."""

    number: int
    thread: int
    message: NewMessage


@dataclass(slots=True)
class Entry:
    filed: Filed
    modseq: int
    flags: str
    internal_date: int
    save_date: int

    @property
    def size(self) -> int:
        return self.filed.message.index.size


@dataclass(slots=True)
class Box:
    """A mailbox: its entries by UID, ascending, and the UIDs that were expunged and when."""

    id: MailboxId
    name: str
    uid_validity: int
    highest_modseq: int
    special_use: tuple[str, ...]
    uid_next: int = 1
    entries: dict[int, Entry] = field(default_factory=dict)
    vanished: dict[int, int] = field(default_factory=dict)
    acl: dict[str, str] = field(default_factory=dict)


class Boxes:
    """All mailboxes of an account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._boxes: dict[MailboxId, Box] = {}
        self.quota = Quota()
        self._number = 0
        self._last_mailbox = 0
        self._last_uid_validity = 0

    def __iter__(self) -> Iterator[Box]:
        return iter(self._boxes.values())

    def next_number(self) -> int:
        """Of the next change in the account: a mod-sequence."""
        self._number += 1
        return self._number

    def get(self, mailbox: MailboxId) -> Box | None:
        return self._boxes.get(mailbox)

    def box(self, mailbox: MailboxId) -> Box:
        """Raises NotFound."""
        box = self._boxes.get(mailbox)
        if box is None:
            raise NotFound("the mailbox is gone")
        return box

    def named(self, name: str) -> Box:
        """Raises NotFound."""
        for box in self:
            if box.name == name:
                return box
        raise NotFound(f"there is no mailbox {name}")

    def must_be_free(self, name: str) -> None:
        """Raises AlreadyExists."""
        if any(box.name == name for box in self):
            raise AlreadyExists(f"there is a mailbox {name} already")

    def make_parents(self, name: str) -> None:
        names = {box.name for box in self}
        for above in parents(name):
            if above not in names:
                self.insert(above, ())

    def insert(self, name: str, special_use: tuple[str, ...]) -> Box:
        self._last_mailbox += 1
        self._last_uid_validity = max(self._last_uid_validity + 1, int(self._clock.now()))
        box = Box(
            MailboxId(self._last_mailbox),
            name,
            self._last_uid_validity,
            self.next_number(),
            special_use,
        )
        box.acl.update(self._acl_above(name))
        self._boxes[box.id] = box
        return box

    def _acl_above(self, name: str) -> dict[str, str]:
        """That of the next level; one of the first level, or without one above, has none."""
        above = parents(name)[-1:]
        return next((box.acl for box in self if [box.name] == above), {})

    def drop(self, box: Box) -> None:
        del self._boxes[box.id]
        self.next_number()

    def clear(self) -> None:
        self._boxes.clear()

    def used(self) -> int:
        """Octets over all mailboxes."""
        return sum(entry.size for box in self for entry in box.entries.values())

    def must_have_room(self, names: Iterable[str]) -> None:
        """Raises OverQuota if these mailboxes, those that are not there yet, are too many."""
        limit = self.quota.mailboxes
        there = {box.name for box in self}
        if limit is not None and len(there.union(names)) > max(limit, len(there)):
            raise OverQuota(f"the account may have {limit} mailboxes")

    def must_fit(self, octets: int, messages: int) -> None:
        """Raises OverQuota if so many more are too many."""
        quota = self.quota
        if quota.octets is not None and self.used() + octets > quota.octets:
            raise OverQuota(f"the account's {quota.octets} octets do not hold {octets} more")
        there = sum(len(box.entries) for box in self)
        if quota.messages is not None and there + messages > quota.messages:
            raise OverQuota(f"the account holds {there} of {quota.messages} messages")

    # entries

    def copy(self, box: Box, uids: Iterable[int], into: Box) -> list[Copied]:
        number = self.next_number()
        now = int(self._clock.now())
        copied = []
        for uid in uids:
            into.entries[into.uid_next] = replace(box.entries[uid], modseq=number, save_date=now)
            copied.append(Copied(uid, into.uid_next))
            into.uid_next += 1
        into.highest_modseq = number
        return copied

    def move(self, box: Box, uids: list[int], into: Box) -> list[Copied]:
        if not uids:
            return []
        copied = self.copy(box, uids, into)
        self.remove(box, uids)
        return copied

    def remove(self, box: Box, uids: Iterable[int]) -> None:
        box.highest_modseq = self.next_number()
        for uid in uids:
            del box.entries[uid]
            box.vanished[uid] = box.highest_modseq


def counted(box: Box, *, subscribed: bool) -> Mailbox:
    """A mailbox and its counts, as of now."""
    entries = box.entries.values()
    deleted = [entry.size for entry in entries if "\\Deleted" in entry.flags]
    return Mailbox(
        id=box.id,
        name=box.name,
        object_id=mailbox_object_id(box.id),
        uid_validity=box.uid_validity,
        uid_next=box.uid_next,
        highest_modseq=box.highest_modseq,
        messages=len(box.entries),
        unseen=sum("\\Seen" not in entry.flags for entry in entries),
        deleted=len(deleted),
        size=sum(entry.size for entry in entries),
        deleted_size=sum(deleted),
        subscribed=subscribed,
        special_use=box.special_use,
    )


def chosen(box: Box, uids: Iterable[int]) -> list[int]:
    """Those of the UIDs that are there, ascending."""
    return sorted(uid for uid in set(uids) if uid in box.entries)


def as_change(uid: int, entry: Entry) -> Change:
    return Change(uid, entry.modseq, entry.flags)
