"""Show a mailbox to one session: what sequence number means which message, and what it has yet to hear.

The session's picture of the mailbox changes only in `updates`, which the protocol calls at
moments when the client may be told; until then everything it says with sequence numbers means
what it last saw. Most of the time a view is nothing but a length and a reference to the UIDs of
the LiveMailbox, shared with all other views.

RFC 9051    2.3.1.2  message sequence numbers
            5.2      when sizes and flags are told
            7.5.1    EXPUNGE never while FETCH, STORE or SEARCH use sequence numbers
RFC 7162    3.2      no mod-sequence is told that hides an untold expunge: `told_modseq`
RFC 2180             several sessions on one mailbox

Cost: nothing while nothing happens; an expunge costs a view one search per message.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from correo.mailbox.live import Delta, LiveMailbox, Watcher
from correo.store.model import Column, FlagsStored

__all__ = ["FlagUpdate", "Updates", "View"]

DELTAS_KEPT = 32  # before they are folded into one; a view that nobody asks stays small

FlagUpdate = tuple[int, int, str, int]  # sequence number, UID, flags, mod-sequence


@dataclass(slots=True)
class Updates:
    """What a client is to be told now, in this order.

    expunged: sequence numbers, highest first, so that none shifts another.
    vanished: the same messages by UID, ascending.
    exists: the new number of messages, None if no message came.
    changed: flags that changed behind the session's back.
    new_keywords: whether there are keywords that this view has not met.
    """

    expunged: Sequence[int] = ()
    vanished: list[int] = field(default_factory=list)
    exists: int | None = None
    changed: list[FlagUpdate] = field(default_factory=list)
    new_keywords: bool = False


class View(Watcher):
    """One session's picture of one mailbox.

    Args:
        woken: called when the live mailbox has taken something in; must not wait.
    """

    __slots__ = (
        "_keywords",
        "_own_modseqs",
        "_pending",
        "exists",
        "live",
        "saved",
        "told_modseq",
        "touched",
        "uid_next",
        "uids",
        "woken",
    )

    def __init__(self, live: LiveMailbox, woken: Callable[[], None]) -> None:
        self.live = live
        self.wants_news = False
        self.woken = woken
        self.uids = live.uids  # only the first `exists` are this view's
        self.exists = len(live.uids)
        self.uid_next = live.uid_next
        self.told_modseq = live.highest_modseq  # all that happened up to it has been told
        self.saved: list[int] = []  # UIDs of the last SEARCH RETURN (SAVE), ascending
        self.touched: set[int] | None = None  # UIDs new or changed, if somebody takes them
        self._keywords = live.keyword_count
        self._pending: list[Delta] | None = None
        self._own_modseqs: set[int] | None = None
        live.views.add(self)

    def close(self) -> None:
        """Stop watching. The view must not be used afterwards."""
        self.live.views.discard(self)
        self._pending = None

    # numbers

    @property
    def last_uid(self) -> int:
        """The UID of the last message, 0 in an empty mailbox."""
        return self.uids[self.exists - 1] if self.exists else 0

    def position(self, uid: int) -> int:
        """The sequence number of a UID less one, -1 if this view does not show it."""
        at = bisect_left(self.uids, uid, 0, self.exists)
        return at if at < self.exists and self.uids[at] == uid else -1

    def within(self, spans: Iterable[tuple[int, int]]) -> list[int]:
        """The UIDs of this view within (low, high) UID spans, ascending if the spans are."""
        found: list[int] = []
        for low, high in spans:
            first = bisect_left(self.uids, low, 0, self.exists)
            found.extend(self.uids[first : bisect_right(self.uids, high, first, self.exists)])
        return found

    def numbered(self, spans: Iterable[tuple[int, int]]) -> list[int]:
        """The UIDs of the messages with these sequence numbers; numbers beyond are left out."""
        found: list[int] = []
        for low, high in spans:
            found.extend(self.uids[low - 1 : min(high, self.exists)])
        return found

    def numbers_of(self, uids: Sequence[int]) -> Sequence[int]:
        """The sequence numbers of UIDs, in any order, all of which this view shows."""
        if not uids:
            return ()
        first = self.position(uids[0])
        if first >= 0 and self.uids[first : first + len(uids)] == array("I", uids):
            return range(first + 1, first + 1 + len(uids))
        known, end = self.uids, self.exists
        if known[end - 1] - known[0] == end - 1:  # no UID is missing
            before = known[0] - 1
            return [uid - before for uid in uids] if before else uids
        if len(uids) > end // 8:
            numbers = dict(zip(known[:end], range(1, end + 1), strict=True))
            return list(map(numbers.__getitem__, uids))
        return [bisect_left(known, uid, 0, end) + 1 for uid in uids]

    # changes

    def happened(self, delta: Delta | None) -> None:
        if delta is None:
            pass
        elif self._pending is None:
            self._pending = [delta]
        else:
            self._pending.append(delta)
            if len(self._pending) > DELTAS_KEPT:
                self._pending = [_folded(self._pending)]
        self.woken()

    @property
    def has_news(self) -> bool:
        return self._pending is not None

    def leaving(self) -> list[int]:
        """The UIDs that this view shows and that are expunged, ascending."""
        return self._gone(self._pending or [])

    def take_touched(self) -> list[int]:
        """The messages that came or changed since this was last asked, and that are still there,
        by whomever; ascending."""
        touched, self.touched = self.touched or set(), set()
        there = self.live.position
        return [x for x in sorted(touched) if self.position(x) >= 0 and there(x) >= 0]

    @property
    def holds_back(self) -> bool:
        """Whether there are expunged messages the client has not been told of."""
        return self._pending is not None and any(delta.vanished for delta in self._pending)

    def note_stored(self, stored: FlagsStored) -> None:
        """The client is told of these changes by the answer to its own command."""
        if not stored.changed:
            return
        if self.touched is not None:
            self.touched.update([change.uid for change in stored.changed])
        if self._pending is None and self.live.take_stored(stored, self):
            self.told_modseq = self.live.highest_modseq
            if self._keywords != self.live.keyword_count:
                self._pending = []  # that is all there is to tell
            return
        self.live.is_stale = True
        self.is_own(stored.changed[0].modseq)

    def is_own(self, modseq: int) -> None:
        """The client has been told of the changes with this mod-sequence, by its own command."""
        if self._own_modseqs is None:
            self._own_modseqs = set()
        self._own_modseqs.add(modseq)

    def believed_flags(self, uids: list[int]) -> dict[int, str]:
        """The flags these messages have as far as the client can know.

        Those with changes it has not been told of are left out.
        """
        untold = {uid for delta in self._pending or () for uid in delta.changed}
        if not untold:
            return dict(zip(*self.live.columns(uids, (Column.UID, Column.FLAGS)), strict=True))
        position, flags = self.live.position, self.live.flags
        return {uid: flags[at] for uid in uids if uid not in untold and (at := position(uid)) >= 0}

    def updates(self, *, expunges: bool) -> Updates:
        """Bring the view up to the live mailbox; the client is told what this returns.

        Args:
            expunges: whether expunged messages may be told now; otherwise they keep their
                numbers, and `told_modseq` stays below their going.
        """
        told = Updates()
        pending, self._pending = self._pending or [], None
        shown_before = self.uid_next
        gone = self._gone(pending)
        if gone and not expunges:
            self._pending = [Delta(next(d.since for d in pending if d.vanished), [], gone)]
            self._grow(told)
            self.told_modseq = self._pending[0].since
        else:
            self._shrink(told, gone)
            self.told_modseq = self.live.highest_modseq
        self._change(told, pending, shown_before)
        told.new_keywords = self._keywords != self.live.keyword_count
        self._keywords = self.live.keyword_count
        return told

    # inside

    def _gone(self, pending: list[Delta]) -> list[int]:
        """What this view shows and is no longer there; what came and went unseen is not in it."""
        gone = {uid for delta in pending for uid in delta.vanished if self.position(uid) >= 0}
        return sorted(gone)

    def _grow(self, told: Updates) -> None:
        """Show new messages, while expunged ones keep their places."""
        uids = self.live.uids
        first_new = bisect_left(uids, self.uid_next)
        self.uid_next = self.live.uid_next
        if first_new == len(uids):
            return
        if uids is not self.uids:
            self.uids = self.uids[: self.exists]
            self.uids.extend(uids[first_new:])
        self.exists = told.exists = len(self.uids)

    def _shrink(self, told: Updates, gone: list[int]) -> None:
        """Let the expunged go, show the new; from here on the UIDs are the shared ones again."""
        told.vanished = gone
        told.expunged = self.numbers_of(gone)[::-1]
        left = self.exists - len(gone)
        self.uids = self.live.uids
        self.uid_next = self.live.uid_next
        self.exists = len(self.uids)
        if self.exists > left:
            told.exists = self.exists
        if gone and self.saved:
            self.saved = [uid for uid in self.saved if self.position(uid) >= 0]

    def _change(self, told: Updates, pending: list[Delta], shown_before: int) -> None:
        """Collect changed flags; of new messages the client asks itself."""
        own = self._own_modseqs or ()
        if own and max(own) <= self.live.highest_modseq:
            self._own_modseqs = None
        live, changed = self.live, {uid for delta in pending for uid in delta.changed}
        if self.touched is not None:
            self.touched |= changed
        for uid in sorted(changed):
            number, at = self.position(uid) + 1, live.position(uid)
            if uid < shown_before and number and at >= 0 and live.modseqs[at] not in own:
                told.changed.append((number, uid, live.flags[at], live.modseqs[at]))


def _folded(deltas: list[Delta]) -> Delta:
    """Several deltas as one, for a view that has not been asked for long."""
    return Delta(
        deltas[0].since,
        sorted({uid for delta in deltas for uid in delta.changed}),
        sorted({uid for delta in deltas for uid in delta.vanished}),
    )
