"""A process that stores messages as fast as it can and says so, until it is killed.

`python kill_victim.py FOLDER SEED`: for each message that is durable it prints "account uid text"; for
each that is durably expunged "account -uid text".
"""

import asyncio
import sys
from pathlib import Path

from correo.store.bus import Bus
from correo.store.model import INBOX, INLINE_LIMIT, AccountId
from correo.store.sqlite.group_commit import GroupCommit
from correo.store.sqlite.journal import CommitJournal
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads
from correo.testing.clock import FakeClock
from correo.testing.contracts.scene import real_message

ACCOUNTS = 3
WRITERS = 12


async def write(store: SqliteStore, name: str, writer: str) -> None:
    account = await store.open(AccountId(name))
    number = 0
    while True:
        number += 1
        text = f"{writer}-{number}"
        size = INLINE_LIMIT + 1 if number % 40 == 7 else 500
        [appended] = await account.append(INBOX, [real_message(text, size=size)])
        print(name, appended.uid, text, flush=True)
        if number % 5 == 0:
            for uid in await account.expunge(INBOX, [appended.uid], only_deleted=False):
                print(name, -uid, text, flush=True)


async def main(folder: Path, seed: str) -> None:
    bus = Bus(folder / "bus")
    bus.start()
    threads = StorageThreads(2)
    group_commit = GroupCommit(threads, CommitJournal(folder / "journal", segment_octets=200_000))
    store = SqliteStore(folder, threads, bus, FakeClock(), group_commit)
    async with asyncio.TaskGroup() as writers:
        for number in range(WRITERS):
            writers.create_task(write(store, f"account{number % ACCOUNTS}", f"{seed}-{number}"))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
