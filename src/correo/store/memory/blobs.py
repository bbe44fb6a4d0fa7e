"""Blobs in a dict: the fake that tests use, held to the contract of the real store."""

import hashlib
from collections.abc import Awaitable, Callable, Container

from correo.base.clock import Clock
from correo.base.errors import DamagedStore, UsageError
from correo.store.model import StoredBlob

__all__ = ["GRACE_S", "MemoryBlobStore"]

GRACE_S = 3600.0  # as the files have


class MemoryBlobStore:
    """A BlobStore that forgets."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._octets: dict[str, bytes] = {}
        self._touched: dict[str, float] = {}

    def writer(self) -> "MemoryWriter":
        return MemoryWriter(self)

    async def put(self, octets: bytes) -> StoredBlob:
        return self.take(octets)

    def open(self, name: StoredBlob) -> "MemoryBlob":
        return MemoryBlob(self, name)

    async def read_all(self, name: StoredBlob) -> bytes:
        return self.octets_of(name)

    def keep(self, name: StoredBlob) -> None:
        self.octets_of(name)
        self._touched[name.digest] = self._clock.now()

    async def collect(self, names_in_use: Callable[[], Awaitable[Container[str]]]) -> int:
        before = self._clock.now() - GRACE_S
        used = await names_in_use()
        gone = [
            digest
            for digest, touched in self._touched.items()
            if touched < before and digest not in used
        ]
        for digest in gone:
            del self._octets[digest], self._touched[digest]
        return len(gone)

    def take(self, octets: bytes) -> StoredBlob:
        name = StoredBlob(hashlib.sha256(octets).hexdigest(), len(octets))
        self._octets[name.digest] = octets
        self._touched[name.digest] = self._clock.now()
        return name

    def octets_of(self, name: StoredBlob) -> bytes:
        octets = self._octets.get(name.digest)
        if octets is None:
            raise DamagedStore(f"blob {name.digest} is missing: put it back from your backup")
        return octets


class MemoryWriter:
    """Takes a body while it arrives."""

    def __init__(self, store: MemoryBlobStore) -> None:
        self._store = store
        self._octets = bytearray()
        self._is_over = False

    @property
    def size(self) -> int:
        return len(self._octets)

    def write(self, octets: bytes) -> None:
        if self._is_over:
            raise UsageError("the blob is committed or aborted already")
        self._octets += octets

    async def commit(self) -> StoredBlob:
        self._is_over = True
        return self._store.take(bytes(self._octets))

    def abort(self) -> None:
        self._is_over = True
        self._octets.clear()


class MemoryBlob:
    """A stored body."""

    def __init__(self, store: MemoryBlobStore, name: StoredBlob) -> None:
        self._store = store
        self._name = name

    @property
    def size(self) -> int:
        return self._name.size

    async def read(self, offset: int, length: int) -> bytes:
        return self._store.octets_of(self._name)[offset : offset + max(0, length)]
