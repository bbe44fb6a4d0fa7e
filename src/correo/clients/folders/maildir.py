"""A Maildir: each message a file in `new`, written in `tmp` and renamed when it is whole.

The format is Daniel Bernstein's (https://cr.yp.to/proto/maildir.html). Lines end in LF, as mail
programs expect of it.
"""

import os
import secrets
import socket
import time
from pathlib import Path
from typing import BinaryIO

from correo.clients.folders.folder import LocalLines, sync_folder

__all__ = ["Maildir", "open_new"]


class Maildir:
    """Raises OSError if the folder cannot be made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        for name in ("tmp", "new", "cur"):
            (path / name).mkdir(parents=True, exist_ok=True, mode=0o700)

    def begin(self, name: str) -> "MaildirDraft":
        """A draft for one message."""
        return MaildirDraft(self._path)

    def close(self) -> None:
        """Nothing is held."""


class MaildirDraft:
    def __init__(self, path: Path) -> None:
        host = socket.gethostname().replace("/", "\\057").replace(":", "\\072")
        unique = f"{time.time_ns() // 1000}.P{os.getpid()}R{secrets.token_hex(6)}.{host}"
        self._temporary = path / "tmp" / unique
        self._final = path / "new" / unique
        self._lines = LocalLines()
        self._file: BinaryIO | None = open_new(self._temporary)

    def write(self, octets: bytes) -> None:
        assert self._file is not None
        self._file.write(self._lines.write(octets))

    def finish(self) -> Path:
        assert self._file is not None
        self._file.write(self._lines.finish())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        self._temporary.rename(self._final)
        sync_folder(self._final.parent)
        return self._final

    def abort(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._temporary.unlink(missing_ok=True)


def open_new(path: Path) -> BinaryIO:
    """A file nobody else may read, that was not there before."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
