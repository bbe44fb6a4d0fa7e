"""A waiting room that forgets: the fake that tests use, held to the contract of the real one.

Objects handed in and out are copies, as they would be after a trip to disk.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from correo.base.errors import NotFound
from correo.store.model import StoredBlob
from correo.store.queue import Fate, Progress, QueueCounts, QueuedMessage

__all__ = ["MemoryQueue"]


class MemoryQueue:
    """A QueueStore in a dict."""

    def __init__(self) -> None:
        self._messages: dict[str, QueuedMessage] = {}

    async def add(self, messages: Sequence[QueuedMessage]) -> None:
        for message in messages:
            self._messages[message.id] = copy_of(message)

    async def claim(self, now: float, owner: str, limit: int) -> list[QueuedMessage]:
        due = sorted(
            (each for each in self._messages.values() if is_free(each) and each.due <= now),
            key=lambda each: each.due,
        )[:limit]
        for message in due:
            message.owner = owner
        return [copy_of(message) for message in due]

    async def next_due(self) -> float | None:
        return min((each.due for each in self._messages.values() if is_free(each)), default=None)

    async def record(self, steps: Sequence[Progress]) -> None:
        for step in steps:
            message = self._messages.get(step.id)
            if message is None:
                continue
            if step.fate is Fate.DONE:
                del self._messages[step.id]
            else:
                self._update(message, step)
            await self.add(step.added)

    async def release_leases(self, is_alive: Callable[[str], bool]) -> int:
        orphans = [m for m in self._messages.values() if m.owner and not is_alive(m.owner)]
        for message in orphans:
            message.owner = ""
        return len(orphans)

    async def messages(
        self, ids: Sequence[str] | None = None, *, limit: int = 1_000_000
    ) -> list[QueuedMessage]:
        found = [m for m in self._messages.values() if ids is None or m.id in ids]
        return [
            replace(copy_of(message), content=StoredBlob(digest_of(message), message.size))
            for message in found[: limit if ids is None else None]
        ]

    async def content(self, message_id: str) -> bytes | StoredBlob:
        if message_id not in self._messages:
            raise NotFound(f"no message {message_id} waits in the queue")
        return self._messages[message_id].content

    async def counts(self) -> QueueCounts:
        messages = self._messages.values()
        return QueueCounts(
            len(messages),
            sum(message.is_held for message in messages),
            sum(bool(message.owner) for message in messages),
            sum(message.size for message in messages),
        )

    async def hold(self, ids: Sequence[str] | None, *, held: bool) -> int:
        chosen = self._chosen(ids)
        for message in chosen:
            message.is_held = held
        return len(chosen)

    async def retry(self, ids: Sequence[str] | None, now: float) -> int:
        chosen = self._chosen(ids)
        for message in chosen:
            message.due = now
        return len(chosen)

    async def drop(self, ids: Sequence[str] | None) -> int:
        chosen = self._chosen(ids)
        for message in chosen:
            del self._messages[message.id]
        return len(chosen)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _chosen(self, ids: Sequence[str] | None) -> list[QueuedMessage]:
        return [m for m in self._messages.values() if ids is None or m.id in ids]

    def _update(self, message: QueuedMessage, step: Progress) -> None:
        for position, recipient in step.recipients:
            message.recipients[position] = replace(recipient)
        if step.fate is Fate.DEFERRED:
            message.owner = ""
            message.due = step.due
            message.attempts = step.attempts
            message.is_delay_told = step.is_delay_told


def is_free(message: QueuedMessage) -> bool:
    return not message.owner and not message.is_held


def digest_of(message: QueuedMessage) -> str:
    return "" if isinstance(message.content, bytes) else message.content.digest


def copy_of(message: QueuedMessage) -> QueuedMessage:
    return replace(message, recipients=[replace(each) for each in message.recipients])
