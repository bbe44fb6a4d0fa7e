"""Remember which messages of a maildrop are on this machine already, between sessions.

A text file, one line per message: the account, a tab, the unique-id. Lines are appended as
messages become durable, so that a broken session is taken up where it was; at the end of a whole
one the file keeps only what the server still has.

RFC 1939    7        unique-ids persist across sessions
"""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

__all__ = ["SeenFile"]


class SeenFile:
    """Args: account: "user@host:port", so that several accounts may share a file.

    Raises OSError if the file is there and cannot be read.
    """

    def __init__(self, path: Path, account: str) -> None:
        self._path = path
        self._account = account.replace("\t", " ").replace("\n", " ")
        self._others: list[str] = []
        self._ids: dict[str, None] = {}
        self._is_torn = False  # a crash has left half a line at the end
        if path.exists():
            self._read()

    def __contains__(self, unique_id: str) -> bool:
        return unique_id in self._ids

    def add(self, unique_id: str) -> None:
        """On the disk when this returns."""
        self._ids[unique_id] = None
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            start = "\n" if self._is_torn else ""
            os.write(handle, f"{start}{self._line(unique_id)}".encode())
            os.fsync(handle)
            self._is_torn = False
        finally:
            os.close(handle)

    def keep_only(self, unique_ids: Iterable[str]) -> None:
        """Forget what the server has no more."""
        there = set(unique_ids)
        self._ids = {each: None for each in self._ids if each in there}
        lines = [*self._others, *map(self._line, self._ids)]
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            draft.chmod(0o600)
            file.write("".join(lines))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        self._is_torn = False

    def _read(self) -> None:
        *lines, rest = self._path.read_bytes().decode("utf-8", "replace").split("\n")
        self._is_torn = bool(rest)
        for line in lines:
            account, tab, unique_id = line.partition("\t")
            if tab and account == self._account:
                self._ids[unique_id] = None
            elif tab:
                self._others.append(line + "\n")

    def _line(self, unique_id: str) -> str:
        return f"{self._account}\t{unique_id}\n"
