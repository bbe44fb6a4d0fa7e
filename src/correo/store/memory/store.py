"""All accounts of a node in a dict: the fake that tests use."""

from correo.base.clock import Clock
from correo.base.errors import NotFound
from correo.store.bus import Bus
from correo.store.memory.account import MemoryAccountStore
from correo.store.memory.blobs import MemoryBlobStore
from correo.store.model import AccountId

__all__ = ["MemoryStore"]


class MemoryStore:
    """A Store that forgets. Use it within one event loop."""

    def __init__(self, clock: Clock, bus: Bus | None = None) -> None:
        self._clock = clock
        self._bus = bus or Bus()
        self._blobs = MemoryBlobStore(clock)
        self._accounts: dict[AccountId, MemoryAccountStore] = {}

    @property
    def blobs(self) -> MemoryBlobStore:
        return self._blobs

    async def create(self, account: AccountId) -> MemoryAccountStore:
        if account not in self._accounts:
            self._accounts[account] = MemoryAccountStore(
                account, self._blobs, self._bus, self._clock
            )
        return self._accounts[account]

    async def open(self, account: AccountId) -> MemoryAccountStore:
        found = self._accounts.get(account)
        if found is None:
            raise NotFound(f"there is no account {account}")
        return found

    async def remove(self, account: AccountId) -> None:
        (await self.open(account)).empty()
        del self._accounts[account]
        self._bus.announce(account, None)

    async def collect_blobs(self) -> int:
        """Remove the blobs that no account names; returns how many."""

        async def names_in_use() -> set[str]:
            return {digest for each in self._accounts.values() for digest in each.digests()}

        return await self._blobs.collect(names_in_use)

    async def close(self) -> None:
        """Nothing is being written."""
