"""Keep the last so many octets of trace on disk, for all processes of a node together.

Each process appends to segment files of its own in `<data>/trace/`; when one is full, the oldest
segments of anybody are deleted until the whole is within its limit. So nobody waits for anybody,
and a reader (`correo trace`) sees everything by reading the folder.

Departures: a full disk loses trace, not mail: what cannot be written is dropped and counted.

Cost: 1 µs per record to buffer, one write per FLUSH_DELAY_S while there is something to write, no
timer while there is not. Nothing is synced.
"""

import asyncio
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

from correo.trace.record import Record, decode, encode

__all__ = ["Ring", "Tail", "read_all"]

LIMIT = 64 * 1024 * 1024  # octets of trace kept on disk
SEGMENTS = 16  # the whole is this many full segments
MOST_FILES = 400  # segments of short-lived processes are small; so many are kept
FLUSH_DELAY_S = 0.1
BUFFER_LIMIT = 64 * 1024  # octets; beyond, they are written at once
SUFFIX = ".jsonl"


class Ring:
    """One process's pen. Made by the wiring when tracing is on.

    Args:
        folder: made if missing.
        limit: octets that all segments may take together.
    """

    def __init__(self, folder: Path, *, limit: int = LIMIT) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lost = 0
        self._folder = folder
        self._limit = limit
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._timer: asyncio.TimerHandle | None = None
        self._numbers = itertools.count()
        self._file: int | None = None
        self._written = 0

    def append(self, record: Record) -> None:
        """Take a record down; it reaches the file a moment later."""
        line = encode(record)
        self._buffer.append(line)
        self._buffered += len(line)
        if self._buffered >= BUFFER_LIMIT:
            self.flush()
        elif self._timer is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self.flush()
            else:
                self._timer = loop.call_later(FLUSH_DELAY_S, self.flush)

    def flush(self) -> None:
        """Write what is buffered now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._buffer:
            return
        octets = b"".join(self._buffer)
        records = len(self._buffer)
        self._buffer.clear()
        self._buffered = 0
        try:
            self._write(octets)
        except OSError:
            self.lost += records
            self._end_segment()

    def close(self) -> None:
        """Write what is buffered, and let go of the file."""
        self.flush()
        self._end_segment()

    def _write(self, octets: bytes) -> None:
        if self._file is None:
            self._file = self._new_segment()
            self._written = 0
        while octets:
            octets = octets[os.write(self._file, octets) :]
        self._written = os.fstat(self._file).st_size
        if self._written >= self._limit // SEGMENTS:
            self._end_segment()

    def _new_segment(self) -> int:
        self._prune()
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(self._numbers)}{SUFFIX}"
        return os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _end_segment(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _prune(self) -> None:
        """Make room for one more full segment; names begin with the time of their making."""
        room = self._limit - self._limit // SEGMENTS
        files = 0
        for path in reversed(segments(self._folder)):
            try:
                room -= path.stat().st_size
                files += 1
                if room < 0 or files >= MOST_FILES:
                    path.unlink()
            except FileNotFoundError:
                pass  # another process was quicker


class Tail:
    """Reads a folder of segments as it grows; each call of `new` gives what is new since the last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._positions: dict[Path, int] = {}

    def new(self) -> list[Record]:
        """Complete records since the last call, by time."""
        found: list[Record] = []
        for path in segments(self._folder):
            found += self._read(path)
        found.sort(key=lambda record: record.at)
        return found

    def _read(self, path: Path) -> Iterator[Record]:
        position = self._positions.get(path, 0)
        try:
            if path.stat().st_size <= position:
                return
            with path.open("rb") as file:
                file.seek(position)
                octets = file.read()
        except FileNotFoundError:
            return
        end = octets.rfind(b"\n") + 1
        self._positions[path] = position + end
        for line in octets[:end].splitlines():
            record = decode(line)
            if record is not None:
                yield record


def read_all(folder: Path) -> list[Record]:
    """Everything in the folder, by time; empty if there is no such folder."""
    return Tail(folder).new()


def segments(folder: Path) -> list[Path]:
    """The segment files, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))
