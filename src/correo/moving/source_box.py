"""Read one mailbox of another IMAP server: what is in it, and the messages themselves.

A message the server will not give, or gives no octets of, is told of and passed over; so is none
of its neighbours, for what is refused together is asked again one by one.

RFC 9051    6.4.5    FETCH, BODY.PEEK[]: nothing is marked as read
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from correo.clients.imap import ImapClient, ImapReplyError
from correo.mailbox.flags import canonical
from correo.mailbox.spool import Spool
from correo.message.identifiers import first_identifier
from correo.moving.filing import possible_flags
from correo.store.api import BlobStore
from correo.wire.imap.response_types import FetchData
from correo.wire.imap.values import Streamed

__all__ = ["Fetched", "Listed", "Refused", "fetch_messages", "list_messages", "message_ids"]

CHUNK = 100  # messages asked for at a time
CHUNK_OCTETS = 16 * 1024 * 1024
WHOLE = b"BODY[]"
ITEMS = "(UID INTERNALDATE BODY.PEEK[])"


@dataclass(slots=True)
class Listed:
    """A message there. flags: those that can be here, canonical."""

    uid: int
    flags: str
    size: int


@dataclass(slots=True)
class Fetched:
    """A message that has come."""

    uid: int
    source: bytes | Spool
    internal_date: int | None


@dataclass(slots=True)
class Refused:
    """A message that has not; reason completes a sentence."""

    uid: int
    reason: str


async def list_messages(client: ImapClient) -> dict[int, Listed]:
    """All messages of the mailbox that is open, by UID, ascending."""
    if client.mailbox is None or not client.mailbox.exists:
        return {}
    found = {}
    async for data in client.fetch("1:*", "(UID FLAGS RFC822.SIZE)", by_uid=False):
        if data.uid is not None and data.flags is not None and data.size is not None:
            flags = canonical(possible_flags(data.flags))
            found[data.uid] = Listed(data.uid, flags, data.size)
    return dict(sorted(found.items()))


async def message_ids(client: ImapClient, uids: Sequence[int]) -> dict[int, bytes]:
    """The Message-ID of each, as the index here has it."""
    found = {}
    async for data in client.fetch(uids, "(UID ENVELOPE)"):
        if data.uid is not None and data.envelope is not None:
            found[data.uid] = first_identifier(data.envelope.message_id)
    return found


async def fetch_messages(
    client: ImapClient, wanted: Sequence[Listed], blobs: BlobStore
) -> AsyncIterator[Fetched | Refused]:
    """The messages, streamed where they are large; one that was expunged meanwhile is not there.

    Raises:
        ImapConnectionError
        ImapReplyError: the server asks to come later.
    """
    for chunk in chunks(wanted):
        left = {each.uid for each in chunk}
        try:
            async for one in fetch_chunk(client, left, blobs):
                yield one
        except ImapReplyError as error:
            if error.is_temporary:
                raise
            for uid in sorted(left):  # what has come already must not come twice
                async for one in fetch_one(client, uid, blobs):
                    yield one


async def fetch_one(
    client: ImapClient, uid: int, blobs: BlobStore
) -> AsyncIterator[Fetched | Refused]:
    try:
        async for one in fetch_chunk(client, {uid}, blobs):
            yield one
    except ImapReplyError as error:
        if error.is_temporary:
            raise
        yield Refused(uid, f"the server does not give it: {error.text}")


async def fetch_chunk(
    client: ImapClient, left: set[int], blobs: BlobStore
) -> AsyncIterator[Fetched | Refused]:
    """left: UIDs to ask for; those that have come are taken out of it."""
    spools: dict[int, Spool] = {}

    def sink(number: int, label: bytes, _: int) -> Spool | None:
        if label != WHOLE:
            return None
        spools[number] = Spool(blobs)
        return spools[number]

    try:
        async for data in client.fetch(sorted(left), ITEMS, sink=sink):
            if data.uid not in left or WHOLE not in data.sections:
                continue
            left.discard(data.uid)
            yield arrived(data, spools)
    finally:
        for spool in spools.values():
            spool.abort()


def arrived(data: FetchData, spools: dict[int, Spool]) -> Fetched | Refused:
    assert data.uid is not None
    content = data.sections[WHOLE]
    if isinstance(content, Streamed):
        return Fetched(data.uid, spools.pop(data.number), data.internal_date)
    if not content:
        return Refused(data.uid, "the server gives no octets of it")
    return Fetched(data.uid, content, data.internal_date)


def chunks(wanted: Sequence[Listed]) -> Iterator[list[Listed]]:
    chunk: list[Listed] = []
    octets = 0
    for each in wanted:
        if chunk and (len(chunk) >= CHUNK or octets + each.size > CHUNK_OCTETS):
            yield chunk
            chunk, octets = [], 0
        chunk.append(each)
        octets += each.size
    if chunk:
        yield chunk
