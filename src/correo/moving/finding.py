"""Find the mail in a folder or an archive, whatever mixture of formats it is.

A folder with `cur` or `new` in it is a Maildir, a file that begins with "From " an mbox, a file
that ends in .eml a message; everything else is left alone, and counted. Folders become mailboxes of
the same name; what lies at the top, or is named alone, goes to INBOX.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from correo.message import headers
from correo.message.dates import parse_date
from correo.moving.maildir_reader import KEYWORDS_FILE, read_keywords, read_maildir, whole_file
from correo.moving.mbox_reader import is_mbox, read_mbox
from correo.moving.model import Broken, FoundMessage, as_message
from correo.moving.names import mailbox_name, maildir_levels, mbox_levels
from correo.moving.trees import READ_ERRORS, Tree, UnreadableFile

__all__ = ["Box", "Survey", "survey"]

MAILDIR_PARTS = ("cur", "new")


@dataclass(slots=True)
class Box:
    """Messages that go to one mailbox. octets: what is to be read for them, about."""

    mailbox: str
    octets: int
    messages: Callable[[], Iterator[FoundMessage | Broken]]


@dataclass(slots=True)
class Survey:
    """What there is. others: files that are no mail. unreadable: those that could not be asked."""

    boxes: list[Box] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    unreadable: list[Broken] = field(default_factory=list)


def survey(tree: Tree) -> Survey:
    """Look at every name, and into the beginning of files that might be an mbox."""
    files = tree.files()
    found = Survey(unreadable=[Broken(path, reason) for path, reason in tree.unreachable])
    maildirs = sort_out_maildirs(files)
    letters: dict[str, list[str]] = {}
    for path in files:
        folder, _, name = path.rpartition("/")
        if is_inside(folder, maildirs):
            continue
        if name.lower().endswith(".eml"):
            letters.setdefault(folder, []).append(path)
        else:
            look_into(tree, path, found, is_alone=len(files) == 1 and not folder)
    found.boxes += [maildir_box(tree, folder, paths, files) for folder, paths in maildirs.items()]
    found.boxes += [eml_box(tree, folder, paths) for folder, paths in letters.items()]
    found.boxes.sort(key=lambda box: (box.mailbox != "INBOX", box.mailbox))
    return found


def sort_out_maildirs(files: list[str]) -> dict[str, list[str]]:
    """Maildirs by their path, each with its messages. A folder that is called "new" and holds only
    .eml files is none."""
    maildirs: dict[str, list[str]] = {}
    letters: list[tuple[str, str]] = []
    for path in files:
        folder, _, name = path.rpartition("/")
        above, _, part = folder.rpartition("/")
        if part not in MAILDIR_PARTS or name.startswith("."):
            continue
        if name.lower().endswith(".eml"):
            letters.append((above, path))
        else:
            maildirs.setdefault(above, []).append(path)
    for above, path in letters:
        if above in maildirs:
            maildirs[above].append(path)
    return maildirs


def is_inside(folder: str, maildirs: dict[str, list[str]]) -> bool:
    """Whether it is a part of a Maildir: cur, new or tmp."""
    above, _, part = folder.rpartition("/")
    return above in maildirs and part in (*MAILDIR_PARTS, "tmp")


def look_into(tree: Tree, path: str, found: Survey, *, is_alone: bool) -> None:
    """is_alone: whether there is no other file."""
    try:
        with tree.open(path) as file:
            start = file.read(5)
    except UnreadableFile as error:
        found.unreadable.append(Broken(path, str(error)))
        return
    if not is_mbox(start):
        if not tree.is_one_file:
            found.others.append(path)
            return
        found.boxes.append(eml_box(tree, "", [path]))
        return
    name = "INBOX" if is_alone else mailbox_name(mbox_levels(path))
    found.boxes.append(Box(name, tree.size(path), partial(mbox_messages, tree, path)))


def mbox_messages(tree: Tree, path: str) -> Iterator[FoundMessage | Broken]:
    try:
        with tree.open(path) as file:
            yield from read_mbox(file, path)
    except (UnreadableFile, *READ_ERRORS) as error:
        yield Broken(path, f"it cannot be read to its end: {error}")


def maildir_box(tree: Tree, folder: str, paths: list[str], files: list[str]) -> Box:
    levels = maildir_levels(folder) if folder else []
    note = f"{folder}/{KEYWORDS_FILE}" if folder else KEYWORDS_FILE
    keywords: dict[str, str] = {}
    if note in files:
        try:
            keywords = read_keywords(whole_file(tree, note))
        except UnreadableFile:
            pass  # then letters for keywords stay without a meaning
    octets = sum(map(tree.size, paths))
    return Box(mailbox_name(levels), octets, partial(read_maildir, tree, paths, keywords))


def eml_box(tree: Tree, folder: str, paths: list[str]) -> Box:
    levels = folder.split("/") if folder else []
    octets = sum(map(tree.size, paths))
    return Box(mailbox_name(levels), octets, partial(read_files, tree, paths))


def read_files(tree: Tree, paths: list[str]) -> Iterator[FoundMessage | Broken]:
    """A message each; when it arrived is what its header says, since files are copied about."""
    for path in paths:
        try:
            octets = as_message(whole_file(tree, path))
        except (UnreadableFile, ValueError) as error:
            yield Broken(path, str(error))
            continue
        moment = arrival(octets)
        yield FoundMessage(path, octets, (), tree.modified(path) if moment is None else moment)


def arrival(octets: bytes) -> int | None:
    """What the last server on the way wrote, else the sender."""
    header = octets.partition(b"\r\n\r\n")[0] + b"\r\n"
    received = headers.first(header, b"received")
    moment = parse_date(received.rpartition(b";")[2]) if received is not None else None
    return parse_date(headers.first(header, b"date") or b"") if moment is None else moment
