"""Say what one line of the trace is: something a peer said, or a step of a message's journey.

Lines are JSON, one object each, so that they can be read with any tool.
"""

from typing import Protocol

import msgspec

__all__ = ["Kind", "Pen", "Record", "decode", "encode"]


class Kind:
    """What a record tells; the values stand in the files."""

    OPENED = "opened"  # a connection: text is "server" or "client", our role
    SAID = "said"  # a line of the dialogue
    ENDED = "ended"  # the connection is gone
    STEP = "step"  # a message: see `journey`


class Record(msgspec.Struct, omit_defaults=True, frozen=True):
    """One line of the trace.

    at: seconds since 1970 UTC.
    session: which connection, "" for a step of a message.
    message: which message, "" for a line of a dialogue.
    side: "C" or "S", who said it.
    text: the words, masked and cut; for a step its name.
    details: what else there is to know, by name.
    """

    at: float
    kind: str
    text: str = ""
    session: str = ""
    message: str = ""
    side: str = ""
    details: dict[str, str] = {}


class Pen(Protocol):
    """What takes records down: the `Ring`, or a list in a test."""

    def append(self, record: Record) -> None:
        """Take a record down, now or a moment later. Never fails."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    """One line with its end."""
    return _encoder.encode(record) + b"\n"


def decode(line: bytes) -> Record | None:
    """The record, None for a line that is torn (its writer was killed)."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
