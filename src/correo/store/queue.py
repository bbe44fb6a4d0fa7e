"""Keep messages that still have somewhere to go: the durable side of the waiting room.

`queue` decides when and what, `delivery` where to; this says what a waiting message is and what a
backend must promise. One row is one message with one time at which it is due; recipients are
rows of their own, so that what has been delivered is remembered one by one.

A message is worked on under a *lease*, the name of a process (`queue.lease`). Nobody else claims it
while that process lives. When the process is gone, `release_leases` gives its messages back.

RFC 5321    4.5.4.1  sending strategy: what has to be kept per message
RFC 3461    4        ENVID, RET, NOTIFY, ORCPT travel with the message
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from correo.store.model import AccountId, StoredBlob

__all__ = [
    "QUEUE_NEWS",
    "Fate",
    "Progress",
    "QueueCounts",
    "QueueStore",
    "QueuedMessage",
    "QueuedRecipient",
    "RecipientState",
]


QUEUE_NEWS = AccountId("queue")
"""What the bus calls the news that something in the queue may be due. No account has this id."""


class RecipientState(Enum):
    """How far a message has come for one recipient."""

    WAITING = "waiting"
    DELIVERED = "delivered"  # in a mailbox here
    RELAYED = "relayed"  # accepted by a server that reports no further (RFC 3464 2.3.3)
    PASSED_ON = "passed on"  # accepted by a server that reports itself (it offers DSN)
    EXPANDED = "expanded"  # an alias of several, whose targets are recipients of their own
    FAILED = "failed"


@dataclass(slots=True)
class QueuedRecipient:
    """One recipient of a waiting message.

    address: where to, after aliases; UTF-8 allowed (RFC 6531).
    notify, orcpt: RFC 3461 as given at RCPT, orcpt decoded ("rfc822;name").
    status, diagnostic, host: outcome of the last attempt: enhanced status code, the peer's
        exact words, who said it. tried_at is 0 before the first attempt.
    is_told: the sender has had the report that this state asks for.
    """

    address: str
    notify: frozenset[str] = field(default_factory=frozenset)
    orcpt: str | None = None
    state: RecipientState = RecipientState.WAITING
    status: str = ""
    diagnostic: str = ""
    host: str = ""
    tried_at: float = 0.0
    is_told: bool = False


@dataclass(slots=True)
class QueuedMessage:
    """A message in the waiting room. Times are seconds since 1970 UTC.

    id: what the 250 reply, the Received field and the trace say.
    content: the octets with our Received field, or the name of their synced blob.
    due: when the next attempt may be made. expires: when we give up.
    owner: the lease under which it is worked on, "" for none.
    """

    id: str
    reverse_path: str
    recipients: list[QueuedRecipient]
    content: bytes | StoredBlob
    arrived: float
    expires: float
    due: float
    smtputf8: bool = False
    body: str = "7BIT"
    ret: str | None = None
    envid: str | None = None
    attempts: int = 0
    is_held: bool = False
    is_delay_told: bool = False
    owner: str = ""

    @property
    def size(self) -> int:
        """Octets of the content."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.size

    @property
    def waiting(self) -> list[int]:
        """Positions of the recipients that still have to be served."""
        return [
            number
            for number, recipient in enumerate(self.recipients)
            if recipient.state is RecipientState.WAITING
        ]


class Fate(Enum):
    """What becomes of a message after a step."""

    KEPT = "kept"  # still worked on under the same lease
    DEFERRED = "deferred"  # back into the waiting room until `due`
    DONE = "done"  # nothing left to do: forget it


@dataclass(slots=True)
class Progress:
    """What one step of delivery changed, recorded in one transaction.

    recipients: (position, its new values). added: reports that this step gave rise to.
    A message dropped in the meantime stays dropped, and its reports are not added.
    """

    id: str
    fate: Fate
    recipients: list[tuple[int, QueuedRecipient]] = field(default_factory=list)
    due: float = 0.0
    attempts: int = 0
    is_delay_told: bool = False
    added: list[QueuedMessage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How full the waiting room is."""

    messages: int
    held: int
    active: int  # under a lease
    octets: int


class QueueStore(Protocol):
    """The waiting room on disk. Each method is one transaction, durable on return.

    Methods that write may raise StorageFull, all may raise DamagedStore.
    """

    async def add(self, messages: Sequence[QueuedMessage]) -> None:
        """Take messages in, all or none; those with an owner are claimed from the start."""

    async def claim(self, now: float, owner: str, limit: int) -> list[QueuedMessage]:
        """Put up to `limit` due, unheld, unclaimed messages under a lease, longest due first."""

    async def next_due(self) -> float | None:
        """When the next unheld, unclaimed message is due; None if there is none."""

    async def record(self, steps: Sequence[Progress]) -> None:
        """Write down what happened, all or none."""

    async def release_leases(self, is_alive: Callable[[str], bool]) -> int:
        """Give back the messages of owners that are gone; how many there were."""

    # what people ask

    async def messages(
        self, ids: Sequence[str] | None = None, *, limit: int = 1_000_000
    ) -> list[QueuedMessage]:
        """Waiting messages in order of arrival, without their octets (content is a StoredBlob
        with an empty digest where they lie inside)."""

    async def content(self, message_id: str) -> bytes | StoredBlob:
        """Raises NotFound."""

    async def counts(self) -> QueueCounts: ...

    async def hold(self, ids: Sequence[str] | None, *, held: bool) -> int:
        """Keep messages (all for None) from being tried, or let them go again; how many."""

    async def retry(self, ids: Sequence[str] | None, now: float) -> int:
        """Make messages due now; how many."""

    async def drop(self, ids: Sequence[str] | None) -> int:
        """Forget messages without a report to anybody; how many."""

    async def close(self) -> None:
        """Finish what is being written and let go of the file."""
