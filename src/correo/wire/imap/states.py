"""The states of an IMAP connection, and which command each allows and where it leads: the table.

RFC 9051    3        states; 9: command-any, command-auth, command-nonauth, command-select
RFC 5161    3.1      ENABLE; RFC 2971 3.1 ID in any state

Departures: RFC 5161 3.1 has ENABLE before any SELECT; it is taken in the selected state too, as
most servers do, for nothing that is selected changes its meaning.
"""

from enum import Enum

from correo.wire.imap.commands import (
    Authenticate,
    Close,
    Command,
    Login,
    Select,
    Unauthenticate,
    Unselect,
)

__all__ = ["ALLOWED", "Condition", "State", "state_after"]


class Condition(Enum):
    """The condition of a tagged answer (RFC 9051 7.1)."""

    OK = b"OK"
    NO = b"NO"
    BAD = b"BAD"


class State(Enum):
    NOT_AUTHENTICATED = "not authenticated"
    AUTHENTICATED = "authenticated"
    SELECTED = "selected"
    LOGOUT = "logout"


ANY = frozenset({State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED})
STRANGER = frozenset({State.NOT_AUTHENTICATED})
KNOWN = frozenset({State.AUTHENTICATED, State.SELECTED})
IN_MAILBOX = frozenset({State.SELECTED})

ALLOWED: dict[bytes, frozenset[State]] = {
    **dict.fromkeys((b"CAPABILITY", b"NOOP", b"LOGOUT", b"ID"), ANY),
    **dict.fromkeys((b"STARTTLS", b"LOGIN", b"AUTHENTICATE"), STRANGER),
    **dict.fromkeys(
        (b"ENABLE", b"SELECT", b"EXAMINE", b"CREATE", b"DELETE", b"RENAME", b"SUBSCRIBE"), KNOWN
    ),
    **dict.fromkeys(
        (b"UNSUBSCRIBE", b"LIST", b"LSUB", b"NAMESPACE", b"STATUS", b"APPEND", b"IDLE"), KNOWN
    ),
    **dict.fromkeys((b"GETQUOTA", b"GETQUOTAROOT", b"UNAUTHENTICATE", b"COMPRESS"), KNOWN),
    **dict.fromkeys((b"GETMETADATA", b"SETMETADATA", b"ESEARCH", b"COMPARATOR"), KNOWN),
    **dict.fromkeys((b"SETACL", b"DELETEACL", b"GETACL", b"LISTRIGHTS", b"MYRIGHTS"), KNOWN),
    **dict.fromkeys((b"GENURLAUTH", b"RESETKEY", b"URLFETCH", b"NOTIFY"), KNOWN),
    **dict.fromkeys((b"CHECK", b"CLOSE", b"UNSELECT", b"EXPUNGE", b"UID EXPUNGE"), IN_MAILBOX),
    **dict.fromkeys((b"SEARCH", b"UID SEARCH", b"FETCH", b"UID FETCH"), IN_MAILBOX),
    **dict.fromkeys((b"SORT", b"UID SORT", b"THREAD", b"UID THREAD"), IN_MAILBOX),
    **dict.fromkeys((b"STORE", b"UID STORE", b"COPY", b"UID COPY"), IN_MAILBOX),
    **dict.fromkeys((b"MOVE", b"UID MOVE", b"REPLACE", b"UID REPLACE", b"UIDBATCHES"), IN_MAILBOX),
    b"CANCELUPDATE": IN_MAILBOX,
}

# (command, condition) -> the state it leads to; every other answer leaves the state as it is.
# A SELECT that fails leaves no mailbox selected (RFC 9051 6.3.2).
TRANSITIONS: dict[tuple[type[Command], Condition], State] = {
    (Login, Condition.OK): State.AUTHENTICATED,
    (Authenticate, Condition.OK): State.AUTHENTICATED,
    (Select, Condition.OK): State.SELECTED,
    (Select, Condition.NO): State.AUTHENTICATED,
    (Close, Condition.OK): State.AUTHENTICATED,
    (Unselect, Condition.OK): State.AUTHENTICATED,
    (Unauthenticate, Condition.OK): State.NOT_AUTHENTICATED,
}


def state_after(state: State, command: type[Command], condition: Condition) -> State:
    """The state once this command has been answered so."""
    return TRANSITIONS.get((command, condition), state)
