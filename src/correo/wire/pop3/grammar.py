"""What a POP3 command line may look like, and in which state it may come.

RFC 1939    3, 9     commands; the states
RFC 2449    3, 4     grammar, lengths: a command has at most 255 octets
RFC 5034    3, 4     AUTH and its responses
RFC 6856    2, 3     UTF8, LANG; names and passwords in UTF-8

Departures: a line may be longer than 255 octets (MAX_LINE), since names and passwords in UTF-8
and initial SASL responses are; a line may end in LF alone, as people type it. Spaces at the end
of a command are ignored, but not those of PASS: they are part of the password (RFC 1939 7).
"""

import base64
import binascii
import re
from dataclasses import dataclass
from enum import Enum, auto

from correo.wire.pop3.phrases import Phrase

__all__ = [
    "COMMANDS",
    "MAX_LINE",
    "MAX_RESPONSE",
    "BadCommand",
    "Rule",
    "State",
    "decode_base64",
    "parse",
]

MAX_LINE = 2048  # octets; RFC 2449 4 asks for 255
MAX_RESPONSE = 12288  # octets of a base64 line in AUTH (RFC 4954 4 has the same)


class BadCommand(Exception):
    """A command breaks the protocol; the phrase says how. It never leaves the engine."""

    def __init__(self, phrase: Phrase, *values: object) -> None:
        super().__init__(phrase.name)
        self.phrase = phrase
        self.values = values


class State(Enum):
    """UPDATE is what QUIT does in TRANSACTION, and leads to CLOSED."""

    AUTHORIZATION = auto()
    TRANSACTION = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """One command: where it may come, and its arguments behind "KEYWORD "."""

    states: tuple[State, ...]
    arguments: re.Pattern[bytes]


AUTHORIZATION = (State.AUTHORIZATION,)
TRANSACTION = (State.TRANSACTION,)
BOTH = AUTHORIZATION + TRANSACTION

NONE = re.compile(rb"")
NUMBER = re.compile(rb"([0-9]{1,10})")
OPTIONAL_NUMBER = re.compile(rb"([0-9]{1,10})?")

COMMANDS = {
    b"USER": Rule(AUTHORIZATION, re.compile(rb"([^\0\r]+)")),
    b"PASS": Rule(AUTHORIZATION, re.compile(rb"([^\0\r]+)")),
    b"APOP": Rule(AUTHORIZATION, re.compile(rb"([^\0\r]+) ([0-9a-f]{32})")),
    b"AUTH": Rule(AUTHORIZATION, re.compile(rb"([A-Za-z0-9_-]{1,20})(?: ([A-Za-z0-9+/=]+))?")),
    b"STLS": Rule(AUTHORIZATION, NONE),
    b"UTF8": Rule(AUTHORIZATION, NONE),
    b"CAPA": Rule(BOTH, NONE),
    b"LANG": Rule(BOTH, re.compile(rb"(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)?")),
    b"NOOP": Rule(TRANSACTION, NONE),
    b"STAT": Rule(TRANSACTION, NONE),
    b"LIST": Rule(TRANSACTION, OPTIONAL_NUMBER),
    b"UIDL": Rule(TRANSACTION, OPTIONAL_NUMBER),
    b"RETR": Rule(TRANSACTION, NUMBER),
    b"TOP": Rule(TRANSACTION, re.compile(rb"([0-9]{1,10}) ([0-9]{1,10})")),
    b"DELE": Rule(TRANSACTION, NUMBER),
    b"RSET": Rule(TRANSACTION, NONE),
    b"QUIT": Rule(BOTH, NONE),
}


def parse(line: bytes) -> tuple[bytes, bytes]:
    """Keyword in capitals and the rest of the line; spaces at the end are gone except for PASS."""
    keyword, _, rest = line.partition(b" ")
    keyword = keyword.upper()
    return keyword, rest if keyword == b"PASS" else rest.rstrip(b" ")


def decode_base64(octets: bytes) -> bytes | None:
    """The octets of a SASL response; None if it is not base64."""
    try:
        return base64.b64decode(octets, validate=True)
    except binascii.Error:
        return None
