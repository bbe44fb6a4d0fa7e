"""What happens in a mailbox that is watched, found by comparing it with what was known.

Pure: `Known` is told what the server says and gives back what that changes, each thing once,
whatever the server repeats.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from correo.wire.imap.sequence import Span

__all__ = ["Arrived", "Change", "FlagsChanged", "Gone", "Known", "Renumbered"]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message is there that was not."""

    uid: int
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class FlagsChanged:
    """flags: all that it has now."""

    uid: int
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Gone:
    """A message was expunged or moved away."""

    uid: int


@dataclass(frozen=True, slots=True)
class Renumbered:
    """The UIDs known so far mean nothing any more; every message there now is told as Arrived."""

    uid_validity: int | None


Change = Arrived | FlagsChanged | Gone | Renumbered


class Known:
    """The messages of a mailbox as last heard of.

    modseq: the highest mod-sequence heard of; 0 where the server has none.
    """

    def __init__(self, uid_validity: int | None = None) -> None:
        self.uid_validity = uid_validity
        self.modseq = 0
        self._flags: dict[int, frozenset[str]] = {}

    def __len__(self) -> int:
        return len(self._flags)

    def told(self, uid: int, flags: Iterable[str], modseq: int | None = None) -> list[Change]:
        """The server says that this message has these flags. \\Recent is no flag of a message."""
        self.modseq = max(self.modseq, modseq or 0)
        now = frozenset(flag for flag in flags if flag.lower() != "\\recent")
        before = self._flags.get(uid)
        self._flags[uid] = now
        if before is None:
            return [Arrived(uid, now)]
        return [FlagsChanged(uid, now)] if before != now else []

    def vanished(self, spans: Iterable[Span]) -> list[Change]:
        """The server says that none of these UIDs is there; many may never have been."""
        given = list(spans)
        gone = sorted(
            uid
            for uid in (self._flags if given else ())
            if any(low <= uid <= high for low, high in given)
        )
        return self._without(gone)

    def only(self, uids: Iterable[int]) -> list[Change]:
        """The server says that these are all there are."""
        return self._without(sorted(self._flags.keys() - set(uids)))

    def renumbered(self, uid_validity: int | None) -> list[Change]:
        """The mailbox is another one now."""
        self.uid_validity, self.modseq = uid_validity, 0
        self._flags.clear()
        return [Renumbered(uid_validity)]

    def _without(self, gone: list[int]) -> list[Change]:
        for uid in gone:
            del self._flags[uid]
        return [Gone(uid) for uid in gone]
