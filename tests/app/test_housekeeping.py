"""Bodies of large messages go when the last name of them is gone."""

import asyncio
from pathlib import Path

from correo.app.housekeeping import Housekeeping
from correo.base.errors import DamagedStore
from correo.testing.clock import FakeClock


class Store:
    """Counts collections; fails when told to."""

    def __init__(self) -> None:
        self.kept: list[set[str]] = []
        self.damaged = False

    async def collect_blobs(self, named: set[str]) -> int:
        self.kept.append(named)
        if self.damaged:
            raise DamagedStore("account.db is damaged")
        return 1


class Queue:
    async def blob_digests(self) -> set[str]:
        return {"waiting"}


def housekeeping(folder: Path, store: Store, clock: FakeClock) -> Housekeeping:
    (folder / "run").mkdir(exist_ok=True)
    return Housekeeping(folder, store, Queue(), clock)  # type: ignore[arg-type]  # what is used of them


def test_it_collects_once_a_day_and_keeps_what_the_queue_names(tmp_path: Path) -> None:
    async def body() -> None:
        store, clock = Store(), FakeClock()
        task = asyncio.create_task(housekeeping(tmp_path, store, clock).run())
        await clock.advance(3 * 86_400)
        task.cancel()
        await asyncio.wait([task])
        assert len(store.kept) == 3
        assert store.kept[0] == {"waiting"}

    asyncio.run(body())


def test_only_one_process_of_the_node_collects(tmp_path: Path) -> None:
    async def body() -> None:
        clock, first, second = FakeClock(), Store(), Store()
        tasks = [
            asyncio.create_task(housekeeping(tmp_path, each, clock).run())
            for each in (first, second)
        ]
        await clock.advance(2 * 86_400)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert sorted([len(first.kept), len(second.kept)]) == [0, 2]

    asyncio.run(body())


def test_a_damaged_account_stops_the_collection_and_nothing_else(tmp_path: Path) -> None:
    store = Store()
    store.damaged = True
    assert asyncio.run(housekeeping(tmp_path, store, FakeClock()).collect()) == 0
