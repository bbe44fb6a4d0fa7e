"""Count connections, in all and per address, in all workers together.

Each worker counts in its own row of a table that all of them share (anonymous memory, made
before the fork), so that no lock is needed, and the row of a worker that died is simply cleared.
Addresses are folded to slots by a keyed hash; IPv6 counts by /64, for that is what one customer
gets (RFC 6177 2).

The limits are soft by one connection per worker: two of them may count at the same moment.

Cost: admit and leave take about 2 µs with two workers; only rows once in use are looked at.
"""

import hashlib
import mmap
import os
from enum import Enum

from correo.net.addresses import read_address

__all__ = ["PER_ADDRESS", "Admission", "ConnectionLimits"]

PER_ADDRESS = 100  # unless the configuration says otherwise
SLOTS = 16384
WIDTH = SLOTS + 1  # of a row: the total, then a counter per slot
COUNTER = 4  # octets


class Admission(Enum):
    """May this connection stay?"""

    WELCOME = "welcome"
    TOO_MANY = "too many connections"
    TOO_MANY_FROM_ADDRESS = "too many connections from your address"


class ConnectionLimits:
    """Limits for one server; made by the supervisor, used by every worker after the fork.

    Args:
        total: connections in all.
        per_address: connections from one IPv4 address or IPv6 /64; None for PER_ADDRESS, which
            loopback is spared: a webmail or a proxy on this machine has the connections of many.
            A number holds for loopback too.
        workers: how many rows to keep.
    """

    def __init__(self, total: int, per_address: int | None = None, *, workers: int = 1) -> None:
        self.use(total, per_address)
        memory = memoryview(mmap.mmap(-1, COUNTER * (WIDTH * workers + 1))).cast("I")
        self._table = memory[:-1]
        self._rows_in_use = memory[-1:]
        self._key = os.urandom(16)
        self.use_row(0)

    def use(self, total: int, per_address: int | None) -> None:
        """These limits from now on, in this process and those it forks."""
        self._total = total
        self._per_address = PER_ADDRESS if per_address is None else per_address
        self._spares_loopback = per_address is None

    def use_row(self, worker: int) -> None:
        """Count as this worker from now on; what a former one left is cleared.

        Only the supervisor calls it: before it forks a worker, which goes on with that row, and
        when one is gone.
        """
        self._base = worker * WIDTH
        self._table[self._base : self._base + WIDTH] = memoryview(bytes(COUNTER * WIDTH)).cast("I")
        self._rows_in_use[0] = max(self._rows_in_use[0], worker + 1)

    def admit(self, address: str) -> Admission:
        """Count a connection; one that is not welcome is not counted and must not `leave`."""
        slot = self._slot(address)
        if self._sum(0) >= self._total:
            return Admission.TOO_MANY
        if slot and self._sum(slot) >= self._per_address:
            return Admission.TOO_MANY_FROM_ADDRESS
        self._add(slot, 1)
        return Admission.WELCOME

    def leave(self, address: str) -> None:
        """A connection that was welcome is gone."""
        self._add(self._slot(address), -1)

    @property
    def open(self) -> int:
        """Connections counted now, in all workers."""
        return self._sum(0)

    def _add(self, slot: int, step: int) -> None:
        self._table[self._base] += step
        if slot:
            self._table[self._base + slot] += step

    def _sum(self, slot: int) -> int:
        return sum(self._table[slot : self._rows_in_use[0] * WIDTH : WIDTH])

    def _slot(self, address: str) -> int:
        """1 to SLOTS, or 0 for what is not limited (Unix sockets, loopback if it is spared)."""
        parsed = read_address(address)
        if parsed is None or (parsed.is_loopback and self._spares_loopback):
            return 0
        counted = parsed.packed if parsed.version == 4 else parsed.packed[:8]
        digest = hashlib.blake2b(counted, key=self._key, digest_size=4).digest()
        return 1 + int.from_bytes(digest, "big") % SLOTS
