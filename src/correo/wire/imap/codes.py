"""Response codes: the bracketed word that tells a program what the text tells a person.

Each is octets without the brackets; the engine adds them. Constants for bare words, functions for
those with arguments.

RFC 9051    7.1      the codes of IMAP4rev2
RFC 5530    3        UNAVAILABLE ... NONEXISTENT
RFC 5464    4        METADATA; RFC 5466 3.1 UNDEFINED-FILTER
RFC 4469    4.1      BADURL; RFC 4467 8 URLMECH
RFC 4315    3        APPENDUID, COPYUID, UIDNOTSTICKY
RFC 7162    7        HIGHESTMODSEQ, NOMODSEQ, MODIFIED, CLOSED
RFC 9738             MESSAGELIMIT
RFC 7889    4        TOOBIG; RFC 6154 6 USEATTR; RFC 8474 4.1 MAILBOXID; RFC 3516 4.3 UNKNOWN-CTE
"""

import re
from collections.abc import Iterable, Sequence

from correo.wire.imap.sequence import format_set
from correo.wire.imap.strings import string

__all__ = [
    "ALERT",
    "ALREADYEXISTS",
    "AUTHENTICATIONFAILED",
    "AUTHORIZATIONFAILED",
    "BADCHARSET",
    "BADCOMPARATOR",
    "CANNOT",
    "CLIENTBUG",
    "CLOSED",
    "COMPRESSIONACTIVE",
    "CORRUPTION",
    "EXPIRED",
    "EXPUNGEISSUED",
    "HASCHILDREN",
    "INUSE",
    "LIMIT",
    "METADATA_TOOMANY",
    "NOMODSEQ",
    "NONEXISTENT",
    "NOPERM",
    "NOTIFICATIONOVERFLOW",
    "NOTSAVED",
    "OVERQUOTA",
    "PARSE",
    "PRIVACYREQUIRED",
    "READ_ONLY",
    "READ_WRITE",
    "SERVERBUG",
    "TOOBIG",
    "TOOFEW",
    "TOOMANY",
    "TRYCREATE",
    "UIDNOTSTICKY",
    "UIDREQUIRED",
    "UNAVAILABLE",
    "UNKNOWN_CTE",
    "URLMECH_INTERNAL",
    "USEATTR",
    "append_uid",
    "bad_event",
    "bad_url",
    "capability",
    "copy_uid",
    "highest_modseq",
    "in_progress",
    "mailbox_id",
    "message_limit",
    "metadata_long_entries",
    "metadata_max_size",
    "modified",
    "no_update",
    "permanent_flags",
    "uid_next",
    "uid_validity",
    "undefined_filter",
]

NOT_IN_CODE = re.compile(rb"[^\x20-\x7e]|[\\\]]")

ALERT = b"ALERT"
ALREADYEXISTS = b"ALREADYEXISTS"
AUTHENTICATIONFAILED = b"AUTHENTICATIONFAILED"
AUTHORIZATIONFAILED = b"AUTHORIZATIONFAILED"
BADCOMPARATOR = b"BADCOMPARATOR"
BADCHARSET = b"BADCHARSET (US-ASCII UTF-8)"
CANNOT = b"CANNOT"
CLIENTBUG = b"CLIENTBUG"
CLOSED = b"CLOSED"
CORRUPTION = b"CORRUPTION"
EXPIRED = b"EXPIRED"
EXPUNGEISSUED = b"EXPUNGEISSUED"
HASCHILDREN = b"HASCHILDREN"
INUSE = b"INUSE"
LIMIT = b"LIMIT"
METADATA_TOOMANY = b"METADATA TOOMANY"
NOMODSEQ = b"NOMODSEQ"
NONEXISTENT = b"NONEXISTENT"
NOPERM = b"NOPERM"
NOTIFICATIONOVERFLOW = b"NOTIFICATIONOVERFLOW"
NOTSAVED = b"NOTSAVED"
OVERQUOTA = b"OVERQUOTA"
PARSE = b"PARSE"
PRIVACYREQUIRED = b"PRIVACYREQUIRED"
READ_ONLY = b"READ-ONLY"
READ_WRITE = b"READ-WRITE"
SERVERBUG = b"SERVERBUG"
TOOBIG = b"TOOBIG"
TOOFEW = b"TOOFEW"
TOOMANY = b"TOOMANY"
COMPRESSIONACTIVE = b"COMPRESSIONACTIVE"
TRYCREATE = b"TRYCREATE"
UIDREQUIRED = b"UIDREQUIRED"
UIDNOTSTICKY = b"UIDNOTSTICKY"
UNAVAILABLE = b"UNAVAILABLE"
UNKNOWN_CTE = b"UNKNOWN-CTE"
URLMECH_INTERNAL = b"URLMECH INTERNAL"
USEATTR = b"USEATTR"


def append_uid(uid_validity: int, uids: Iterable[int]) -> bytes:
    """uids: ascending."""
    return b"APPENDUID %d %b" % (uid_validity, format_set(uids))


def bad_event(events: Iterable[str]) -> bytes:
    """RFC 5465 3.1. events: all that there are."""
    return b"BADEVENT (%b)" % " ".join(events).encode("ascii")


def bad_url(url: bytes) -> bytes:
    """RFC 4469 4.1. url: as the client sent it; what a response code cannot hold is escaped."""
    return b"BADURL %b" % NOT_IN_CODE.sub(lambda match: b"%%%02X" % match.group()[0], url)


def capability(capabilities: bytes) -> bytes:
    """For the greeting and the OK to LOGIN, which spares the client a CAPABILITY."""
    return b"CAPABILITY " + capabilities


def copy_uid(uid_validity: int, source_uids: Sequence[int], uids: Sequence[int]) -> bytes:
    """Both in the same order, ascending; the sets pair off one to one (RFC 4315 3)."""
    return b"COPYUID %d %b %b" % (uid_validity, format_set(source_uids), format_set(uids))


def highest_modseq(modseq: int) -> bytes:
    return b"HIGHESTMODSEQ %d" % modseq


def in_progress(tag: bytes) -> bytes:
    """RFC 9585 4, without a count."""
    return b"INPROGRESS (%b NIL NIL)" % string(tag)


def mailbox_id(object_id: str) -> bytes:
    return b"MAILBOXID (%b)" % object_id.encode("ascii")


def message_limit(limit: int, lowest_uid: int = 0) -> bytes:
    """RFC 9738. lowest_uid: of the messages that were done, 0 if none was."""
    return b"MESSAGELIMIT %d %d" % (limit, lowest_uid) if lowest_uid else b"MESSAGELIMIT %d" % limit


def metadata_long_entries(size: int) -> bytes:
    """RFC 5464 4.2.1. size: octets of the longest value left out."""
    return b"METADATA LONGENTRIES %d" % size


def metadata_max_size(size: int) -> bytes:
    """RFC 5464 4.3. size: octets a value may have."""
    return b"METADATA MAXSIZE %d" % size


def no_update(tag: bytes) -> bytes:
    """RFC 5267 4.3.1. tag: of the search that will not be followed."""
    return b"NOUPDATE %b" % string(tag)


def undefined_filter(name: str) -> bytes:
    """RFC 5466 3.1."""
    return b"UNDEFINED-FILTER %b" % name.encode("ascii")


def modified(numbers: Iterable[int]) -> bytes:
    """Messages a conditional STORE left alone: sequence numbers or UIDs, ascending."""
    return b"MODIFIED %b" % format_set(numbers)


def permanent_flags(flags: str, *, keywords: bool) -> bytes:
    """flags: space-separated; keywords: whether new ones may be made."""
    inside = f"{flags} \\*".strip() if keywords else flags
    return b"PERMANENTFLAGS (%b)" % inside.encode("utf-8")


def uid_next(uid: int) -> bytes:
    return b"UIDNEXT %d" % uid


def uid_validity(number: int) -> bytes:
    return b"UIDVALIDITY %d" % number
