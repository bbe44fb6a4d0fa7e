"""Say which command may come when: the state machine of the server, as one table.

RFC 5321    4.1.4 order of commands: NOOP, HELP, EXPN, VRFY and RSET at any time; MAIL begins a
            transaction, RCPT and DATA belong to it, EHLO and RSET end it
            3.1 after a 554 greeting only QUIT is answered kindly
RFC 3030    2 DATA and BDAT do not mix in one transaction; RFC 4468 3.2 BURL and BDAT do
RFC 3207    4; RFC 4954 4: STARTTLS and AUTH stand outside transactions
RFC 2033    4.2 DATA without an accepted recipient is 503

A verb that is missing under a phase gets that phase's 503.
"""

from enum import IntEnum, auto

__all__ = ["ALLOWED", "NOT_NOW", "Mode", "Phase"]


class Phase(IntEnum):
    """Where the dialogue stands."""

    START = auto()  # before EHLO
    READY = auto()  # no transaction
    MAIL = auto()  # MAIL accepted, no recipient yet
    RECIPIENTS = auto()  # at least one recipient accepted
    CHUNKS = auto()  # BDAT or BURL has begun
    TURNED_AWAY = auto()  # greeted with 554


class Mode(IntEnum):
    """What the next octets are."""

    COMMANDS = auto()  # command lines
    DATA = auto()  # message content up to CRLF.CRLF
    CHUNK = auto()  # octets of one BDAT
    URL = auto()  # nothing: the session puts in what a BURL names
    SASL = auto()  # one line of a SASL exchange
    CLOSED = auto()  # nothing: the dialogue is over


ANY_TIME = frozenset(
    {b"NOOP", b"HELP", b"QUIT", b"RSET", b"VRFY", b"EXPN", b"EHLO", b"HELO", b"LHLO"}
)

ALLOWED = {
    Phase.START: ANY_TIME | {b"XCLIENT"},
    Phase.READY: ANY_TIME | {b"MAIL", b"STARTTLS", b"AUTH", b"XCLIENT"},
    Phase.MAIL: ANY_TIME | {b"RCPT"},
    Phase.RECIPIENTS: ANY_TIME | {b"RCPT", b"DATA", b"BDAT", b"BURL"},
    Phase.CHUNKS: ANY_TIME | {b"BDAT", b"BURL"},
    Phase.TURNED_AWAY: frozenset({b"QUIT"}),
}

NOT_NOW = {
    Phase.START: "say EHLO first",
    Phase.READY: "MAIL comes first",
    Phase.MAIL: "a transaction is open and has no accepted recipient",
    Phase.RECIPIENTS: "a transaction is open",
    Phase.CHUNKS: "BDAT or BURL has begun: only these or RSET can follow",
    Phase.TURNED_AWAY: "mail from you is not taken here: QUIT",
}
