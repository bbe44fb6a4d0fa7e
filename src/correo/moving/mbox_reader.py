"""Take an mbox apart: where each message begins, what was changed in it, and its flags.

A message begins behind a line "From sender date" at the start or after an empty line; lines that
only look like it, without a date, belong to the message. One ">" is taken from lines
that were quoted (mboxrd, and mboxo as far as that can be undone). Flags stand in the header fields
that mail programs put there; those that are only about the mbox are taken out.

RFC 4155    the format in general; Appendix A

Departures: Content-Length is not believed, for programs that edit messages leave it wrong.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from correo.message import headers
from correo.message.dates import parse_date
from correo.moving.model import MESSAGE_LIMIT, Broken, FoundMessage, as_message

__all__ = ["is_mbox", "read_mbox"]

SEPARATOR = re.compile(rb"From .*?((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b.*\d:\d\d.*)")
LINE_STEP = 1024 * 1024  # octets of a line taken at a time
SEPARATOR_LIMIT = 300  # octets of a line in which the date is looked for
QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
ONLY_OF_THE_MBOX = (b"status", b"x-status", b"x-keywords", b"x-uid", b"x-imap", b"x-imapbase")
STATUS_LETTERS = {
    b"R": "\\Seen",
    b"A": "\\Answered",
    b"F": "\\Flagged",
    b"T": "\\Draft",
    b"D": "\\Deleted",
}
MOZILLA_BITS = {
    0x0001: "\\Seen",
    0x0002: "\\Answered",
    0x0004: "\\Flagged",
    0x0008: "\\Deleted",
    0x1000: "$Forwarded",
}
INTERNAL_DATA = b"FOLDER INTERNAL DATA"  # the message of UW-IMAP and Pine that is none


def is_mbox(start: bytes) -> bool:
    """Whether a file that begins so is an mbox."""
    return start.startswith(b"From ")


def read_mbox(file: BinaryIO, name: str) -> Iterator[FoundMessage | Broken]:
    """The messages of an mbox, as they come; memory for one at a time."""
    for number, (separator, octets) in enumerate(split(file), start=1):
        origin = f"{name}, message {number}"
        try:
            found = read_one(origin, separator, octets)
        except ValueError as error:
            yield Broken(origin, str(error))
            continue
        if found is not None:
            yield found


def split(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Each message with the line before it; more than a message may have is cut off."""
    separator, lines, size = b"", list[bytes](), 0
    after_empty = is_start = True
    for line in iter(lambda: file.readline(LINE_STEP), b""):
        if after_empty and line.startswith(b"From ") and SEPARATOR.match(line[:SEPARATOR_LIMIT]):
            if separator or size:
                yield separator, joined(lines)
            separator, lines, size = line, [], 0
        elif size <= MESSAGE_LIMIT:
            lines.append(line)
            size += len(line)
        after_empty = is_start and line in (b"\n", b"\r\n")
        is_start = line.endswith(b"\n")
    if separator or size:
        yield separator, joined(lines)


def joined(lines: list[bytes]) -> bytes:
    """Without the empty line that belongs to the mbox."""
    if lines and lines[-1] in (b"\n", b"\r\n"):
        lines.pop()
    return b"".join(lines)


def read_one(origin: str, separator: bytes, octets: bytes) -> FoundMessage | None:
    """None for the message that holds only another program's notes. Raises ValueError."""
    octets = as_message(QUOTED.sub(rb"\1", octets))
    end = octets.find(b"\r\n\r\n")
    header = octets[: end + 4] if end >= 0 else octets
    subject = headers.first(header, b"subject") or b""
    if INTERNAL_DATA in subject and headers.first(header, b"x-imap") is not None:
        return None
    kept = headers.select(header, ONLY_OF_THE_MBOX, exclude=True)
    match = SEPARATOR.match(separator[:SEPARATOR_LIMIT])
    moment = parse_date(match[1].strip()) if match is not None else None
    return FoundMessage(origin, kept + octets[len(header) :], flags_of(header), moment)


def flags_of(header: bytes) -> tuple[str, ...]:
    """What Status, X-Status, X-Keywords, Mozilla's and Gmail's fields say."""
    letters = (headers.first(header, b"status") or b"") + (
        headers.first(header, b"x-status") or b""
    )
    flags = [flag for letter, flag in STATUS_LETTERS.items() if letter in letters]
    flags += [
        word.decode("ascii", "replace")
        for word in (headers.first(header, b"x-keywords") or b"").split()
    ]
    return tuple(dict.fromkeys(flags + mozilla_flags(header) + gmail_flags(header)))


def mozilla_flags(header: bytes) -> list[str]:
    try:
        bits = int(headers.first(header, b"x-mozilla-status") or b"0", 16)
    except ValueError:
        return []
    return [flag for bit, flag in MOZILLA_BITS.items() if bits & bit]


def gmail_flags(header: bytes) -> list[str]:
    """Of an archive that Google Takeout has made."""
    labels = headers.first(header, b"x-gmail-labels")
    if labels is None:
        return []
    names = [name.strip().lower() for name in labels.split(b",")]
    flags = [] if b"unread" in names else ["\\Seen"]
    return flags + (["\\Flagged"] if b"starred" in names else [])
