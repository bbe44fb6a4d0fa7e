"""Look at mail in a folder or in a zip archive in the same way, without unpacking the archive.

Paths are relative, with "/" between their parts. Symbolic links are not followed: an archive of
mail must not lead elsewhere.
"""

import lzma
import os
import stat
import zipfile
import zlib
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from correo.base.errors import CorreoError

__all__ = ["READ_ERRORS", "FolderTree", "Tree", "UnreadableFile", "ZipTree", "open_tree"]

# what reading may raise, archives damaged, encrypted or of an unknown compression among them
READ_ERRORS = (
    OSError,
    EOFError,
    RuntimeError,  # NotImplementedError is one
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
SYSTEM_FOLDERS = frozenset({"__MACOSX"})


class UnreadableFile(CorreoError):
    """A file cannot be read; says why."""


class Tree(Protocol):
    """Files with mail in them.

    is_one_file: whether there is only one because it was named.
    unreachable: paths that `files` has met and cannot look into, with the reason.
    """

    is_one_file: bool
    unreachable: list[tuple[str, str]]

    def files(self) -> list[str]:
        """Paths of all files, sorted."""

    def open(self, path: str) -> BinaryIO:
        """Raises UnreadableFile."""

    def size(self, path: str) -> int:
        """Octets; 0 if it is not known."""

    def modified(self, path: str) -> int | None:
        """Seconds since 1970 UTC; None where the time says nothing about the message."""

    def close(self) -> None: ...


class FolderTree:
    """A folder on this machine, or one file of it."""

    def __init__(self, folder: Path, only: str | None = None) -> None:
        self._folder = folder
        self._only = only
        self.is_one_file = only is not None
        self.unreachable: list[tuple[str, str]] = []

    def files(self) -> list[str]:
        if self._only is not None:
            return [self._only]
        self.unreachable = []
        found = []
        for folder, folders, names in os.walk(self._folder, onerror=self._note):
            paths = {name: Path(folder) / name for name in (*folders, *names)}
            self.unreachable += [
                (self._inside(path), "it is a symbolic link, which is not followed")
                for path in paths.values()
                if path.is_symlink() and path.exists()
            ]
            found += [self._inside(paths[name]) for name in names if is_plain_file(paths[name])]
        return sorted(found)

    def _note(self, error: OSError) -> None:
        folder = Path(str(error.filename))
        self.unreachable.append((self._inside(folder), error.strerror or str(error)))

    def _inside(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()

    def open(self, path: str) -> BinaryIO:
        try:
            return (self._folder / path).open("rb")
        except OSError as error:
            raise UnreadableFile(error.strerror or str(error)) from error

    def size(self, path: str) -> int:
        try:
            return (self._folder / path).stat().st_size
        except OSError:
            return 0

    def modified(self, path: str) -> int | None:
        try:
            return int((self._folder / path).stat().st_mtime)
        except OSError:
            return None

    def close(self) -> None:
        """Nothing is held."""


def is_plain_file(path: Path) -> bool:
    """Not what never ends (a FIFO), is no file, or leads elsewhere."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return True  # opening it will tell why


class ZipTree:
    """A zip archive. Raises CorreoError if it is none."""

    is_one_file = False

    def __init__(self, path: Path) -> None:
        self.unreachable: list[tuple[str, str]] = []
        try:
            self._archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise CorreoError(f"{path} is no zip archive, or a damaged one: {error}") from error
        self._members = {
            each.filename: each
            for each in self._archive.infolist()
            if not each.is_dir() and each.filename.split("/")[0] not in SYSTEM_FOLDERS
        }

    def files(self) -> list[str]:
        return sorted(self._members)

    def open(self, path: str) -> BinaryIO:
        try:
            return cast("BinaryIO", self._archive.open(self._members[path]))
        except READ_ERRORS as error:
            raise UnreadableFile(str(error)) from error

    def size(self, path: str) -> int:
        return self._members[path].file_size

    def modified(self, path: str) -> int | None:
        """The archive's clock has no zone: this machine's is taken."""
        try:
            return int(datetime(*self._members[path].date_time).astimezone().timestamp())
        except (ValueError, OverflowError):
            return None

    def close(self) -> None:
        self._archive.close()


def open_tree(path: Path) -> Tree:
    """A folder, a zip archive, or one file. Raises CorreoError, OSError if it is not there."""
    if path.is_dir():
        return FolderTree(path)
    with path.open("rb") as file:
        start = file.read(4)
    if start in (b"PK\x03\x04", b"PK\x05\x06"):
        return ZipTree(path)
    return FolderTree(path.parent, path.name)
