"""What one pass over a message's octets leaves behind: enough that nobody parses it again.

`scan` (in `message.scan`) makes it, at acceptance. FETCH, SEARCH, SORT, THREAD and the user agents answer
from it and from ranges of the stored octets.

RFC 5322, 2045-2047, 2231, 6532; RFC 9051 7.5.2 for the ready ENVELOPE and BODYSTRUCTURE
"""

from dataclasses import dataclass

__all__ = ["MessageIndex"]


@dataclass(slots=True)
class MessageIndex:
    """The index of one message.

    size: octets of the whole message.
    header_size: octets of the header with the empty line that ends it.
    envelope, bodystructure, body: ready IMAP octets, parentheses included.
    structure: compact, versioned encoding of the MIME tree with byte ranges; read back by
        `message.structure.Structure.decode`.
    sent_date: the Date field in seconds since 1970 UTC, None if missing or unreadable.
    base_subject: RFC 5256 2.1, decoded, for SORT and THREAD.
    message_id, in_reply_to, references: identifiers without angle brackets, b"" / () if none.
    preview: up to 200 characters of text, decoded (RFC 8970).
    has_attachment: whether a part is meant to be saved rather than shown.
    """

    size: int
    header_size: int
    envelope: bytes
    bodystructure: bytes
    body: bytes
    structure: bytes
    sent_date: int | None
    base_subject: str
    message_id: bytes
    in_reply_to: tuple[bytes, ...]
    references: tuple[bytes, ...]
    preview: str
    has_attachment: bool
