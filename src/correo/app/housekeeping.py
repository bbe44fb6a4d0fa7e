"""Give back what nobody names any more, once a day, in one process of the node.

Bodies of large messages are shared by all accounts and the queue; a body goes when the last name
of it is gone. Whichever worker holds the lock looks after that, and the kernel hands the lock on
when that worker ends.
"""

import fcntl
import logging
import os
from pathlib import Path

from correo.base.clock import Clock
from correo.base.errors import Refusal
from correo.store.sqlite.queue import SqliteQueue
from correo.store.sqlite.store import SqliteStore

__all__ = ["Housekeeping"]

FIRST_AFTER_S = 600.0  # ours: not while a server that has just started is busiest
EVERY_S = 86_400.0
ASK_AGAIN_S = 600.0  # for the lock, while another process has it

log = logging.getLogger("correo.housekeeping")


class Housekeeping:
    """One per process; `run` until cancelled."""

    def __init__(self, folder: Path, store: SqliteStore, queue: SqliteQueue, clock: Clock) -> None:
        self._path = folder / "run" / "housekeeping.lock"
        self._store = store
        self._queue = queue
        self._clock = clock

    async def run(self) -> None:
        """Wait for the lock, then collect once a day."""
        await self._clock.sleep(FIRST_AFTER_S)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not is_locked(descriptor):
                await self._clock.sleep(ASK_AGAIN_S)
            while True:
                await self.collect()
                await self._clock.sleep(EVERY_S)
        finally:
            os.close(descriptor)

    async def collect(self) -> int:
        """Remove the bodies that nobody names; how many. Trouble is logged, and tried again."""
        try:
            removed = await self._store.collect_blobs(await self._queue.blob_digests())
        except Refusal as error:
            log.warning("no bodies were given back: %s", error.text)
            return 0
        if removed:
            log.info("%d bodies that nobody names any more are given back", removed)
        return removed


def is_locked(descriptor: int) -> bool:
    """Take the lock if it is free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
