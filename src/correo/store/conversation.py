"""Tell which messages belong together: the keys by which a new message finds its thread.

Two messages are of one thread if they share a message identifier, in whichever of Message-ID,
In-Reply-To and References, and their base subjects are the same. Identifier and subject go into
one key, so that a thread is found by looking keys up and nothing else. A message that would join
two threads goes to the older one; nothing that has been told ever changes.

RFC 8474    5.2      THREADID
RFC 8621    3        the rule
RFC 5256    2.1      base subject (made by the index)

Cost: 1 µs per identifier.
"""

from hashlib import blake2b

from correo.message.index import MessageIndex

__all__ = ["email_id", "mailbox_object_id", "thread_id", "thread_keys"]

IDENTIFIERS_USED = 30  # of one message; ours, so that a hostile References costs little


def thread_keys(index: MessageIndex) -> list[int]:
    """Signed 64-bit keys, no two alike; empty for a message without identifiers."""
    subject = "".join(index.base_subject.split()).casefold().encode("utf-8", "surrogatepass")
    related = (*index.in_reply_to, *reversed(index.references))  # the nearest ones first
    found = {key(index.message_id, subject)} if index.message_id else set()
    for identifier in related[:IDENTIFIERS_USED]:
        found.add(key(identifier, subject))
    return sorted(found)


def key(identifier: bytes, subject: bytes) -> int:
    digest = blake2b(identifier + b"\0" + subject, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def email_id(message: int) -> str:
    """EMAILID of a message by its number in the account (RFC 8474 5.1)."""
    return f"M{message:x}"


def thread_id(thread: int) -> str:
    """THREADID by the number of the thread's first message (RFC 8474 5.2)."""
    return f"T{thread:x}"


def mailbox_object_id(mailbox: int) -> str:
    """MAILBOXID (RFC 8474 4)."""
    return f"F{mailbox:x}"
