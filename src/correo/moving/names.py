"""Give folders of other programs a name a mailbox can have.

Nothing is refused here: what a name cannot hold is replaced, for a folder with a strange name is
still full of mail.

RFC 9051    5.1      mailbox names;  RFC 5198 2 NFC, no control characters
RFC 3501    5.1.3    modified UTF-7, which Maildir folders of IMAP servers are named in
"""

import re
import unicodedata
from collections.abc import Iterable

from correo.mailbox.names import DEPTH_LIMIT, FORBIDDEN, NAME_LIMIT, canonical
from correo.mailbox.namespaces import is_others
from correo.wire.imap.names import decode_utf7

__all__ = ["mailbox_name", "maildir_levels", "mbox_levels", "under"]

ESCAPED = re.compile(r"\\([0-9a-fA-F]{2})")


def mailbox_name(levels: Iterable[str]) -> str:
    """The mailbox for a path of folders; "INBOX" for none."""
    cleaned = [clean for level in levels if (clean := clean_level(level))][:DEPTH_LIMIT]
    name = canonical("/".join(cleaned))
    while len(name.encode()) > NAME_LIMIT:
        name = name[:-1].rstrip("/")
    if is_others(name):  # an own mailbox of that name could not be seen
        name = name.replace("/", "_", 1)
    return f"_{name[1:]}" if name.startswith("#") else name or "INBOX"


def clean_level(level: str) -> str:
    """One level without what no mailbox name has."""
    text = "".join("_" if unicodedata.category(each) in FORBIDDEN else each for each in level)
    return text.replace("/", "_").strip()


def under(name: str, into: str) -> str:
    """Where a mailbox goes if all of them go below another; the old INBOX becomes that one."""
    if not into:
        return name
    return into if name == "INBOX" else f"{into}/{name}"


def maildir_levels(path: str) -> list[str]:
    """The levels of a Maildir's path: ".Work.2024" (Maildir++) or "Work/2024"."""
    levels: list[str] = []
    for part in path.split("/"):
        parts = part[1:].split(".") if part.startswith(".") else [part]
        levels += [unescaped(decoded(each)) for each in parts]
    return levels


def decoded(text: str) -> str:
    try:
        return decode_utf7(text.encode("ascii"))
    except ValueError:  # it is Unicode, or only looks like modified UTF-7
        return text


def unescaped(text: str) -> str:
    """As Dovecot's listescape writes what a Maildir++ name cannot hold: "\\2e" for "."."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def mbox_levels(path: str) -> list[str]:
    """The levels of an mbox file's path: "Work.sbd/2024" (Thunderbird), "Work.mbox/mbox" (Apple)."""
    parts = path.split("/")
    if len(parts) > 1 and parts[-1] == "mbox":
        parts.pop()
    return [part.removesuffix(".sbd").removesuffix(".mbox") for part in parts]
