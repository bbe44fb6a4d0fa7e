"""Make a message fit what one peer can carry: 8 bits or 7, UTF-8 addresses or none, its size.

`link` asks before each message. What needs nothing goes as it is; what the peer cannot carry is
re-encoded with its structure kept, and where that would lose something the recipient fails.

RFC 1870    6.2      what is larger than the peer takes is not sent: 5.3.4
RFC 6152    3        8BITMIME; a server must not send 8-bit content to one without it
RFC 3030    2, 3     BINARYMIME needs CHUNKING
RFC 6531    3.4, 3.5 SMTPUTF8; an ASCII local part goes on with its domain as A-labels
            3.9      what cannot: 5.6.7

Departures: 8-bit octets in a header that never were declared as SMTPUTF8 go to a peer with 8BITMIME
as they are, as they came.

Cost: one look for octets over 127 for 7-bit mail; re-encoding reads the message twice.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from correo.accounts.address import normal_domain
from correo.base.blobs import Blob
from correo.base.errors import Refusal, UsageError
from correo.clients.smtp import Envelope, EnvelopeRecipient, Extensions
from correo.delivery.verdict import Verdict
from correo.message.downgrade import needs, to_7bit
from correo.store.api import BlobStore
from correo.store.model import StoredBlob
from correo.store.queue import QueuedMessage, RecipientState

__all__ = ["Packed", "pack"]

THREAD_LIMIT = 256 * 1024  # octets re-encoded in the event loop; beyond, in a thread
NO_SMTPUTF8 = "5.6.7"


@dataclass(slots=True)
class Packed:
    """A message ready for one peer.

    positions: recipients in the envelope, in its order. failed: those that cannot go this way.
    """

    envelope: Envelope
    octets: bytes | Blob
    positions: list[int]
    failed: dict[int, Verdict]


async def pack(
    message: QueuedMessage,
    positions: Sequence[int],
    extensions: Extensions,
    blobs: BlobStore | None = None,
) -> Packed:
    """Fit a message to a peer.

    Args:
        blobs: where its content is, if not in memory.

    Raises:
        Refusal: it cannot go to this peer at all, for any recipient; or its blob is damaged.
    """
    with_utf8 = "SMTPUTF8" in extensions
    wants_utf8 = message.smtputf8 or not is_ascii(message, positions)
    smtputf8 = wants_utf8 and with_utf8
    if wants_utf8 and not with_utf8:
        reverse_path = in_ascii(message.reverse_path)
    else:
        reverse_path = message.reverse_path
    recipients: list[EnvelopeRecipient] = []
    going: list[int] = []
    failed: dict[int, Verdict] = {}
    for position in positions:
        each = message.recipients[position]
        try:
            address = each.address if smtputf8 else in_ascii(each.address)
        except Refusal as error:
            failed[position] = Verdict(RecipientState.FAILED, error.status, error.text)
            continue
        going.append(position)
        recipients.append(EnvelopeRecipient(address, each.notify, each.orcpt))
    body, octets = await fit(message, extensions, blobs, without_utf8=wants_utf8 and not with_utf8)
    check_size(octets, extensions.max_size)
    envelope = Envelope(
        reverse_path, recipients, smtputf8, body, ret=message.ret, envid=message.envid
    )
    return Packed(envelope, octets, going, failed)


def check_size(octets: bytes | Blob, limit: int) -> None:
    """Raises Refusal: the peer takes no message so large; limit 0 is none."""
    size = len(octets) if isinstance(octets, bytes) else octets.size
    if 0 < limit < size:
        words = f"the message has {size} octets, more than the {limit} that are taken there"
        raise Refusal("5.3.4", words, reply=552)


def is_ascii(message: QueuedMessage, positions: Sequence[int]) -> bool:
    return message.reverse_path.isascii() and all(
        message.recipients[each].address.isascii() for each in positions
    )


def in_ascii(address: str) -> str:
    """The address with its domain as A-labels. Raises Refusal if the local part needs more."""
    if address.isascii():
        return address
    local, at, domain = address.rpartition("@")
    if not at or not local.isascii():
        raise Refusal(NO_SMTPUTF8, f"the address {address} needs SMTPUTF8, which is not offered")
    return f"{local}@{normal_domain(domain)}"


async def fit(
    message: QueuedMessage, extensions: Extensions, blobs: BlobStore | None, *, without_utf8: bool
) -> tuple[str, bytes | Blob]:
    """The BODY parameter and the content that goes with it."""
    content = message.content
    if message.body != "BINARYMIME" and isinstance(content, bytes) and content.isascii():
        return "7BIT", content
    if message.body == "BINARYMIME":
        takes_it = "BINARYMIME" in extensions and "CHUNKING" in extensions
    else:
        takes_it = "8BITMIME" in extensions
    if takes_it and not without_utf8:
        body = "BINARYMIME" if message.body == "BINARYMIME" else "8BITMIME"
        return body, content if isinstance(content, bytes) else opened(content, blobs)
    if isinstance(content, StoredBlob):
        blob = opened(content, blobs)
        content = await blob.read(0, blob.size)
    if len(content) > THREAD_LIMIT:
        return await asyncio.to_thread(plainer, content, extensions, without_utf8=without_utf8)
    return plainer(content, extensions, without_utf8=without_utf8)


def opened(content: StoredBlob, blobs: BlobStore | None) -> Blob:
    if blobs is None:
        raise UsageError("a message in a blob needs the blobs")
    return blobs.open(content)


def plainer(content: bytes, extensions: Extensions, *, without_utf8: bool) -> tuple[str, bytes]:
    """The content for a peer that cannot take it as declared; often it needs less."""
    wanted = needs(content)
    if wanted.binary or (wanted.utf8_header and without_utf8):
        return "7BIT", to_7bit(content)
    if not wanted.eight_bit:
        return "7BIT", content
    if "8BITMIME" in extensions:
        return "8BITMIME", content
    return "7BIT", to_7bit(content)
