"""An mbox: messages one after the other in one file, each behind a line that begins "From ".

The dialect is mboxrd: a line of a message that begins with any number of ">" and then "From " gets
one ">" more, so that it can be undone. Lines end in LF. The file is locked with fcntl while it is
written, as other programs do; a message that could not be finished is cut off again.

RFC 4155    the format in general; Appendix A
"""

import fcntl
import os
import re
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

from correo.clients.folders.folder import LocalLines, sync_folder

__all__ = ["Mbox"]

IN_MEMORY = 1024 * 1024  # octets of a message before it goes to a temporary file
STEP = 256 * 1024  # octets copied at a time
FROM_LINE = re.compile(rb"^(>*From )", re.MULTILINE)
MAYBE_FROM = re.compile(rb">*F?r?o?m?")  # what may still become one, or is empty


class Mbox:
    """Raises OSError if the file cannot be opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        if is_new:
            sync_folder(path.parent)

    def begin(self, name: str) -> "MboxDraft":
        """A draft for one message."""
        return MboxDraft(self._path, self._file)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class MboxDraft:
    def __init__(self, path: Path, mbox: BinaryIO) -> None:
        self._path = path
        self._mbox = mbox
        self._lines = LocalLines()
        self._spool = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed at the end

    def write(self, octets: bytes) -> None:
        self._spool.write(self._lines.write(octets))

    def finish(self) -> Path:
        self._spool.write(self._lines.finish())
        self._spool.seek(0)
        fcntl.lockf(self._mbox, fcntl.LOCK_EX)
        try:
            self._append()
        finally:
            fcntl.lockf(self._mbox, fcntl.LOCK_UN)
            self._spool.close()
        return self._path

    def abort(self) -> None:
        self._spool.close()

    def _append(self) -> None:
        start = self._mbox.seek(0, os.SEEK_END)
        try:
            moment = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime())
            self._mbox.write(f"From MAILER-DAEMON {moment}\n".encode())
            self._copy()
            self._mbox.flush()
            os.fsync(self._mbox.fileno())
        except BaseException:
            self._mbox.truncate(start)
            raise

    def _copy(self) -> None:
        """The message, "From " lines quoted, and an empty line behind it."""
        quoter = FromQuoter()
        last = b""
        while piece := self._spool.read(STEP):
            self._mbox.write(quoter.write(piece))
            last = piece[-1:]
        self._mbox.write(quoter.finish() + (b"\n" if last == b"\n" else b"\n\n"))


class FromQuoter:
    """Quote lines that begin like a separator, across chunks."""

    __slots__ = ("_begun", "_held")

    def __init__(self) -> None:
        self._held = b""  # the beginning of a line that is too short yet to be judged
        self._begun = False  # a line is under way whose beginning was judged

    def write(self, octets: bytes) -> bytes:
        octets = self._held + octets
        self._held = b""
        before = b""
        if self._begun:
            end = octets.find(b"\n") + 1
            if not end:
                return octets
            before, octets = octets[:end], octets[end:]
            self._begun = False
        cut = octets.rfind(b"\n") + 1
        if MAYBE_FROM.fullmatch(octets, cut):
            octets, self._held = octets[:cut], octets[cut:]
        else:
            self._begun = cut < len(octets)
        return before + FROM_LINE.sub(rb">\1", octets)

    def finish(self) -> bytes:
        return FROM_LINE.sub(rb">\1", self._held)
