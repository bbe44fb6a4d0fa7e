"""Write an account as a folder of mbox files, one for each mailbox.

The dialect is mboxrd, lines end in LF. Flags stand in Status, X-Status and X-Keywords in front of
each message, as mutt, Dovecot and UW-IMAP have it. A file gets its name when it is whole.

RFC 4155    the format in general; Appendix A
"""

import hashlib
import os
import time
from pathlib import Path

from correo.base.errors import CorreoError
from correo.clients.folders.folder import LocalLines
from correo.clients.folders.mbox import FromQuoter
from correo.store.model import Mailbox

__all__ = ["MboxWriter"]

STATUS = (("\\seen", "R"),)
LONGEST_NAME = 240  # octets of a name that file systems take, without ".", "_", ".mbox", ".part"
X_STATUS = (("\\answered", "A"), ("\\flagged", "F"), ("\\draft", "T"), ("\\deleted", "D"))


class MboxWriter:
    """Raises OSError if the folder cannot be made or written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: set[Path] = set()

    def open(self, mailbox: Mailbox) -> "MboxFile":
        """Raises CorreoError if the file is there already: an mbox is not added to."""
        *levels, last = [safe(level) for level in mailbox.name.split("/")]
        folder = self._folder.joinpath(*map(no_file, levels))
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{last}.mbox"
        while path in self._taken:  # by another mailbox whose name looks the same as a file's
            path = path.with_name(f"_{path.name}")
        self._taken.add(path)
        if path.exists():
            raise CorreoError(f"{path} is there already: move it away, or name another folder")
        return MboxFile(path)

    def close(self) -> None:
        os.sync()


class MboxFile:
    """One mailbox."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.part")
        self._file = self._temporary.open("wb")

    def begin(self, uid: int, size: int, flags: str, internal_date: int) -> "MboxMessage":
        """Where the octets go."""
        start = self._file.tell()
        moment = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(internal_date))
        self._file.write(f"From MAILER-DAEMON {moment}\n{status_fields(flags)}".encode())
        return MboxMessage(self, start)

    def finish(self) -> list[str]:
        """Nothing is lost in an mbox."""
        self._file.close()
        self._temporary.rename(self._path)
        return []

    def write(self, octets: bytes) -> None:
        self._file.write(octets)

    def cut(self, start: int) -> None:
        self._file.seek(start)
        self._file.truncate()


class MboxMessage:
    """One message on its way into the file."""

    def __init__(self, mbox: MboxFile, start: int) -> None:
        self._mbox = mbox
        self._start = start
        self._lines = LocalLines()
        self._quoter = FromQuoter()
        self._last = b"\n"

    def write(self, octets: bytes) -> None:
        self._put(self._quoter.write(self._lines.write(octets)))

    def finish(self) -> None:
        self._put(self._quoter.write(self._lines.finish()))
        self._put(self._quoter.finish())
        self._mbox.write(b"\n" if self._last == b"\n" else b"\n\n")

    def abort(self) -> None:
        self._mbox.cut(self._start)

    def _put(self, octets: bytes) -> None:
        self._mbox.write(octets)
        self._last = octets[-1:] or self._last


def status_fields(flags: str) -> str:
    """ "" if there are none. "O": not new any more, only not read."""
    names = flags.lower().split()
    keywords = [flag for flag in flags.split() if not flag.startswith("\\")]
    status = "".join(letter for flag, letter in STATUS if flag in names)
    x_status = "".join(letter for flag, letter in X_STATUS if flag in names)
    fields = [f"Status: {status}O"]
    fields += [f"X-Status: {x_status}"] if x_status else []
    fields += [f"X-Keywords: {' '.join(keywords)}"] if keywords else []
    return "".join(f"{field}\n" for field in fields)


def safe(level: str) -> str:
    """A level as a file's name; one that begins with a dot would be hidden, or lead elsewhere, and
    one that is too long could not be made."""
    name = f"_{level[1:]}" if level.startswith(".") else level
    if len(name.encode()) <= LONGEST_NAME:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{name.encode()[: LONGEST_NAME - 13].decode('utf-8', 'ignore')}~{mark}"


def no_file(level: str) -> str:
    """The same as a folder, so that "Work.mbox/Sub" and the file of "Work" do not meet."""
    return f"{level.removesuffix('.mbox')}_mbox" if level.endswith(".mbox") else level
