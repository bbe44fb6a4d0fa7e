"""Make a file or a directory entry survive a power cut.

A new name is durable only when the directory that holds it has been synced, too.
"""

import os
from pathlib import Path

__all__ = ["make_directory", "sync_directory", "sync_file"]


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
