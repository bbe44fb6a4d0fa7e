"""What the IMAP client tells its caller: mailboxes, copies, messages to append.

RFC 9051    6.3.2 SELECT, 6.3.9 LIST, 7.1 APPENDUID and COPYUID
"""

from dataclasses import dataclass, field

from correo.base.blobs import Blob
from correo.wire.imap.response_types import FetchData, MailboxStatus

__all__ = ["CopiedMessages", "MailboxEntry", "NewMessage", "SelectedMailbox"]


@dataclass(slots=True)
class SelectedMailbox:
    """The mailbox that is open, kept current while it is.

    flags, permanent_flags: as the server says; "\\*" among the latter: keywords may be made.
    changed, vanished: what happened since the state `select` was told of (QRESYNC): messages
        with their flags, and (low, high) pairs of UIDs that are gone.
    """

    name: str
    exists: int = 0
    uid_validity: int | None = None
    uid_next: int | None = None
    highest_modseq: int | None = None
    flags: tuple[str, ...] = ()
    permanent_flags: tuple[str, ...] = ()
    read_only: bool = False
    mailbox_id: str | None = None
    changed: list[FetchData] = field(default_factory=list)
    vanished: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class MailboxEntry:
    """A mailbox in a list. status is None where it was not asked for, or could not be had."""

    name: str
    attributes: tuple[str, ...]
    delimiter: str | None
    status: MailboxStatus | None = None

    def has(self, attribute: str) -> bool:
        """Whether LIST shows this attribute, "\\HasChildren"; in any case."""
        return attribute.lower() in (name.lower() for name in self.attributes)

    @property
    def is_selectable(self) -> bool:
        return not (self.has("\\Noselect") or self.has("\\NonExistent"))


@dataclass(frozen=True, slots=True)
class CopiedMessages:
    """Where messages went, as far as the server says (UIDPLUS): UIDs in the same order."""

    uid_validity: int | None = None
    source_uids: list[int] = field(default_factory=list)
    uids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class NewMessage:
    """A message to append: with CRLF line ends, in memory or as a blob that is streamed.

    internal_date: seconds since 1970 UTC; None: the moment it arrives.
    """

    content: bytes | Blob
    flags: tuple[str, ...] = ()
    internal_date: int | None = None
    zone: int = 0
