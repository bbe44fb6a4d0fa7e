"""The commands an IMAP server session answers, as the engine emits them: one event per command.

Each is complete and well-formed: names are Unicode (modified UTF-7 and UTF-8 undone, INBOX in
capitals), dates are numbers, flags are text with system flags in their canonical spelling. What
it means is the session's; how it is answered stands in `wire.imap.server`. CAPABILITY and LOGOUT
are not here, the engine answers them. APPEND comes as three events, since its messages stream.

RFC 9051, 3501        commands and arguments
RFC 7162              CONDSTORE and QRESYNC parameters
RFC 5258, 5819, 6154, 8438   LIST selection and return options, CREATE USE
RFC 4731, 5182        SEARCH RETURN
RFC 5256, 5957, 5267  SORT and its RETURN, THREAD; UPDATE, CANCELUPDATE
RFC 10022             UIDBATCHES
RFC 9394, 7377        PARTIAL, ESEARCH over many mailboxes
RFC 5464, 9590        METADATA, LIST RETURN (METADATA)
RFC 5255              COMPARATOR
RFC 9208, 8437, 4978  QUOTA, UNAUTHENTICATE, COMPRESS
RFC 4314, 8440        ACL, LIST RETURN (MYRIGHTS)
RFC 3502, 6855, 8508  MULTIAPPEND, UTF8 literals, REPLACE
RFC 4469              CATENATE
RFC 4467, 5524        URLAUTH, URLAUTH=BINARY
"""

from dataclasses import dataclass
from enum import Enum

from correo.wire.imap.fetch_items import FetchItem
from correo.wire.imap.partial import PartialRange
from correo.wire.imap.search_keys import SearchKey
from correo.wire.imap.sequence import SequenceSet
from correo.wire.imap.sources import Source

__all__ = [
    "AppendAborted",
    "AppendComplete",
    "AppendMessage",
    "AppendUrl",
    "Authenticate",
    "AuthenticateCancelled",
    "AuthenticateResponse",
    "CancelUpdate",
    "Check",
    "Close",
    "Command",
    "Comparator",
    "Compress",
    "Copy",
    "Create",
    "Delete",
    "DeleteAcl",
    "Enable",
    "Expunge",
    "Fetch",
    "GenUrlAuth",
    "GetAcl",
    "GetMetadata",
    "GetQuota",
    "GetQuotaRoot",
    "Id",
    "Idle",
    "IdleDone",
    "ListMailboxes",
    "ListReturn",
    "ListRights",
    "ListSelection",
    "Login",
    "Move",
    "MultiSearch",
    "MyRights",
    "Namespace",
    "Noop",
    "QResync",
    "Rename",
    "Replaced",
    "ResetKey",
    "RightsChange",
    "Search",
    "SearchReturn",
    "Select",
    "SetAcl",
    "SetMetadata",
    "Sort",
    "SortKey",
    "StartTls",
    "Status",
    "StatusItem",
    "Store",
    "StoreMode",
    "Subscribe",
    "Thread",
    "ThreadAlgorithm",
    "UidBatches",
    "Unauthenticate",
    "Unselect",
    "UrlAsked",
    "UrlFetch",
    "UrlItem",
]


class StatusItem(Enum):
    """What STATUS can ask; the value is the label in the answer."""

    MESSAGES = b"MESSAGES"
    RECENT = b"RECENT"  # IMAP4rev1
    UIDNEXT = b"UIDNEXT"
    UIDVALIDITY = b"UIDVALIDITY"
    UNSEEN = b"UNSEEN"
    DELETED = b"DELETED"
    SIZE = b"SIZE"
    HIGHESTMODSEQ = b"HIGHESTMODSEQ"
    MAILBOXID = b"MAILBOXID"
    APPENDLIMIT = b"APPENDLIMIT"
    DELETED_STORAGE = b"DELETED-STORAGE"  # RFC 9208; only where QUOTA is announced


class ListSelection(Enum):
    """Which mailboxes LIST is to show (RFC 5258 3, RFC 6154 5.2)."""

    SUBSCRIBED = b"SUBSCRIBED"
    REMOTE = b"REMOTE"
    RECURSIVEMATCH = b"RECURSIVEMATCH"
    SPECIAL_USE = b"SPECIAL-USE"


class ListReturn(Enum):
    """What LIST is to say of each mailbox."""

    SUBSCRIBED = b"SUBSCRIBED"
    CHILDREN = b"CHILDREN"
    SPECIAL_USE = b"SPECIAL-USE"
    STATUS = b"STATUS"  # with ListMailboxes.status
    METADATA = b"METADATA"  # with ListMailboxes.entries
    MYRIGHTS = b"MYRIGHTS"  # RFC 8440


class SearchReturn(Enum):
    MIN = b"MIN"
    MAX = b"MAX"
    ALL = b"ALL"
    COUNT = b"COUNT"
    SAVE = b"SAVE"
    RELEVANCY = b"RELEVANCY"  # RFC 6203; only where FUZZY is among the keys
    PARTIAL = b"PARTIAL"  # with Search.partial; never together with ALL
    CONTEXT = b"CONTEXT"  # RFC 5267 4.2; a hint
    UPDATE = b"UPDATE"  # RFC 5267 4.3, with Search.update_items


class StoreMode(Enum):
    """How STORE changes flags; the values are those of `store.model.FlagMode`."""

    REPLACE = "FLAGS"
    ADD = "+FLAGS"
    REMOVE = "-FLAGS"


@dataclass(slots=True)
class Command:
    """tag: for `finish`."""

    tag: bytes


@dataclass(slots=True)
class Noop(Command): ...


@dataclass(slots=True)
class StartTls(Command):
    """Answer with `begin_tls()` and then change the transport, or finish with NO or BAD."""


@dataclass(slots=True)
class Login(Command):
    username: str
    password: str


@dataclass(slots=True)
class Authenticate(Command):
    """Answer with `challenge(octets)` as often as the mechanism wants, then `finish`.

    mechanism: capitals.
    initial_response: decoded; None if there was none, b"" for "=".
    """

    mechanism: str
    initial_response: bytes | None


@dataclass(slots=True)
class AuthenticateResponse(Command):
    """The client's answer to a challenge, decoded."""

    octets: bytes


@dataclass(slots=True)
class AuthenticateCancelled(Command):
    """The client sent "*", or something that is no base64; the engine has answered BAD."""


@dataclass(slots=True)
class Id(Command):
    """RFC 2971. parameters: None for NIL; names in lower case."""

    parameters: dict[str, str | None] | None


@dataclass(slots=True)
class Enable(Command):
    """capabilities: capitals, known or not. Answer with `enable(names)`, then finish."""

    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QResync:
    """What a resynchronising client knows (RFC 7162 3.2.5).

    match: (sequence numbers, their UIDs) as the client remembers them.
    """

    uid_validity: int
    modseq: int
    known_uids: SequenceSet | None = None
    match: tuple[SequenceSet, SequenceSet] | None = None


@dataclass(slots=True)
class Select(Command):
    """SELECT, or EXAMINE (read_only)."""

    mailbox: str
    read_only: bool
    condstore: bool = False
    qresync: QResync | None = None


@dataclass(slots=True)
class Create(Command):
    """special_use: as in RFC 6154, "\\Sent"."""

    mailbox: str
    special_use: tuple[str, ...] = ()


@dataclass(slots=True)
class Delete(Command):
    mailbox: str


@dataclass(slots=True)
class Rename(Command):
    mailbox: str
    new_name: str


@dataclass(slots=True)
class Subscribe(Command):
    """SUBSCRIBE, or UNSUBSCRIBE (subscribed=False)."""

    mailbox: str
    subscribed: bool


@dataclass(slots=True)
class ListMailboxes(Command):
    """LIST, or LSUB (is_lsub).

    patterns: Unicode; "*" and "%" are wildcards. One for plain LIST; an empty one asks for the
        hierarchy delimiter (only without selection and return options).
    is_extended: whether the command has options or several patterns (RFC 5258 3).
    status: for ListReturn.STATUS. entries: for ListReturn.METADATA.
    """

    reference: str
    patterns: tuple[str, ...]
    selection: frozenset[ListSelection] = frozenset()
    returns: frozenset[ListReturn] = frozenset()
    status: tuple[StatusItem, ...] = ()
    entries: tuple[str, ...] = ()
    is_lsub: bool = False
    is_extended: bool = False


@dataclass(slots=True)
class Namespace(Command): ...


@dataclass(slots=True)
class Status(Command):
    mailbox: str
    items: tuple[StatusItem, ...]


@dataclass(slots=True)
class Comparator(Command):
    """RFC 5255 4.7. wanted: names, with "*" as a wildcard; empty to ask for the one in force."""

    wanted: tuple[str, ...]


@dataclass(slots=True)
class Compress(Command):
    """RFC 4978. mechanism: capitals. Finish, and once the answer is sent, change the transport."""

    mechanism: str


@dataclass(slots=True)
class GetQuota(Command):
    """RFC 9208 4.1.1."""

    root: str


@dataclass(slots=True)
class GetQuotaRoot(Command):
    """RFC 9208 4.1.2; the mailbox need not exist."""

    mailbox: str


@dataclass(slots=True)
class GetMetadata(Command):
    """RFC 5464 4.2. mailbox: "" for the account itself.

    depth: levels below each entry that are wanted too; None for all.
    max_size: octets of a value, longer ones are left out; None for any.
    """

    mailbox: str
    entries: tuple[str, ...]
    depth: int | None = 0
    max_size: int | None = None


@dataclass(slots=True)
class SetMetadata(Command):
    """RFC 5464 4.3. notes: a value for each entry, None to remove it."""

    mailbox: str
    notes: dict[str, bytes | None]


class RightsChange(Enum):
    """How SETACL changes rights; the values are those of `store.model.RightsMode`."""

    REPLACE = ""
    ADD = "+"
    REMOVE = "-"


@dataclass(slots=True)
class SetAcl(Command):
    """RFC 4314 3.1. identifier: as sent, and fit to be one. rights: standard ones, "c" and "d"
    spelt out, each once, in the order of `wire.imap.rights.STANDARD`."""

    mailbox: str
    identifier: str
    mode: RightsChange
    rights: str


@dataclass(slots=True)
class DeleteAcl(Command):
    """RFC 4314 3.2."""

    mailbox: str
    identifier: str


@dataclass(slots=True)
class GetAcl(Command):
    """RFC 4314 3.3."""

    mailbox: str


@dataclass(slots=True)
class ListRights(Command):
    """RFC 4314 3.4. The answer has the identifier as it was sent."""

    mailbox: str
    identifier: str


@dataclass(slots=True)
class MyRights(Command):
    """RFC 4314 3.5."""

    mailbox: str


@dataclass(slots=True)
class GenUrlAuth(Command):
    """RFC 4467. urls: each as it was sent, with the mechanism in capitals."""

    urls: tuple[tuple[bytes, str], ...]


@dataclass(slots=True)
class ResetKey(Command):
    """RFC 4467. mailbox: None for all. mechanisms: capitals; none named means INTERNAL."""

    mailbox: str | None
    mechanisms: tuple[str, ...] = ()


class UrlItem(Enum):
    """What URLFETCH can ask of an URL (RFC 5524 3.1); the value is the label in the answer."""

    BODYPARTSTRUCTURE = b"BODYPARTSTRUCTURE"
    BINARY = b"BINARY"
    BODY = b"BODY"


@dataclass(frozen=True, slots=True)
class UrlAsked:
    """url: as it was sent. items: none for the octets alone, as RFC 4467 answers."""

    url: bytes
    items: tuple[UrlItem, ...] = ()


@dataclass(slots=True)
class UrlFetch(Command):
    urls: tuple[UrlAsked, ...]


@dataclass(slots=True)
class UidBatches(Command):
    """RFC 10022. size: messages of a batch. batches: the first and the last wanted; None for all."""

    size: int
    batches: tuple[int, int] | None = None


@dataclass(slots=True)
class Unauthenticate(Command):
    """RFC 8437: as before the login. Call `forget_client()`, then finish."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The message that a REPLACE removes, by sequence number or UID; STAR for the last one."""

    number: int
    is_uid: bool


@dataclass(slots=True)
class AppendMessage(Command):
    """One message of an APPEND, or that of a REPLACE, is about to come.

    Answer with `accept_message(receiver)` or `refuse_append(...)`.

    number: 0 for the first; more with MULTIAPPEND.
    flags: as in Store.
    internal_date: seconds since 1970 UTC, None if not given.
    zone: minutes east of UTC it was given in.
    size: octets to come; never above the engine's append limit. 0 if it is put together of parts
        (CATENATE): then nobody knows, and `AppendUrl` may follow.
    is_binary: literal8. is_utf8: inside UTF8 (...), so that the header may be UTF-8.
    """

    mailbox: str
    number: int
    flags: tuple[str, ...]
    internal_date: int | None
    zone: int
    size: int
    is_binary: bool
    is_utf8: bool
    replaced: Replaced | None = None


@dataclass(slots=True)
class AppendUrl(Command):
    """What an URL names is part of the message (RFC 4469). Write it to the receiver and answer with
    `accept_url(size)`, or with `refuse_append(...)`.

    url: as it was sent.
    room: octets that the message may still have; never more may be written.
    """

    url: bytes
    room: int


@dataclass(slots=True)
class AppendComplete(Command):
    """All messages are in their receivers: file them, all or none, and finish.

    replaced: for REPLACE (RFC 8508): remove it when the message is filed; there is just one."""

    mailbox: str
    count: int
    replaced: Replaced | None = None


@dataclass(slots=True)
class AppendAborted(Command):
    """The APPEND ended badly (syntax, disconnection): every receiver has been aborted, and the
    command answered. Nothing to answer."""


@dataclass(slots=True)
class Idle(Command):
    """Answer with `accept_idle()`; untagged responses may then be sent at any time."""


@dataclass(slots=True)
class IdleDone(Command):
    """The client sent DONE: finish."""


@dataclass(slots=True)
class Check(Command): ...


@dataclass(slots=True)
class Close(Command): ...


@dataclass(slots=True)
class Unselect(Command): ...


@dataclass(slots=True)
class Expunge(Command):
    """uids: None for EXPUNGE, the set for UID EXPUNGE."""

    uids: SequenceSet | None


@dataclass(slots=True)
class Search(Command):
    """returns: None without RETURN; RETURN () comes as {ALL}.
    mentions_modseq: whether MODSEQ is among the keys (RFC 7162 3.1.5: the answer then carries
        the highest mod-sequence, and CONDSTORE counts as enabled).
    is_charset_known: if not, the keys have not been read; the answer is NO [BADCHARSET].
    update_items: what to FETCH of new messages that are found (RFC 5465 7)."""

    is_uid: bool
    key: SearchKey
    returns: frozenset[SearchReturn] | None
    mentions_modseq: bool = False
    is_charset_known: bool = True
    partial: PartialRange | None = None
    update_items: tuple[FetchItem, ...] = ()


@dataclass(slots=True)
class MultiSearch(Search):
    """ESEARCH (RFC 7377): is_uid always; the answer speaks of UIDs, and of each mailbox."""

    sources: tuple[Source, ...] = ()


@dataclass(slots=True)
class CancelUpdate(Command):
    """CANCELUPDATE (RFC 5267 4.3.5). tags: of the commands that asked for updates."""

    tags: tuple[bytes, ...]


class SortKey(Enum):
    """What SORT can sort by (RFC 5256 5, RFC 5957 5)."""

    ARRIVAL = "ARRIVAL"
    CC = "CC"
    DATE = "DATE"
    DISPLAYFROM = "DISPLAYFROM"
    DISPLAYTO = "DISPLAYTO"
    FROM = "FROM"
    RELEVANCY = "RELEVANCY"  # RFC 6203 6
    SIZE = "SIZE"
    SUBJECT = "SUBJECT"
    TO = "TO"


@dataclass(slots=True)
class Sort(Search):
    """orders: (key, whether REVERSE stood before it), the first counts most."""

    orders: tuple[tuple[SortKey, bool], ...] = ()


class ThreadAlgorithm(Enum):
    """How THREAD gathers messages (RFC 5256 3, draft-ietf-morg-inthread)."""

    ORDEREDSUBJECT = "ORDEREDSUBJECT"
    REFERENCES = "REFERENCES"
    REFS = "REFS"


@dataclass(slots=True)
class Thread(Search):
    algorithm: ThreadAlgorithm = ThreadAlgorithm.REFERENCES


@dataclass(slots=True)
class Fetch(Command):
    """vanished: only with is_uid and changed_since (RFC 7162 3.2.6).
    partial: only with is_uid; counts before changed_since does (RFC 9394 3.3, 3.4)."""

    is_uid: bool
    messages: SequenceSet
    items: tuple[FetchItem, ...]
    changed_since: int | None = None
    vanished: bool = False
    partial: PartialRange | None = None


@dataclass(slots=True)
class Store(Command):
    """flags: system flags in canonical spelling, keywords as sent; \\Recent is left out."""

    is_uid: bool
    messages: SequenceSet
    mode: StoreMode
    flags: tuple[str, ...]
    silent: bool
    unchanged_since: int | None = None


@dataclass(slots=True)
class Copy(Command):
    is_uid: bool
    messages: SequenceSet
    mailbox: str


@dataclass(slots=True)
class Move(Command):
    is_uid: bool
    messages: SequenceSet
    mailbox: str
