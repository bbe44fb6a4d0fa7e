"""The store alone: durable appends by many writers, and whole-mailbox work of one session.

`python -m bench store [--seconds 3] [--messages 10000]`. No protocol and no network: what is timed
is the API of `store.api` over SQLite files in a temporary directory of the working directory's
disk. CPU is that of the process with all its threads, kernel time included.
"""

import argparse
import asyncio
import multiprocessing
import resource
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from correo.base.clock import Clock
from correo.message.index import MessageIndex
from correo.store.bus import Bus
from correo.store.model import INBOX, AccountId, Column, FlagMode, NewMessage
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads

ACCOUNTS = 100
THREADS = 4
LIST = [
    Column.UID, Column.FLAGS, Column.INTERNAL_DATE, Column.SIZE, Column.ENVELOPE,
    Column.BODYSTRUCTURE,
]  # fmt: skip


class WallClock(Clock):
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def message(number: int, size: int = 2048, flags: str = "") -> NewMessage:
    """As plain mail of this size is: a header of 700 octets, an index of 800."""
    header = (
        f"Received: from a by b; Mon, 23 Nov 2026 10:00:00 +0000\r\nFrom: a@b.test\r\n"
        f"Subject: message {number}\r\nMessage-ID: <{number}@b.test>\r\nX-Pad: {'y' * 520}\r\n\r\n"
    ).encode()
    octets = header.ljust(size, b"z")
    index = MessageIndex(
        size=size,
        header_size=len(header),
        envelope=b'("Mon, 23 Nov 2026 10:00:00 +0000" "%s")' % (b"e" * 260),
        bodystructure=b'("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "8BIT" 1300 20 NIL NIL NIL NIL)',
        body=b'("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "8BIT" 1300 20)',
        structure=b"s" * 60,
        sent_date=1_795_000_000,
        base_subject=f"message {number}",
        message_id=f"{number}@b.test".encode(),
        in_reply_to=(),
        references=(),
        preview="some words of text " * 8,
        has_attachment=False,
    )
    return NewMessage(octets, index, flags)


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def append_for(store: SqliteStore, writers: int, seconds: float, seed: int) -> int:
    """Append from this many tasks at once, each to a random account; returns how many."""
    accounts = [await store.open(AccountId(f"account{i}")) for i in range(ACCOUNTS)]
    end = time.perf_counter() + seconds
    done = 0

    async def writer(number: int) -> None:
        nonlocal done
        at = seed + number * 37
        while time.perf_counter() < end:
            at += 61
            await accounts[at % ACCOUNTS].append(INBOX, [message(at)])
            done += 1

    await asyncio.gather(*(writer(number) for number in range(writers)))
    return done


def run(
    folder: Path, work: Callable[[SqliteStore], Awaitable[None]], *, shared: bool = False
) -> None:
    async def main() -> None:
        threads = StorageThreads(THREADS)
        bus = Bus(folder / "bus" if shared else None)
        bus.start()
        store = SqliteStore(folder, threads, bus, WallClock())
        try:
            await work(store)
        finally:
            await store.close()
            bus.close()
            threads.close()

    uvloop.run(main())


async def make_accounts(store: SqliteStore) -> None:
    for number in range(ACCOUNTS):
        await store.create(AccountId(f"account{number}"))


def appending(
    folder: Path,
    writers: int,
    seconds: float,
    seed: int,
    results: "multiprocessing.Queue[tuple[int, float, float]]",
) -> None:
    async def work(store: SqliteStore) -> None:
        await append_for(store, writers, 0.3, seed)
        cpu, start = cpu_seconds(), time.perf_counter()
        done = await append_for(store, writers, seconds, seed)
        results.put((done, time.perf_counter() - start, cpu_seconds() - cpu))

    run(folder, work, shared=True)


def measure_appends(folder: Path, seconds: float) -> None:
    context = multiprocessing.get_context("spawn")
    run(folder, make_accounts)
    for processes in (1, 2):
        for writers in (1, 10, 50):
            results = context.Queue()
            workers = [
                context.Process(
                    target=appending,
                    args=(folder, max(1, writers // processes), seconds, seed, results),
                )
                for seed in range(processes)
            ]
            for worker in workers:
                worker.start()
            found = [results.get() for _ in workers]
            for worker in workers:
                worker.join()
            rate = sum(done / took for done, took, _ in found)
            cpu = sum(used for _, _, used in found) / sum(done for done, _, _ in found)
            print(
                f"append 2 KB, {writers:2} writers in {processes} process(es): "
                f"{rate:6.0f}/s, {cpu * 1e6:4.0f} µs CPU each"
            )


async def timed(name: str, doing: Callable[[], Awaitable[object]], rounds: int = 3) -> None:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        await doing()
        times.append((time.perf_counter() - start) * 1000)
    print(f"{name:44} {times[0]:7.1f} ms first, {min(times):7.1f} ms best of {rounds}")


async def measure_mailbox(store: SqliteStore, count: int) -> None:
    account = await store.create(AccountId("big"))
    for first in range(0, count, 1000):
        await account.append(INBOX, [message(first + i, 10_240) for i in range(1000)])
    uids = list(range(1, count + 1))
    gaps = uids[:]
    del gaps[count // 2]

    async def fetch(columns: list[Column], wanted: list[int]) -> None:
        async for _ in account.fetch(INBOX, wanted, columns):
            pass

    print(f"{count} messages of 10 KB")
    await timed("fetch UID ... ENVELOPE BODYSTRUCTURE", lambda: fetch(LIST, uids))
    await timed("the same, with a gap in the UIDs", lambda: fetch(LIST, gaps))
    await timed("fetch UID FLAGS", lambda: fetch([Column.UID, Column.FLAGS], uids))
    await timed("fetch UID HEADER", lambda: fetch([Column.UID, Column.HEADER], uids))
    await timed("fetch UID OCTETS", lambda: fetch([Column.UID, Column.OCTETS], uids))
    await timed("snapshot", lambda: account.snapshot(INBOX))
    modes = iter([FlagMode.ADD, FlagMode.REMOVE, FlagMode.ADD])
    await timed(
        "STORE \\Seen on all", lambda: account.store_flags(INBOX, uids, next(modes), "\\Seen")
    )
    archive = (await account.mailbox("Archive")).id
    await timed("COPY of all", lambda: account.copy(INBOX, uids, archive))
    await timed("MOVE of all", lambda: account.move(archive, uids, INBOX), 1)
    since = (await account.mailbox("INBOX")).highest_modseq - 1
    await timed("changes since the last change", lambda: account.changes_since(INBOX, since))
    await timed("changes since 1", lambda: account.changes_since(INBOX, 1))
    await timed("EXPUNGE of all", lambda: account.expunge(INBOX, None, only_deleted=False), 1)
    await timed("delete for good what was expunged", account.collect, 1)


async def measure_snapshot(store: SqliteStore, count: int) -> None:
    account = await store.create(AccountId("long"))
    for first in range(0, count, 1000):
        await account.append(INBOX, [message(first + i, 900, FLAGS[i % 5]) for i in range(1000)])
    await timed(f"snapshot of {count} entries", lambda: account.snapshot(INBOX))


FLAGS = ["", "\\Seen", "\\Answered \\Seen", "\\Seen $Forwarded", "\\Flagged \\Seen"]


def measure_opening(folder: Path) -> None:
    """Each account for the first time in this process, then for the first time since closed."""

    async def work(store: SqliteStore) -> None:
        for what in ("first", "again"):
            start = time.perf_counter()
            for number in range(ACCOUNTS):
                await store.open(AccountId(f"account{number}"))
            took = (time.perf_counter() - start) / ACCOUNTS
            print(f"opening an account, {what}: {took * 1e6:.0f} µs")
            for number in range(ACCOUNTS):
                account = await store.open(AccountId(f"account{number}"))
                await account.append(INBOX, [message(number)])

    async def main() -> None:
        threads = StorageThreads(THREADS, open_limit=2)
        store = SqliteStore(folder, threads, Bus(), WallClock())
        await work(store)
        await store.close()
        threads.close()

    uvloop.run(main())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each rate of appends")
    parser.add_argument("--messages", type=int, default=10_000, help="in the mailbox")
    parser.add_argument("--only", choices=["appends", "mailbox", "snapshot", "opening"])
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-store-", dir="."))
    try:
        if options.only in (None, "appends"):
            measure_appends(folder, options.seconds)
        if options.only in (None, "opening"):
            run(folder, make_accounts)
            measure_opening(folder)
        if options.only in (None, "mailbox"):
            run(folder, lambda store: measure_mailbox(store, options.messages))
        if options.only in (None, "snapshot"):
            run(folder, lambda store: measure_snapshot(store, 10 * options.messages))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
