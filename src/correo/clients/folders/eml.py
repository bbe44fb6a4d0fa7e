"""A directory of .eml files: each message as it was sent, octet by octet, under a name of its own.

The name is the server's unique-id where that makes a file name, with a number behind it if it is
taken already by another message.
"""

import os
import re
import secrets
from itertools import count
from pathlib import Path
from typing import BinaryIO

from correo.clients.folders.folder import sync_folder
from correo.clients.folders.maildir import open_new

__all__ = ["EmlFolder"]

UNSAFE = re.compile(r"[^A-Za-z0-9._@+-]+")
LONGEST_NAME = 100  # characters; file systems take 255 octets


class EmlFolder:
    """Raises OSError if the directory cannot be made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(parents=True, exist_ok=True)

    def begin(self, name: str) -> "EmlDraft":
        """A draft for one message."""
        return EmlDraft(self._path, UNSAFE.sub("_", name).strip("._")[:LONGEST_NAME] or "message")

    def close(self) -> None:
        """Nothing is held."""


class EmlDraft:
    def __init__(self, folder: Path, stem: str) -> None:
        self._folder = folder
        self._stem = stem
        self._temporary = folder / f".{secrets.token_hex(8)}.part"
        self._file: BinaryIO | None = open_new(self._temporary)

    def write(self, octets: bytes) -> None:
        assert self._file is not None
        self._file.write(octets)

    def finish(self) -> Path:
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        final = self._take_name()
        self._temporary.unlink()
        sync_folder(self._folder)
        return final

    def abort(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._temporary.unlink(missing_ok=True)

    def _take_name(self) -> Path:
        """Link, rather than rename, never replaces what is there."""
        for number in count(1):
            final = self._folder / f"{self._stem}{'' if number == 1 else f'-{number}'}.eml"
            try:
                os.link(self._temporary, final)
            except FileExistsError:
                continue
            return final
        raise AssertionError
