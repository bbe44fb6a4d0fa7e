"""What every folder of fetched messages offers, and what they share."""

import os
from pathlib import Path
from typing import Protocol

__all__ = ["Draft", "Folder", "LocalLines", "sync_folder"]


class Draft(Protocol):
    """A message on its way into a folder. Blocks for the disk."""

    def write(self, octets: bytes) -> None:
        """Take the next octets of the message."""

    def finish(self) -> Path:
        """Put it into the folder; durable on return. Raises OSError; then it is not there."""

    def abort(self) -> None:
        """Forget it. May be called twice, also after finish (then it stays)."""


class Folder(Protocol):
    """A place for messages; made if missing."""

    def begin(self, name: str) -> Draft:
        """Args: name: what the server calls the message; used where a file needs a name."""

    def close(self) -> None:
        """Let go of what is open."""


class LocalLines:
    """Turn CRLF to LF, as local folders have it, across chunks; a CR alone stays."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def write(self, octets: bytes) -> bytes:
        octets = self._held + octets
        self._held = b"\r" if octets.endswith(b"\r") else b""
        return octets[: len(octets) - len(self._held)].replace(b"\r\n", b"\n")

    def finish(self) -> bytes:
        held, self._held = self._held, b""
        return held


def sync_folder(folder: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
