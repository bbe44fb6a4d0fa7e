"""Read a Maildir that another program has written: messages, flags, keywords, dates.

The format is Daniel Bernstein's (https://cr.yp.to/proto/maildir.html); keywords are Dovecot's, a
letter each whose name stands in the file `dovecot-keywords`. A message arrived when its file was
written, as Dovecot and Courier have it; in an archive the number its name begins with tells more.
"""

import re
from collections.abc import Iterator

from correo.moving.model import MESSAGE_LIMIT, Broken, FoundMessage, as_message
from correo.moving.trees import READ_ERRORS, Tree, UnreadableFile, ZipTree

__all__ = ["KEYWORDS_FILE", "LETTERS", "read_maildir"]

KEYWORDS_FILE = "dovecot-keywords"
LETTERS = {
    "D": "\\Draft",
    "F": "\\Flagged",
    "P": "$Forwarded",
    "R": "\\Answered",
    "S": "\\Seen",
    "T": "\\Deleted",
}
INFO = re.compile(r"[:;!]2,([A-Za-z]*)")  # ":" cannot be in the names of some file systems
MOMENT = re.compile(r"(?:.*/)?(\d{9,10})\.")


def read_maildir(
    tree: Tree, paths: list[str], keywords: dict[str, str]
) -> Iterator[FoundMessage | Broken]:
    """The messages of one Maildir.

    Args:
        paths: its files in cur and new.
        keywords: what the letters a to z stand for.
    """
    for path in paths:
        try:
            octets = whole_file(tree, path)
            yield FoundMessage(
                path, as_message(octets), flags_of(path, keywords), arrival(tree, path)
            )
        except (UnreadableFile, ValueError) as error:
            yield Broken(path, str(error))


def whole_file(tree: Tree, path: str) -> bytes:
    """All of a file, as far as a message may be large. Raises UnreadableFile."""
    with tree.open(path) as file:
        try:
            return file.read(MESSAGE_LIMIT + 1)
        except READ_ERRORS as error:
            raise UnreadableFile(str(error) or type(error).__name__) from error


def flags_of(path: str, keywords: dict[str, str]) -> tuple[str, ...]:
    match = INFO.search(path)
    letters = match[1] if match is not None else ""
    named = {**keywords, **LETTERS}
    return tuple(named[letter] for letter in letters if letter in named)


def read_keywords(octets: bytes) -> dict[str, str]:
    """Lines such as "0 work": what the letter "a" stands for."""
    keywords = {}
    for line in octets.decode("utf-8", "replace").splitlines():
        number, _, name = line.partition(" ")
        if number.isdecimal() and int(number) < 26 and name:
            keywords[chr(ord("a") + int(number))] = name.strip()
    return keywords


def arrival(tree: Tree, path: str) -> int | None:
    match = MOMENT.match(path) if isinstance(tree, ZipTree) else None
    return int(match[1]) if match is not None else tree.modified(path)
