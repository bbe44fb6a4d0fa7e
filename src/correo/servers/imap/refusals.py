"""Turn what the rooms below refuse into IMAP's words, once for all commands.

RFC 9051    7.1      NO, BAD and their response codes
RFC 5530             response codes
"""

import logging

from correo.base.errors import (
    AlreadyExists,
    AuthenticationFailed,
    DamagedStore,
    NotFound,
    OverQuota,
    Refusal,
    StorageFull,
    TooManyAnnotations,
    TooManyIdentifiers,
)
from correo.mailbox.sections import UnknownEncoding
from correo.servers.imap.special_use import NoSuchUse
from correo.trace.trouble import log_own_trouble
from correo.wire.imap import codes
from correo.wire.imap.server import Condition

__all__ = [
    "Expunged",
    "Misused",
    "NoTarget",
    "NotPermitted",
    "ReadOnly",
    "TooManyMessages",
    "UidRequired",
    "UndefinedFilter",
    "UnknownCharset",
    "answer_to",
]

log = logging.getLogger("correo.imap")


class Misused(Refusal):
    """The command makes no sense here: BAD."""

    def __init__(self, text: str) -> None:
        super().__init__("5.5.1", text)


class Expunged(Refusal):
    """Some of the messages are gone, and the client cannot know it yet (RFC 2180 4)."""

    def __init__(self) -> None:
        super().__init__("4.5.1", "some of the messages no longer exist")


class ReadOnly(Refusal):
    """The mailbox was opened with EXAMINE."""

    def __init__(self) -> None:
        super().__init__("5.7.1", "the mailbox is open for reading only")


class NoTarget(Refusal):
    """The mailbox to put messages in is not there; it may be created (TRYCREATE)."""

    def __init__(self) -> None:
        super().__init__("5.1.1", "no such mailbox")


class NotPermitted(Refusal):
    """Somebody else may do that, but not this user."""

    def __init__(self, text: str) -> None:
        super().__init__("5.7.1", text)


class UndefinedFilter(Refusal):
    """There is no such filter, or it is no search."""

    def __init__(self, name: str) -> None:
        super().__init__("5.5.4", f"there is no filter {name} that can be searched by")
        self.name = name


class TooManyMessages(Refusal):
    """More messages than one command may have, and they are all to be done, or none."""

    def __init__(self, limit: int) -> None:
        super().__init__("5.5.4", f"more than {limit} messages: do it in parts")
        self.limit = limit


class UidRequired(Misused):
    """The client has enabled UIDONLY and yet uses message numbers."""

    def __init__(self) -> None:
        super().__init__("UIDONLY is enabled: use UIDs")


class UnknownCharset(Refusal):
    """A search is in a charset we do not read."""

    def __init__(self) -> None:
        super().__init__("5.6.1", "only US-ASCII and UTF-8 are known here")


CODES: dict[type[Refusal], bytes] = {
    AlreadyExists: codes.ALREADYEXISTS,
    AuthenticationFailed: codes.AUTHENTICATIONFAILED,
    DamagedStore: codes.CORRUPTION,
    Expunged: codes.EXPUNGEISSUED,
    NoTarget: codes.TRYCREATE,
    NotFound: codes.NONEXISTENT,
    OverQuota: codes.OVERQUOTA,
    ReadOnly: codes.NOPERM,
    StorageFull: codes.UNAVAILABLE,
    TooManyAnnotations: codes.METADATA_TOOMANY,
    TooManyIdentifiers: codes.LIMIT,
    NoSuchUse: codes.USEATTR,
    NotPermitted: codes.NOPERM,
    UnknownCharset: codes.BADCHARSET,
    UnknownEncoding: codes.UNKNOWN_CTE,
}


def answer_to(refusal: Refusal) -> tuple[Condition, str, bytes]:
    """Condition, text and response code of the tagged answer; our own trouble is logged."""
    log_own_trouble(log, refusal)
    if isinstance(refusal, Misused):
        is_number_used = isinstance(refusal, UidRequired)
        return Condition.BAD, refusal.text, codes.UIDREQUIRED if is_number_used else codes.CLIENTBUG
    if isinstance(refusal, UndefinedFilter):
        return Condition.NO, refusal.text, codes.undefined_filter(refusal.name)
    if isinstance(refusal, TooManyMessages):
        return Condition.NO, refusal.text, codes.message_limit(refusal.limit)
    code = CODES.get(type(refusal))
    if code is None:
        code = codes.UNAVAILABLE if refusal.is_temporary else codes.CANNOT
    return Condition.NO, refusal.told, code
