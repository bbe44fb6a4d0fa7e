"""Open a data directory for a command that changes or reads it while a server may run on it.

`cli` calls it. The server needs no telling: its look-ups read the same files.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from correo.accounts.administration import Administration
from correo.accounts.directory import Directory
from correo.accounts.passwords import Passwords
from correo.base.errors import CorreoError
from correo.mailbox.sharing import Sharing
from correo.net.clock import SystemClock
from correo.store.bus import Bus
from correo.store.sqlite.directory import SqliteDirectory
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads

__all__ = ["NoPremises", "Premises", "act_as_owner", "opened"]

MARK = "node.db"  # what a data directory of ours has in it


class NoPremises(CorreoError):
    """There is no data directory where one was expected; says what to do."""


@dataclass(frozen=True, slots=True)
class Premises:
    """What a command works with."""

    administration: Administration
    sharing: Sharing
    store: SqliteStore
    threads: StorageThreads


@asynccontextmanager
async def opened(folder: Path, *, make: bool = False) -> AsyncIterator[Premises]:
    """The directory and the mail of a data directory, until the block ends.

    Args:
        make: whether a missing one is made.

    Raises:
        NoPremises: it is missing.
        DamagedStore, StorageFull: its files cannot be used.
    """
    enter(folder, make=make)
    clock, threads, bus = SystemClock(), StorageThreads(1), Bus(folder / "run" / "bus")
    passwords = Passwords()
    directory = SqliteDirectory(folder, threads)
    store = SqliteStore(folder, threads, bus, clock)
    try:
        bus.start()
        administration = Administration(directory, clock, passwords)
        yield Premises(administration, Sharing(store, Directory(directory)), store, threads)
    finally:
        await store.close()
        await directory.close()
        bus.close()
        passwords.close()
        threads.close()


def enter(folder: Path, *, make: bool) -> None:
    """Raises NoPremises."""
    if make:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not (folder / MARK).exists():
        raise NoPremises(
            f"{folder} is no data directory of correo: run `correo init you@your.domain` first, "
            "or name the right one with --data"
        )
    act_as_owner(folder)


def act_as_owner(folder: Path) -> None:
    """As root, work as the data directory's owner, so that the server can use what is made."""
    if os.geteuid() != 0:
        return
    owner = folder.stat()
    if owner.st_uid != 0:
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)
