"""Make a file or a directory entry survive a power cut, and say what it means if that fails.

A new name is durable only when the directory that holds it has been synced, too.
"""

import errno
import os
from pathlib import Path

from correo.base.errors import DamagedStore, Refusal, StorageFull

__all__ = ["DISK_IS_FULL", "make_directory", "meaning_of", "sync_directory", "sync_file"]

DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def sync_file(path: Path) -> None:
    """Wait until the file's octets are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Wait until the names in this directory are on the disk."""
    sync_file(path)


def make_directory(path: Path) -> None:
    """Make a directory, and those above it, durably; nothing happens if it is there."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_directory(path.parent)


def meaning_of(error: OSError, path: Path) -> Refusal:
    """What a failure of the disk means to the one who asked, in one sentence with the file's name."""
    if error.errno in DISK_IS_FULL:
        return StorageFull(f"no space left for {path}: free some on its disk, then try again")
    return DamagedStore(f"{path} cannot be read or written ({error.strerror}): check its disk")
