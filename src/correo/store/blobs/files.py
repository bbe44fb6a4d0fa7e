"""Keep large bodies as files named by their digest, shared by all accounts and the queue.

`<data>/blobs/ab/cdef…` holds the octets whose SHA-256 is abcdef…. A body is written to
`<data>/blobs/new/`, synced, and linked to its name; so a name is never seen before its octets are
durable, and the same body is stored once, however many accounts it goes to.

A blob is collected when nobody names it: `collect` is given the names in use and removes the files
that are not among them and have not been touched for an hour. Whoever is about to name a blob
touches it first (`keep`), under the same file lock as the removal, so it cannot go in between.
That also clears what a crash left: blobs that were never named, half-written files.

Cost: three syncs for a new blob (file, directory, the commit that names it); a read of what is in
the page cache takes no thread.
"""

import asyncio
import fcntl
import hashlib
import os
import secrets
from collections.abc import Awaitable, Callable, Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from correo.base.clock import Clock
from correo.base.errors import DamagedStore, UsageError
from correo.store.durable import make_directory, meaning_of, sync_directory
from correo.store.model import StoredBlob

__all__ = ["FileBlob", "FileBlobStore"]

GRACE_S = 3600.0  # ours; between the touch and the commit that names it lie seconds
THREADS = 4  # that wait for the disk
NEW = "new"
AT_ONCE = 256 * 1024  # octets read in the event loop if they are in the page cache

T = TypeVar("T")


class FileBlobStore:
    """The blobs of a data directory; any number of processes may use it.

    Args:
        directory: `<data>/blobs`; made when first written to.
        clock: dates the touches that protect new blobs from `collect`.
    """

    def __init__(self, directory: Path, clock: Clock) -> None:
        self.directory = directory
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="blobs")

    def writer(self) -> "FileWriter":
        return FileWriter(self)

    async def put(self, octets: bytes) -> StoredBlob:
        return await self.in_thread(lambda: self._put(octets))

    def open(self, name: StoredBlob) -> "FileBlob":
        return FileBlob(self, name)

    async def read_all(self, name: StoredBlob) -> bytes:
        blob = self.open(name)
        octets = await self.in_thread(lambda: blob.read_now(0, name.size))
        if len(octets) != name.size:
            raise DamagedStore(f"{self.path_of(name)} has {len(octets)} octets, not {name.size}")
        return octets

    def keep(self, name: StoredBlob) -> None:
        if not self._touch(name):
            raise missing(self.path_of(name))

    async def collect(self, names_in_use: Callable[[], Awaitable[Container[str]]]) -> int:
        """Remove blobs that nobody names and nobody has touched for an hour; returns how many.

        Args:
            names_in_use: asked once, after the candidates are known: the digests that accounts
                and queue name.
        """
        before = self._clock.now() - GRACE_S
        candidates = await self.in_thread(lambda: list(self._untouched(before)))
        if not candidates:
            return 0
        used = await names_in_use()
        unused = [path for path in candidates if path.parent.name + path.name not in used]
        return await self.in_thread(lambda: sum(self._remove(path, before) for path in unused))

    def close(self) -> None:
        """Wait for what is being written. Blocks."""
        self._threads.shutdown()

    async def in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def path_of(self, name: StoredBlob) -> Path:
        return self.directory / name.digest[:2] / name.digest[2:]

    # inside

    def new_file(self) -> tuple[int, Path]:
        """A file for octets whose name is not known yet, open for writing."""
        directory = self.directory / NEW
        path = directory / secrets.token_hex(16)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o600), path
        except FileNotFoundError:
            make_directory(directory)
            return os.open(path, flags, 0o600), path

    def settle(self, descriptor: int, path: Path, name: StoredBlob) -> None:
        """Sync a written file and give it its name; the descriptor is closed."""
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        place = self.path_of(name)
        if not place.parent.is_dir():
            self._make_shards()
        while not self._touch(name):
            self._stamp(path)
            if place.exists():  # cut short by a damaged disk: this is what it should be
                path.replace(place)
                break
            try:
                os.link(path, place)
            except FileExistsError:  # another process was quicker, and it may be collected yet
                continue
            break
        path.unlink(missing_ok=True)
        sync_directory(place.parent)

    def _make_shards(self) -> None:
        """All directories at once: one sync now instead of one for nearly every early blob."""
        make_directory(self.directory)
        for number in range(256):
            (self.directory / f"{number:02x}").mkdir(mode=0o700, exist_ok=True)
        sync_directory(self.directory)

    def _put(self, octets: bytes) -> StoredBlob:
        name = StoredBlob(hashlib.sha256(octets).hexdigest(), len(octets))
        try:
            if self._touch(name):
                sync_directory(self.path_of(name).parent)  # whoever made it may not have yet
                return name
            descriptor, path = self.new_file()
            try:
                write_all(descriptor, octets)
            except BaseException:
                os.close(descriptor)
                path.unlink(missing_ok=True)
                raise
            self.settle(descriptor, path, name)
        except OSError as error:
            raise meaning_of(error, self.directory) from error
        return name

    def _touch(self, name: StoredBlob) -> bool:
        """Protect a blob from `collect` for an hour; False if it is missing or cut short."""
        try:
            descriptor = os.open(self.path_of(name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            state = os.fstat(descriptor)
            if state.st_nlink == 0 or state.st_size != name.size:
                return False
            self._stamp(descriptor)
            return True
        finally:
            os.close(descriptor)

    def _stamp(self, file: int | Path) -> None:
        now = self._clock.now()
        os.utime(file, (now, now))

    def _untouched(self, before: float) -> Iterator[Path]:
        """Files last touched before this moment; half-written ones are removed on the way."""
        if not self.directory.is_dir():
            return
        for shard in sorted(self.directory.iterdir()):
            for path in shard.iterdir():
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime >= before:
                        continue
                    if shard.name == NEW:
                        path.unlink()
                    else:
                        yield path

    def _remove(self, path: Path, before: float) -> bool:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_mtime >= before:
                return False
            path.unlink(missing_ok=True)
            return True
        finally:
            os.close(descriptor)


class FileWriter:
    """Takes a body into a file of no name yet. What fails is told by `commit`."""

    def __init__(self, store: FileBlobStore) -> None:
        self._store = store
        self._hash = hashlib.sha256()
        self._size = 0
        self._file: tuple[int, Path] | None = None
        self._failure: OSError | None = None
        self._is_over = False

    @property
    def size(self) -> int:
        return self._size

    def write(self, octets: bytes) -> None:
        if self._is_over:
            raise UsageError("the blob is committed or aborted already")
        self._size += len(octets)
        if self._failure is not None:
            return
        try:
            if self._file is None:
                self._file = self._store.new_file()
            write_all(self._file[0], octets)
        except OSError as error:
            self._failure = error
        else:
            self._hash.update(octets)

    async def commit(self) -> StoredBlob:
        if self._file is None and self._failure is None:
            self.write(b"")
        if self._failure is not None:
            self.abort()
            raise meaning_of(self._failure, self._store.directory) from self._failure
        self._is_over = True
        name = StoredBlob(self._hash.hexdigest(), self._size)
        file, self._file = self._file, None
        assert file is not None
        await self._store.in_thread(lambda: self._settle(*file, name))
        return name

    def abort(self) -> None:
        self._is_over = True
        if self._file is not None:
            (descriptor, path), self._file = self._file, None
            os.close(descriptor)
            path.unlink(missing_ok=True)

    def _settle(self, descriptor: int, path: Path, name: StoredBlob) -> None:
        try:
            self._store.settle(descriptor, path, name)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise meaning_of(error, self._store.directory) from error

    def __del__(self) -> None:
        self.abort()


class FileBlob:
    """A stored body; its file is opened at the first read and stays open as long as this lives,
    so that it can be read to its end even if it is collected meanwhile."""

    __slots__ = ("_descriptor", "_name", "_store")

    def __init__(self, store: FileBlobStore, name: StoredBlob) -> None:
        self._store = store
        self._name = name
        self._descriptor = -1

    @property
    def size(self) -> int:
        return self._name.size

    async def read(self, offset: int, length: int) -> bytes:
        length = max(0, min(length, self._name.size - offset))
        at_hand = self._read_cached(offset, length) if length <= AT_ONCE else None
        if at_hand is not None:
            return at_hand
        return await self._store.in_thread(lambda: self.read_now(offset, length))

    def read_now(self, offset: int, length: int) -> bytes:
        """As read; waits for the disk in the calling thread. Raises DamagedStore."""
        try:
            return os.pread(self._open(), length, offset)
        except OSError as error:
            raise meaning_of(error, self._store.path_of(self._name)) from error

    def _read_cached(self, offset: int, length: int) -> bytes | None:
        """The octets if no disk has to be waited for."""
        if not hasattr(os, "RWF_NOWAIT"):
            return None
        buffer = bytearray(length)
        try:
            count = os.preadv(self._open(), [buffer], offset, os.RWF_NOWAIT)
        except OSError:
            return None
        return bytes(buffer) if count == length else None

    def _open(self) -> int:
        if self._descriptor < 0:
            path = self._store.path_of(self._name)
            try:
                self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                raise missing(path) from None
        return self._descriptor

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


def write_all(descriptor: int, octets: bytes) -> None:
    """Write everything; a full disk may take a part and refuse the rest."""
    written = os.write(descriptor, octets)
    while written < len(octets):
        written += os.write(descriptor, memoryview(octets)[written:])


def missing(path: Path) -> DamagedStore:
    return DamagedStore(f"{path} is missing: put it back from your backup")
