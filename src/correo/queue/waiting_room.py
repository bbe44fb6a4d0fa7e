"""Take messages into the queue, and hand fresh ones straight to the runner of this process.

`intake` calls `enqueue`, `delivery.runner` is the inlet. A message that the runner has room for is
stored under our own lease and given to it at the commit, so that the way through the queue costs
one insert and one delete and nobody has to look for it; otherwise it is stored unclaimed, and
whoever has room finds it when due. Either way it is durable before `enqueue` returns.

Nothing polls: `wake` is called (and, through `announce`, in other processes) when something is due.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from correo.queue.batches import Batches
from correo.queue.lease import own_lease
from correo.store.queue import QueuedMessage, QueueStore

__all__ = ["Inlet", "WaitingRoom"]


class Inlet(Protocol):
    """Whoever delivers in this process."""

    def has_room(self, octets: int) -> bool:
        """Whether one more message of this size may be handed over now; reserves nothing."""

    def take(self, message: QueuedMessage) -> None:
        """A message under our lease, durable; try it now."""

    def wake(self) -> None:
        """Something in the store may be due."""


class WaitingRoom:
    """The queue as one process sees it.

    Args:
        announce: tells the other processes to look into the store; called after the commit.
        lease: under which this process works.
    """

    def __init__(
        self,
        store: QueueStore,
        *,
        announce: Callable[[], None] | None = None,
        lease: str | None = None,
    ) -> None:
        self.store = store
        self.lease = own_lease() if lease is None else lease
        self.inlet: Inlet | None = None
        self._announce = announce
        self._arrivals: Batches[QueuedMessage] = Batches(self._add)

    async def enqueue(self, message: QueuedMessage) -> None:
        """Keep a message until it is delivered or given up. Durable on return.

        Raises:
            StorageFull, DamagedStore: it was not taken.
        """
        if self.inlet is not None and self.inlet.has_room(message.size):
            message.owner = self.lease
        await self._arrivals.put(message)

    async def close(self) -> None:
        """Finish what is being written."""
        await self._arrivals.flush()

    async def _add(self, messages: Sequence[QueuedMessage]) -> None:
        await self.store.add(messages)
        self.added(messages)

    def added(self, messages: Sequence[QueuedMessage]) -> None:
        """These are in the store now: get them going."""
        unclaimed = False
        for message in messages:
            if message.owner and self.inlet is not None:
                self.inlet.take(message)
            else:
                unclaimed = True
        if unclaimed:
            self.wake()

    def wake(self) -> None:
        """Somebody should look into the store, here or in another process."""
        if self.inlet is not None:
            self.inlet.wake()
        if self._announce is not None:
            self._announce()
