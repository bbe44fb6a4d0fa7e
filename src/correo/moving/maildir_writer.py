"""Write an account as a Maildir with its folders (Maildir++), as Dovecot and mutt read it.

INBOX is the Maildir itself, "Work/2024" its folder ".Work.2024". A file's name is made of the
mailbox and the UID, so that the same export repeated adds only what is new, and renames what has
other flags now. Lines end in LF. Nothing is synced here: `Writer.close` does it once.

https://cr.yp.to/proto/maildir.html; Maildir++ as Courier and Dovecot have it, keywords as Dovecot
"""

import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from correo.clients.folders.folder import LocalLines
from correo.moving.maildir_reader import KEYWORDS_FILE, LETTERS, read_keywords
from correo.store.model import Mailbox
from correo.wire.imap.names import encode_utf7

__all__ = ["MaildirWriter"]

KEYWORDS = 26  # letters there are
LONGEST_NAME = 255  # octets of a name that file systems take
LETTER_OF = {flag.lower(): letter for letter, flag in LETTERS.items()}


class MaildirWriter:
    """Raises OSError if the folder cannot be made or written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, mailbox: Mailbox) -> "MaildirFolder":
        path = self._folder
        if mailbox.name != "INBOX":
            path = path / maildir_name(mailbox.name)
        return MaildirFolder(path, mailbox, is_root=path == self._folder)

    def close(self) -> None:
        os.sync()


class MaildirFolder:
    """One mailbox."""

    def __init__(self, path: Path, mailbox: Mailbox, *, is_root: bool) -> None:
        for name in ("tmp", "new", "cur"):
            (path / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        if not is_root:
            (path / "maildirfolder").touch()
        self._path = path
        self._object_id = mailbox.object_id
        self._there = {name.partition(":")[0]: name for name in os.listdir(path / "cur")}
        note = path / KEYWORDS_FILE
        known = read_keywords(note.read_bytes()) if note.exists() else {}
        self._keywords = {keyword.lower(): letter for letter, keyword in known.items()}
        self._names = known

    def begin(self, uid: int, size: int, flags: str, internal_date: int) -> "MaildirFile | None":
        """Where the octets go; None if they lie there already."""
        name = f"{internal_date}.{self._object_id}U{uid}.correo"
        final = self._path / "cur" / f"{name}:2,{self._letters(flags.split())}"
        there = self._there.get(name)
        if there is None:
            return MaildirFile(self._path / "tmp" / secrets.token_hex(12), final, internal_date)
        if there != final.name:
            (self._path / "cur" / there).rename(final)
        return None

    def finish(self) -> list[str]:
        """Write down what the letters stand for; keywords there was no letter for."""
        lines = [
            f"{ord(letter) - ord('a')} {keyword}\n"
            for letter, keyword in sorted(self._names.items())
        ]
        if lines:
            (self._path / KEYWORDS_FILE).write_text("".join(lines), encoding="utf-8")
        return [keyword for keyword, letter in self._keywords.items() if not letter]

    def _letters(self, flags: Iterable[str]) -> str:
        letters = {LETTER_OF.get(flag.lower()) or self._letter(flag) for flag in flags}
        return "".join(sorted(letters))

    def _letter(self, keyword: str) -> str:
        folded = keyword.lower()
        if folded not in self._keywords:
            free = (chr(ord("a") + each) for each in range(KEYWORDS))
            letter = next((each for each in free if each not in self._names), "")
            self._keywords[folded] = letter
            if letter:
                self._names[letter] = keyword
        return self._keywords[folded]


class MaildirFile:
    """One message; `finish` gives it its name."""

    def __init__(self, temporary: Path, final: Path, moment: int) -> None:
        self._temporary = temporary
        self._final = final
        self._moment = moment
        self._lines = LocalLines()
        self._file = temporary.open("xb")

    def write(self, octets: bytes) -> None:
        self._file.write(self._lines.write(octets))

    def finish(self) -> None:
        self._file.write(self._lines.finish())
        self._file.close()
        os.utime(self._temporary, (self._moment, self._moment))
        self._temporary.rename(self._final)

    def abort(self) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)


def maildir_name(name: str) -> str:
    """ ".Work.2024"; what a level cannot hold is written as "\\2e", and what no file system can
    name is cut, with a mark that tells it from others."""
    levels = []
    for level in name.split("/"):
        octets = encode_utf7(level).decode("ascii").replace("\\", "\\5c")
        levels.append(octets.replace(".", "\\2e").replace("/", "\\2f"))
    whole = "." + ".".join(levels)
    if len(whole) <= LONGEST_NAME:
        return whole
    mark = hashlib.sha256(whole.encode()).hexdigest()[:12]
    return f"{whole[: LONGEST_NAME - 13]}~{mark}"
