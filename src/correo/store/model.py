"""What the store holds, in the words of mail: mailboxes, messages, entries, changes.

An *entry* is a message in a mailbox: (mailbox, UID) -> message, flags, mod-sequence. One
message may have several entries (COPY makes an entry, not octets).

Flags travel as one canonical `str`: system flags first, in the order of SYSTEM_FLAGS, then
keywords sorted by their lower-case form, one space between them, "" for none. It is both the
stored form and, encoded to ASCII, the inside of an IMAP flag list; equal sets are equal strings, so
whole-mailbox work groups by string. `mailbox.flags` makes and changes them.

RFC 9051    2.3      message attributes
RFC 7162    3        mod-sequences
RFC 8474             object identifiers (EMAILID, THREADID, MAILBOXID)
RFC 8514             SAVEDATE
RFC 4314             rights: see `store.rights`
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, NewType

from correo.base.blobs import Blob
from correo.message.index import MessageIndex

__all__ = [
    "ANNOTATIONS_LIMIT",
    "FLAG_RIGHTS",
    "HIERARCHY_DELIMITER",
    "IDENTIFIERS_LIMIT",
    "INBOX",
    "INLINE_LIMIT",
    "SYSTEM_FLAGS",
    "AccountId",
    "Appended",
    "Change",
    "Column",
    "Copied",
    "FlagMode",
    "FlagsStored",
    "Holding",
    "Mailbox",
    "MailboxChanges",
    "MailboxId",
    "MessageRuns",
    "NewMessage",
    "Octets",
    "Quota",
    "RightsMode",
    "Snapshot",
    "StoredBlob",
    "Unindexed",
    "UnindexedMessage",
    "Where",
]

AccountId = NewType("AccountId", str)
MailboxId = NewType("MailboxId", int)

INBOX = MailboxId(1)  # in every account; so that a delivery need not ask for it
ANNOTATIONS_LIMIT = 200  # of a mailbox; ours
IDENTIFIERS_LIMIT = 1000  # in the access control list of a mailbox; ours
FLAG_RIGHTS = "swt"  # whoever has all three may change every flag (RFC 4314 4)
INLINE_LIMIT = 64 * 1024  # octets; a message up to this size lies in the account's database
SYSTEM_FLAGS = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")
HIERARCHY_DELIMITER = "/"


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """The name of a synced blob: SHA-256 of its octets, hexadecimal, and its length."""

    digest: str
    size: int


Octets = bytes | Blob


@dataclass(frozen=True, slots=True)
class Quota:
    """What an account may hold, over all its mailboxes; None for no limit (RFC 9208 5).

    octets: of messages, each entry counted. messages: entries. mailboxes: INBOX counts.
    """

    octets: int | None = None
    messages: int | None = None
    mailboxes: int | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox and its counts, as of the moment it was asked for.

    name: Unicode, NFC, levels separated by "/", no level empty; "INBOX" in capitals.
    special_use: attributes as in RFC 6154, "\\Sent", at most one normally.
    object_id: MAILBOXID, stable across renames.
    """

    id: MailboxId
    name: str
    object_id: str
    uid_validity: int
    uid_next: int
    highest_modseq: int
    messages: int
    unseen: int
    deleted: int
    size: int
    deleted_size: int = 0
    subscribed: bool = False
    special_use: tuple[str, ...] = ()


@dataclass(slots=True)
class NewMessage:
    """A message to be filed, indexed already; many appends may share one.

    octets: the message itself, or the name of its synced blob if over INLINE_LIMIT.
    internal_date: seconds since 1970 UTC; None means the moment of the append.
    """

    octets: bytes | StoredBlob
    index: MessageIndex
    flags: str = ""
    internal_date: int | None = None


class Appended(NamedTuple):
    uid: int
    modseq: int
    email_id: str


class Copied(NamedTuple):
    """One entry copied or moved: its UID before and after."""

    source_uid: int
    uid: int


class Column(Enum):
    """What can be asked of entries; a row is a tuple in the order asked.

    Beside each stands the type of its field.
    """

    UID = "uid"  # int
    MODSEQ = "modseq"  # int
    FLAGS = "flags"  # str, canonical
    INTERNAL_DATE = "internal_date"  # int, seconds since 1970 UTC
    SAVE_DATE = "save_date"  # int, seconds since 1970 UTC
    SIZE = "size"  # int, octets
    EMAIL_ID = "email_id"  # str
    THREAD_ID = "thread_id"  # str
    SENT_DATE = "sent_date"  # int | None, the Date field, seconds since 1970 UTC
    ENVELOPE = "envelope"  # bytes, ready IMAP ENVELOPE, with its parentheses
    BODYSTRUCTURE = "bodystructure"  # bytes, ready IMAP BODYSTRUCTURE
    BODY = "body"  # bytes, ready IMAP BODY (without extension data)
    HEADER = "header"  # bytes, the message's header with the empty line
    BASE_SUBJECT = "base_subject"  # str, RFC 5256 2.1
    MESSAGE_ID = "message_id"  # bytes, without angle brackets, b"" if none
    IN_REPLY_TO = "in_reply_to"  # bytes, identifiers with one space between, b"" if none
    REFERENCES = "references"  # bytes, as IN_REPLY_TO
    PREVIEW = "preview"  # str
    HAS_ATTACHMENT = "has_attachment"  # int, 0 or 1
    STRUCTURE = "structure"  # bytes, MessageIndex.structure as stored
    OCTETS = "octets"  # Octets: bytes, or a Blob for large messages


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A mailbox at a moment: parallel lists in ascending UID order."""

    mailbox: Mailbox
    uids: list[int]
    flags: list[str]
    modseqs: list[int]


class Change(NamedTuple):
    """An entry as it now is, new or changed."""

    uid: int
    modseq: int
    flags: str


@dataclass(frozen=True, slots=True)
class MailboxChanges:
    """What happened in a mailbox after a mod-sequence, up to `highest_modseq`.

    changed: ascending UID; new entries are those with uid >= the uid_next the asker knew.
    vanished: UIDs expunged since, ascending. Complete: expunges are remembered for ever (as
    ranges), so that QRESYNC after any gap is exact.
    exists: False if the mailbox itself is gone (then the rest is empty).
    """

    highest_modseq: int
    uid_next: int
    changed: list[Change] = field(default_factory=list)
    vanished: list[int] = field(default_factory=list)
    exists: bool = True


class FlagMode(Enum):
    """How STORE changes flags (RFC 9051 6.4.6)."""

    REPLACE = "FLAGS"
    ADD = "+FLAGS"
    REMOVE = "-FLAGS"


class RightsMode(Enum):
    """How SETACL changes rights (RFC 4314 3.1)."""

    REPLACE = ""
    ADD = "+"
    REMOVE = "-"


@dataclass(frozen=True, slots=True)
class FlagsStored:
    """Outcome of a flag change.

    changed: entries whose flags differ now, with their new flags and mod-sequence.
    unchanged: entries that were found and had these flags already.
    conflicting: UIDs left alone because their mod-sequence is above unchanged_since.
    UIDs in none of the three are gone.
    previous_modseq: the mailbox's highest mod-sequence before; whoever knows it as of then knows
        it now.
    """

    changed: list[Change]
    unchanged: list[Change]
    conflicting: list[int]
    previous_modseq: int = 0


class Where(Enum):
    """Which text of a message is looked through."""

    HEADER = "header"
    BODY = "body"  # its text parts, and what stands in their headers
    ANYWHERE = "anywhere"  # the two


class UnindexedMessage(NamedTuple):
    """A message of which the full-text index does not know yet.

    number: of the message in its account, ascending as messages come.
    structure: MessageIndex.structure as stored.
    """

    number: int
    structure: bytes
    octets: Octets


@dataclass(frozen=True, slots=True)
class Unindexed:
    """The next messages for the full-text index.

    after: the last number that is in it.
    """

    after: int
    messages: list[UnindexedMessage]


@dataclass(frozen=True, slots=True)
class MessageRuns:
    """What the full-text index shall know of a message: the runs of its texts
    (`message.words.runs_of`), or None if it has too much text for that.

    attached: those of attached documents, which only a search for what is near looks through.
    """

    number: int
    header: frozenset[str] | None
    body: frozenset[str] | None
    attached: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Holding:
    """What the full-text index says of a mailbox: UIDs ascending.

    found: entries whose texts have all runs that were asked for.
    is_sure: False if some of the runs were too common to be looked up; then the entries found have
        the others, and perhaps these.
    unindexed: entries it knows nothing of.
    is_begun: False if there is no index; then it knows nothing of any entry, and both are empty.
    """

    found: list[int]
    unindexed: list[int]
    is_begun: bool = True
    is_sure: bool = True
