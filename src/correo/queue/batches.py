"""Gather what many tasks want written, and write it in one go after the other.

While one batch is on its way to disk, the next one fills; so under load there is one commit and
one thread hop for many messages, and at rest nobody waits for company. The waiting room and the
runner each have one.

Cost: about 1 µs per item besides the write itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from correo.base.errors import CorreoError, UsageError

__all__ = ["Batches"]

T = TypeVar("T")


class Batches(Generic[T]):
    """Items on their way to disk, in order.

    Args:
        write: takes a batch; durable on return. What it raises, all of the batch hear.
        limit: most items in one batch.
        gather_s: how long the first item waits for others, where nobody waits for it.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[None]],
        *,
        limit: int = 500,
        gather_s: float = 0.0,
    ) -> None:
        self._write = write
        self._limit = limit
        self._gather_s = gather_s
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    def put(self, item: T) -> "asyncio.Future[None]":
        """Hand over an item; the future is done when it is durable, or raises what the write
        raised. Whoever does not await it must look at it in a callback."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        self._waiting.append((item, written))
        if self._task is None:
            self._task = loop.create_task(self._run())
        return written

    @property
    def waiting(self) -> int:
        """Items not yet handed to a write."""
        return len(self._waiting)

    async def flush(self) -> None:
        """Return when everything put so far is written, well or ill."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._waiting:
                if self._gather_s and len(self._waiting) < self._limit:
                    await asyncio.sleep(self._gather_s)
                batch = self._waiting[: self._limit]
                del self._waiting[: self._limit]
                await self._write_batch(batch)
        finally:
            self._task = None
            self._abandon()

    async def _write_batch(self, batch: list[tuple[T, "asyncio.Future[None]"]]) -> None:
        try:
            await self._write([item for item, _ in batch])
        except CorreoError as error:
            for _, written in batch:
                if not written.done():
                    written.set_exception(error)
            return
        except BaseException:
            for _, written in batch:
                written.cancel()
            raise
        for _, written in batch:
            if not written.done():
                written.set_result(None)

    def _abandon(self) -> None:
        """A write failed for a reason nobody foresaw: those behind it must not wait for ever."""
        for _, written in self._waiting:
            if not written.done():
                written.set_exception(UsageError("the queue's writer has stopped"))
        self._waiting.clear()
