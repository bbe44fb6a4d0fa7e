"""Find an account's file, and hand out what speaks for it: the default backend.

`<data>/accounts/3f/<id>.db` is one account; the two digits spread them over 256 directories. The
wiring makes one of these per process.

Cost: an account that is open 1 µs, one that is not 0.4 ms.
"""

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Coroutine, Iterable, Iterator
from pathlib import Path
from weakref import WeakValueDictionary

import apsw

from correo.base.clock import Clock
from correo.base.errors import NotFound, UsageError
from correo.store.blobs.files import FileBlobStore
from correo.store.bus import Bus
from correo.store.durable import make_directory, meaning_of, sync_directory
from correo.store.model import AccountId
from correo.store.sqlite import mailboxes
from correo.store.sqlite.account import SqliteAccountStore
from correo.store.sqlite.connecting import remove_database
from correo.store.sqlite.database import Database
from correo.store.sqlite.group_commit import GroupCommit
from correo.store.sqlite.schema import COUNTED, MIGRATIONS
from correo.store.sqlite.threads import StorageThreads

__all__ = ["SqliteStore", "place_of"]

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
REMEMBERED = 1024  # accounts nobody uses just now, 1 KiB each: most clients soon come back


class SqliteStore:
    """All accounts of a data directory; any number of processes may use it.

    Args:
        data: the data directory.
        threads: shared with the other databases of the process; closed by whoever made them.
        bus: started and closed by whoever made it.
        group_commit: makes small appends durable together; closed here. Without one each account
            syncs its own.
    """

    def __init__(
        self,
        data: Path,
        threads: StorageThreads,
        bus: Bus,
        clock: Clock,
        group_commit: GroupCommit | None = None,
    ) -> None:
        self._directory = data / "accounts"
        self._blobs = FileBlobStore(data / "blobs", clock)
        self._threads = threads
        self._bus = bus
        self._clock = clock
        self._group_commit = group_commit
        self._databases: WeakValueDictionary[AccountId, Database] = WeakValueDictionary()
        self._accounts: WeakValueDictionary[AccountId, SqliteAccountStore] = WeakValueDictionary()
        self._recent: OrderedDict[AccountId, SqliteAccountStore] = OrderedDict()
        self._background: set[asyncio.Task[None]] = set()

    @property
    def blobs(self) -> FileBlobStore:
        return self._blobs

    async def create(self, account: AccountId) -> SqliteAccountStore:
        path = self._path(account)
        try:
            make_directory(path.parent)
        except OSError as error:
            raise meaning_of(error, path.parent) from error
        now = int(self._clock.now())

        def fill(connection: apsw.Connection) -> None:
            mailboxes.make_account(connection, now)

        database = Database(path, MIGRATIONS, counted=COUNTED, filling=fill)
        await self._threads.write(database, fill)  # where an old crash left one without mailboxes
        await self._threads.release(database)
        return await self.open(account)

    async def open(self, account: AccountId) -> SqliteAccountStore:
        known = self._accounts.get(account)
        if known is not None:
            self._remember(known)
            return known
        database = self._database(account)
        is_loose = await self._threads.read(database, has_loose)
        store = self._accounts.get(account)  # another session may have been quicker
        if store is None:
            store = SqliteAccountStore(
                account,
                database,
                self._threads,
                self._blobs,
                self._bus,
                self._clock,
                self._begin,
                self._group_commit,
            )
            self._accounts[account] = store
            self._remember(store)
            if is_loose:
                store.collect_soon()
        return store

    async def remove(self, account: AccountId) -> None:
        database = self._database(account)
        await self._threads.write(database, mailboxes.empty)  # other processes find nothing now
        await self._threads.release(database)
        remove_database(database.path)
        for kept in database.path.parent.glob(f"{database.path.name}.*"):
            kept.unlink()
        sync_directory(database.path.parent)
        self._recent.pop(account, None)
        self._accounts.pop(account, None)
        self._databases.pop(account, None)
        self._bus.announce(account, None)

    def accounts(self) -> Iterator[AccountId]:
        """The ids of all accounts, in no particular order. Reads directories."""
        for path in self._directory.glob("*/*.db"):
            yield AccountId(path.name.removesuffix(".db"))

    async def collect_blobs(self, named_elsewhere: Iterable[str] = ()) -> int:
        """Remove the blobs that no account names, nor anybody else; returns how many.

        Opens every account that is not open: something for a quiet hour, once a day.

        Args:
            named_elsewhere: digests that must stay, such as the queue's.
        """

        async def names_in_use() -> set[str]:
            used = set(named_elsewhere)
            for account in self.accounts():
                try:
                    used.update(await self._threads.read(self._database(account), digests))
                except NotFound:  # removed meanwhile
                    continue
            return used

        return await self._blobs.collect(names_in_use)

    async def close(self) -> None:
        """Wait for what runs in the background. The threads and the bus are not closed here."""
        while self._background:
            await asyncio.wait(self._background)
        if self._group_commit is not None:
            await self._group_commit.close()
        self._blobs.close()

    def _path(self, account: AccountId) -> Path:
        if SAFE.fullmatch(account) is None:
            raise UsageError(f"{account!r} cannot be an account id")
        return place_of(self._directory, account)

    def _database(self, account: AccountId) -> Database:
        database = self._databases.get(account)
        if database is None:
            database = Database(self._path(account), MIGRATIONS, create=False, counted=COUNTED)
            self._databases[account] = database
        return database

    def _remember(self, store: SqliteAccountStore) -> None:
        """Keep it for the next session, in place of the one unused for longest."""
        self._recent[store.account_id] = store
        self._recent.move_to_end(store.account_id)
        if len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Run something that nobody waits for; `close` does."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def place_of(directory: Path, account: AccountId) -> Path:
    """The file of an account, below `<data>/accounts`."""
    shard = hashlib.sha256(account.encode()).hexdigest()[:2]
    return directory / shard / f"{account}.db"


def has_loose(connection: apsw.Connection) -> bool:
    """Whether a crash, or a full disk, has left messages to be deleted."""
    return connection.execute("SELECT 1 FROM loose").get is not None


def digests(connection: apsw.Connection) -> list[str]:
    return [
        digest
        for (digest,) in connection.execute("SELECT digest FROM message WHERE digest IS NOT NULL")
    ]
