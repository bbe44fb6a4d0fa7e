"""The waiting room keeps what it promises, on disk as in memory."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from correo.queue.lease import is_alive
from correo.store.memory.queue import MemoryQueue
from correo.store.queue import QueueStore
from correo.store.sqlite.queue import SqliteQueue
from correo.store.sqlite.threads import StorageThreads
from correo.testing.contracts.queue_store import NOW, QueueStoreContract, queued


class TestMemoryQueue(QueueStoreContract):
    def store(self) -> AbstractAsyncContextManager[QueueStore]:
        @asynccontextmanager
        async def opened() -> AsyncIterator[QueueStore]:
            yield MemoryQueue()

        return opened()


@asynccontextmanager
async def sqlite_queue(folder: Path) -> AsyncIterator[SqliteQueue]:
    threads = StorageThreads(1)
    store = SqliteQueue(folder / "queue.db", threads)
    try:
        yield store
        await store.close()
    finally:
        threads.close()


class TestSqliteQueue(QueueStoreContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def store(self) -> AbstractAsyncContextManager[QueueStore]:
        return sqlite_queue(self.folder)

    def test_messages_survive_closing(self) -> None:
        async def run() -> None:
            async with sqlite_queue(self.folder) as store:
                await store.add([queued("m", content=b"octets")])
            async with sqlite_queue(self.folder) as store:
                assert await store.content("m") == b"octets"

        asyncio.run(run())

    def test_what_a_killed_process_had_under_lease_is_given_back(self) -> None:
        program = textwrap.dedent("""
            import asyncio, sys, time
            from pathlib import Path
            from correo.queue.lease import own_lease
            from correo.store.sqlite.queue import SqliteQueue
            from correo.store.sqlite.threads import StorageThreads
            from correo.testing.contracts.queue_store import queued

            async def main():
                store = SqliteQueue(Path(sys.argv[1]) / "queue.db", StorageThreads(1))
                await store.add([queued("m", owner=own_lease())])
                print("kept", flush=True)
                time.sleep(60)

            asyncio.run(main())
        """)
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(self.folder)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"kept\n"

        async def run() -> None:
            async with sqlite_queue(self.folder) as store:
                assert await store.release_leases(is_alive) == 0
                os.kill(child.pid, signal.SIGKILL)
                child.communicate()
                assert await store.release_leases(is_alive) == 1
                assert [m.id for m in await store.claim(NOW, "me", 1)] == ["m"]

        asyncio.run(run())
