"""Know one selected mailbox as it is now, once per process, for all sessions that show it.

A LiveMailbox holds the UIDs, flags and mod-sequences of a mailbox and keeps them current with
`changes_since`. What happened reaches each session's View as a Delta, which all views share.
Nothing here waits or polls: the store's watch marks it stale, whoever needs it current refreshes.

`uids`, `flags` and `modseqs` are parallel and ascend by UID. They grow at the end and change in
place, but a message never leaves them: an expunge puts new ones in their place. So whoever holds
the three old ones may go on reading the first `n` entries of them.

RFC 7162    3.1, 3.2 mod-sequences, expunged messages

Cost: 20 octets for each message and one look-up per change; a refresh is one thread hop.
"""

import asyncio
import sys
from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from correo.store.api import AccountStore
from correo.store.model import (
    Change,
    Column,
    FlagsStored,
    Mailbox,
    MailboxChanges,
    Snapshot,
)

__all__ = ["Delta", "LiveMailbox", "Watcher"]


@dataclass(slots=True)
class Delta:
    """What one refresh found.

    since: the mod-sequence after which it happened; everything up to it was known.
    changed: UIDs of entries that are new or have new flags, ascending.
    vanished: UIDs gone, ascending.
    """

    since: int
    changed: list[int]
    vanished: list[int]


class Watcher(ABC):
    """What a live mailbox calls when a refresh found something: a session's view."""

    __slots__ = ("wants_news",)

    wants_news: bool  # whether it is to hear at once, not when it next asks

    @abstractmethod
    def happened(self, delta: Delta | None) -> None:
        """Note it, to be told to the client later; None when the mailbox is gone."""


class LiveMailbox:
    """One mailbox of one account, shared by the views of all sessions in this process."""

    __slots__ = (
        "__weakref__",
        "_keywords",
        "_lock",
        "_met",
        "account",
        "derived",
        "flags",
        "highest_modseq",
        "is_gone",
        "is_stale",
        "mailbox",
        "modseqs",
        "uid_next",
        "uids",
        "views",
    )

    def __init__(self, account: AccountStore, snapshot: Snapshot) -> None:
        self.account = account
        self.mailbox: Mailbox = snapshot.mailbox  # its counts are of the first moment
        self.uids = array("I", snapshot.uids)
        self.modseqs = array("Q", snapshot.modseqs)
        self._met: dict[str, str] = {}  # every set of flags met, to share and to list
        self._keywords: dict[str, str] = {}  # lower case -> as first met
        known = self._known
        self.flags = [known(flags) for flags in snapshot.flags]
        self.uid_next = snapshot.mailbox.uid_next
        self.highest_modseq = snapshot.mailbox.highest_modseq
        self.is_gone = False
        self.is_stale = False
        self.views: set[Watcher] = set()
        self.derived: dict[object, dict[Any, Any]] = {}  # see `derived`
        self._lock: asyncio.Lock | None = None

    def position(self, uid: int) -> int:
        """Where this UID stands, -1 if it is not there."""
        at = bisect_left(self.uids, uid)
        return at if at < len(self.uids) and self.uids[at] == uid else -1

    def columns(self, uids: list[int], wanted: Sequence[Column]) -> list[list[Any]]:
        """UID, FLAGS and MODSEQ of these messages, a list for each column; gone ones are left
        out."""
        first = self.position(uids[0]) if uids else 0
        end = first + len(uids)
        sources = [self._source(column) for column in wanted]
        if first >= 0 and self.uids[first:end].tolist() == uids:
            return [list(source[first:end]) for source in sources]
        places = [at for uid in uids if (at := self.position(uid)) >= 0]
        return [[source[at] for at in places] for source in sources]

    def _source(self, column: Column) -> Sequence[Any]:
        known: dict[Column, Sequence[Any]] = {
            Column.UID: self.uids,
            Column.FLAGS: self.flags,
            Column.MODSEQ: self.modseqs,
        }
        return known[column]

    def keywords(self) -> list[str]:
        """Every keyword met here, sorted regardless of case; those no longer in use too."""
        return [self._keywords[folded] for folded in sorted(self._keywords)]

    def known_flags(self) -> list[str]:
        """Every set of flags met here; each `flags` string is one of them."""
        return list(self._met)

    @property
    def wants_news(self) -> bool:
        """Whether a view is to hear of changes at once."""
        return any(view.wants_news for view in self.views)

    @property
    def keyword_count(self) -> int:
        """How many keywords were met; while it stands, `keywords` gives the same."""
        return len(self._keywords)

    async def refresh(self) -> None:
        """Take in what was committed before this call. Raises DamagedStore."""
        self.is_stale = True
        await self.refresh_if_stale()

    async def refresh_if_stale(self) -> None:
        """As refresh, when something is known to have happened."""
        if not self.is_stale or self.is_gone:
            return
        if self._lock is None:
            self._lock = asyncio.Lock()
        async with self._lock:
            await self._catch_up()

    def take_stored(self, stored: FlagsStored, told: Watcher) -> bool:
        """Take in what a change of flags gave, without asking the store again.

        Args:
            told: the view whose client is told by other means.

        Returns:
            False if something else has happened before it: then nothing was taken in.
        """
        is_busy = self._lock is not None and self._lock.locked()
        if self.is_gone or is_busy or stored.previous_modseq != self.highest_modseq:
            return False
        delta = Delta(self.highest_modseq, [change.uid for change in stored.changed], [])
        self._change(stored.changed)
        self.highest_modseq = stored.changed[0].modseq
        for view in self.views:
            if view is not told:
                view.happened(delta)
        return True

    # inside

    async def _catch_up(self) -> None:
        if not self.is_stale:  # whoever held the lock has done it
            return
        self.is_stale = False
        try:
            found = await self.account.changes_since(self.mailbox.id, self.highest_modseq)
        except BaseException:
            self.is_stale = True
            raise
        self._take(found)

    def _take(self, found: MailboxChanges) -> None:
        if not found.exists:
            self.is_gone = True
            for view in self.views:
                view.happened(None)
            return
        if found.highest_modseq <= self.highest_modseq:
            return
        delta = Delta(self.highest_modseq, [change.uid for change in found.changed], found.vanished)
        if found.vanished:
            self._remove(found.vanished)
        self._change(found.changed)
        self.uid_next = found.uid_next
        self.highest_modseq = found.highest_modseq
        if delta.changed or delta.vanished:
            for view in self.views:
                view.happened(delta)

    def _remove(self, vanished: Iterable[int]) -> None:
        gone = {at for uid in vanished if (at := self.position(uid)) >= 0}
        if not gone:
            return
        self.derived.clear()
        kept = [at for at in range(len(self.uids)) if at not in gone]
        uids, modseqs, flags = self.uids, self.modseqs, self.flags
        self.uids = array("I", [uids[at] for at in kept])
        self.modseqs = array("Q", [modseqs[at] for at in kept])
        self.flags = [flags[at] for at in kept]

    def _change(self, changed: Sequence[Change]) -> None:
        if self._change_run(changed):
            return
        last = self.uids[-1] if self.uids else 0
        known = self._known
        for change in changed:
            if change.uid > last:
                self.flags.append(known(change.flags))
                self.modseqs.append(change.modseq)
                self.uids.append(change.uid)
                last = change.uid
            elif (at := self.position(change.uid)) >= 0:
                self.flags[at] = known(change.flags)
                self.modseqs[at] = change.modseq

    def _change_run(self, changed: Sequence[Change]) -> bool:
        """Known entries that stand next to each other, all at once; False if they do not."""
        first = self.position(changed[0].uid) if changed else -1
        end = first + len(changed)
        if first < 0 or self.uids[first:end] != array("I", [change.uid for change in changed]):
            return False
        known = {flags: self._known(flags) for flags in {change.flags for change in changed}}
        self.flags[first:end] = [known[change.flags] for change in changed]
        self.modseqs[first:end] = array("Q", [change.modseq for change in changed])
        return True

    def _known(self, flags: str) -> str:
        """The same string, but only one of it in memory."""
        met = self._met.get(flags)
        if met is None:
            met = self._met[flags] = sys.intern(flags)
            for flag in flags.split():
                if not flag.startswith("\\"):
                    self._keywords.setdefault(flag.lower(), flag)
        return met
