"""Work that goes on beside a connection's handlers: a message on its way to the disk.

`driver.Connection` makes one when it is first needed. What ends in one turn of the event loop is
told once, so that many answers leave in one write.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from correo.net.eager import begin

__all__ = ["Beside"]


class Beside:
    """The works of one connection; true while there are any, or their end is not told yet.

    Args:
        ended: called soon after one or more of them have ended.
        failed: called for a work that raised; not for one that was cancelled.
    """

    __slots__ = ("_ended", "_failed", "_is_due", "_loop", "_tasks")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        ended: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._loop = loop
        self._ended = ended
        self._failed = failed
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_due = False

    def __bool__(self) -> bool:
        return bool(self._tasks) or self._is_due

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it up to its first wait, and the rest in a task."""
        task = begin(self._loop, self._guarded(work))
        if task is None:
            self._tell_soon()
        else:
            self._tasks.add(task)
            task.add_done_callback(self._task_ended)

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # a mistake of ours: it ends this connection, and no other
            self._failed(error)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._tell_soon()

    def _tell_soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        self._is_due = False
        self._ended()
