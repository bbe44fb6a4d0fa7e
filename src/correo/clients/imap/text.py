"""Turn what callers give (text, numbers, dates) into arguments of commands.

RFC 9051    4.3 strings, 9 sequence-set; RFC 7162 4: no command line over 8192 octets
"""

from collections.abc import Iterable, Iterator, Sequence

from correo.wire.imap.client import Literal
from correo.wire.imap.sequence import format_set
from correo.wire.imap.strings import astring, mailbox

__all__ = ["Messages", "argument", "flag_list", "mailbox_argument", "message_sets"]

SET_LIMIT = 6000  # octets of a set in one command; longer ones become several commands

Messages = int | str | Iterable[int]
"""One number, an IMAP set ("1:*"), or numbers in any order."""


def as_argument(octets: bytes, ready: bytes) -> bytes | Literal:
    return Literal(octets) if ready.startswith((b"{", b"~{")) else ready


def argument(text: str, *, utf8: bool = False) -> bytes | Literal:
    """A string: plain, quoted or as a literal, whatever it takes."""
    octets = text.encode("utf-8")
    return as_argument(octets, astring(octets, utf8=utf8))


def mailbox_argument(name: str, *, utf8: bool) -> bytes:
    """A mailbox name; CR, LF and NUL cannot be in one.

    Raises:
        ValueError: the name cannot be written.
    """
    ready = mailbox(name, utf8=utf8) if name else b'""'
    if ready.startswith((b"{", b"~{")):
        raise ValueError("a mailbox name is too long, or holds control characters")
    return ready


def flag_list(flags: Sequence[str]) -> bytes:
    return b"(%b)" % " ".join(flags).encode("ascii")


def message_sets(messages: Messages) -> Iterator[bytes]:
    """The set, cut into as many as the limit of a command line asks for; none if empty."""
    if isinstance(messages, int):
        yield b"%d" % messages
        return
    octets = messages.encode("ascii") if isinstance(messages, str) else format_set(sorted(messages))
    while len(octets) > SET_LIMIT:
        cut = octets.rfind(b",", 0, SET_LIMIT)
        if cut < 0:
            break
        yield octets[:cut]
        octets = octets[cut + 1 :]
    if octets:
        yield octets
