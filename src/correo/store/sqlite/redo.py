"""Say in the journal what was appended, so that it can be appended again: one record an append.

`account` makes the records, `recovery` reads them. A record is its length and CRC-32 (both 32 bits,
little-endian), then a `Redo` in MessagePack. A segment is read up to the first record that is not
whole: nothing behind it was ever acknowledged.

Cost: 3 µs and a copy of the message.
"""

import struct
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

import msgspec

from correo.store.model import AccountId, Appended, MailboxId
from correo.store.sqlite.filing import Letter

__all__ = ["Redo", "RedoLetter", "encode", "read_segment", "record"]

HEAD = struct.Struct("<II")


class RedoLetter(msgspec.Struct, array_like=True, omit_defaults=True):
    """A message as it was handed in. Its index is made again when it is needed."""

    flags: str
    internal_date: int
    octets: bytes = b""
    digest: str | None = None  # of the blob that holds the octets, and its size
    size: int = 0


class Redo(msgspec.Struct, array_like=True):
    """One append: where its first message went, and what it was.

    written_at: nanoseconds; of two records for one number, the later one was committed last.
    number: the change number of the first letter; the others have the ones behind it.
    """

    written_at: int
    account: str
    mailbox: int
    uid: int
    number: int
    now: int
    letters: list[RedoLetter]


encoder = msgspec.msgpack.Encoder()
decoder = msgspec.msgpack.Decoder(Redo)


def record(
    account: AccountId,
    mailbox: MailboxId,
    filed: Sequence[Appended],
    letters: Sequence[Letter],
    now: int,
) -> bytes:
    """What the journal keeps of an append that has just been done."""
    first = filed[0]
    redo = Redo(
        time.time_ns(), account, mailbox, first.uid, first.modseq, now, list(map(kept, letters))
    )
    return encode(redo)


def kept(letter: Letter) -> RedoLetter:
    if letter.digest is not None:
        return RedoLetter(letter.flags, letter.internal_date, b"", letter.digest, letter.index.size)
    assert letter.header is not None
    assert letter.body is not None
    return RedoLetter(letter.flags, letter.internal_date, b"".join((letter.header, letter.body)))


def encode(redo: Redo) -> bytes:
    body = encoder.encode(redo)
    return HEAD.pack(len(body), crc32(body)) + body


def read_segment(path: Path) -> Iterator[Redo]:
    """The whole records of a segment, in order. Any octets will do."""
    octets = memoryview(path.read_bytes())
    start = 0
    while start + HEAD.size <= len(octets):
        length, checksum = HEAD.unpack_from(octets, start)
        body = octets[start + HEAD.size : start + HEAD.size + length]
        if len(body) < length or crc32(body) != checksum:
            return
        try:
            yield decoder.decode(body)
        except msgspec.DecodeError:
            return
        start += HEAD.size + length
