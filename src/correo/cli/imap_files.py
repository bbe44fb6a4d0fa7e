"""Move messages between an IMAP server and files: streamed, and complete or not there at all."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from correo.base.errors import CorreoError

__all__ = ["MessageFiles", "StandardOutput", "read_message", "write_file"]


class FileSink:
    """A large section on its way into a file that has no name yet."""

    def __init__(self, path: Path, advance: Callable[[int], None]) -> None:
        self.path = path
        self.file: BinaryIO = path.open("wb")
        self._advance = advance

    def write(self, octets: bytes) -> None:
        self.file.write(octets)
        self._advance(len(octets))


class MessageFiles:
    """Messages as files of one folder, `<uid>.eml`.

    Args:
        advance: told of octets as they arrive.
    """

    def __init__(self, folder: Path, advance: Callable[[int], None]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._advance = advance
        self._open: dict[int, FileSink] = {}

    def sink(self, number: int, label: bytes, size: int) -> FileSink:
        """For the client's fetch: where a large section streams to."""
        sink = FileSink(self.folder / f".incoming-{os.getpid()}-{number}", self._advance)
        self._open[number] = sink
        return sink

    def keep(self, number: int, name: str, octets: bytes) -> Path:
        """The section is here whole, in memory or streamed: give it its name."""
        path = self.folder / name
        sink = self._open.pop(number, None)
        if sink is None:
            self._advance(len(octets))
            write_file(path, octets)
            return path
        sync(sink.file)
        sink.path.replace(path)
        return path

    def close(self) -> None:
        """Remove what is not whole."""
        for sink in self._open.values():
            sink.file.close()
            sink.path.unlink(missing_ok=True)
        self._open.clear()


class StandardOutput:
    """Everything to standard output, as it comes."""

    def __init__(self) -> None:
        self._streamed: set[int] = set()

    def sink(self, number: int, label: bytes, size: int) -> BinaryIO:
        self._streamed.add(number)
        return sys.stdout.buffer

    def keep(self, number: int, name: str, octets: bytes) -> None:
        if number not in self._streamed:
            sys.stdout.buffer.write(octets)
        self._streamed.discard(number)

    def close(self) -> None:
        sys.stdout.buffer.flush()


def sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()


def write_file(path: Path, octets: bytes) -> None:
    """All of it under its name, or nothing; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    file = temporary.open("wb")
    try:
        file.write(octets)
        sync(file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    temporary.replace(path)


def read_message(name: str) -> bytes:
    """A message from a file, or from standard input for "-", its lines ended by CRLF.

    Raises:
        CorreoError: it is empty; OSError.
    """
    octets = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    if not octets.strip():
        raise CorreoError(f"{name} is empty")
    if b"\n" in octets.replace(b"\r\n", b""):
        octets = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return octets
