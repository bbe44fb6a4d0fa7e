"""Remember what was moved from another server, so that the next run goes on from there.

One file for each account and source, `<data>/migrations/<account>/<source>.jsonl`, a line for each
thing that happened, added to and never rewritten. If lines are lost nothing is: what they told of
is found again by its octets, and not filed twice.
"""

import fcntl
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from correo.base.errors import CorreoError

__all__ = ["BoxRecord", "MigrationRecord", "Moved"]

UNSAFE = re.compile(r"[^A-Za-z0-9@._-]")


class Opened(msgspec.Struct, tag="box", tag_field="kind"):
    """A mailbox there, and which one here it goes to; what was known of another is worthless."""

    box: str
    uid_validity: int
    target: str


class Moved(msgspec.Struct, tag="message", tag_field="kind"):
    """A message there, and its UID here: 0 if it lies in another mailbox.

    flags: as they were there, canonical.
    """

    box: str
    uid: int
    uid_here: int
    digest: str
    flags: str


@dataclass(slots=True)
class BoxRecord:
    """What is known of one mailbox of the source. target: object id of the mailbox here."""

    uid_validity: int
    target: str
    messages: dict[int, Moved] = field(default_factory=dict)


class MigrationRecord:
    """Raises CorreoError if another process moves the same; OSError. Close it at the end."""

    def __init__(self, folder: Path, source: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{UNSAFE.sub('_', source)}.jsonl"
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+b")
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise CorreoError(f"another process is moving {source} just now") from None
        self._boxes: dict[str, BoxRecord] = {}
        self._encode = msgspec.json.Encoder().encode
        self._read()

    def box(self, name: str, uid_validity: int, target: str) -> BoxRecord:
        """What is known of a mailbox in this state; an empty record for a new one."""
        known = self._boxes.get(name)
        if known is not None and (known.uid_validity, known.target) == (uid_validity, target):
            return known
        self._take(Opened(name, uid_validity, target))
        self._write([Opened(name, uid_validity, target)])
        return self._boxes[name]

    def known(self, name: str, uid_validity: int, target: str) -> dict[int, Moved]:
        """What was moved of a mailbox in this state, by UID there; notes nothing down."""
        box = self._boxes.get(name)
        if box is None or (box.uid_validity, box.target) != (uid_validity, target):
            return {}
        return box.messages

    def add(self, moved: Iterable[Moved]) -> None:
        """These lie here now, or have other flags there than before."""
        lines = list(moved)
        for line in lines:
            self._take(line)
        self._write(lines)

    def taken(self, target: str) -> set[int]:
        """UIDs of a mailbox here that answer for messages there."""
        return {
            moved.uid_here
            for box in self._boxes.values()
            if box.target == target
            for moved in box.messages.values()
        }

    def close(self) -> None:
        self._file.close()

    def _read(self) -> None:
        self._file.seek(0)
        decoder = msgspec.json.Decoder(Opened | Moved)
        for line in self._file:
            try:
                self._take(decoder.decode(line))
            except msgspec.DecodeError:  # cut off by a crash
                continue

    def _take(self, line: Opened | Moved) -> None:
        if isinstance(line, Opened):
            self._boxes[line.box] = BoxRecord(line.uid_validity, line.target)
        elif line.box in self._boxes:
            self._boxes[line.box].messages[line.uid] = line

    def _write(self, lines: Iterable[Opened | Moved]) -> None:
        self._file.write(b"".join([self._encode(line) + b"\n" for line in lines]))
        self._file.flush()
