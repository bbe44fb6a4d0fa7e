"""Keep replies in the order of commands, also where one of them comes later.

A message takes a while to become durable. Meanwhile the engine may go on with what the client has
pipelined: the reply to the message has its place kept, and what stands behind waits for it.

RFC 2920    3.2    replies in the order of the commands

Cost: nothing while no place is kept; then one look along the replies that wait.
"""

from typing import cast

from correo.base.blobs import Chunk

__all__ = ["Output", "Place"]


class Place:
    """Where the reply to a message will stand.

    recipients: accepted ones, for LMTP answers each.
    utf8: whether the reply may be UTF-8 (RFC 6531 3.5).
    """

    __slots__ = ("recipients", "utf8")

    def __init__(self, recipients: int, *, utf8: bool) -> None:
        self.recipients = recipients
        self.utf8 = utf8


class Output:
    """What is to be sent, in order."""

    __slots__ = ("_chunks", "places")

    def __init__(self) -> None:
        self._chunks: list[bytes | Place] = []
        self.places = 0  # kept and not filled yet

    def append(self, octets: bytes) -> None:
        self._chunks.append(octets)

    def keep(self, place: Place) -> None:
        self._chunks.append(place)
        self.places += 1

    def fill(self, place: Place, replies: list[bytes]) -> None:
        """Raises ValueError: the place has been filled already."""
        at = self._chunks.index(place)
        self._chunks[at : at + 1] = replies
        self.places -= 1

    def take(self) -> list[Chunk]:
        """What can be sent now; it is forgotten here."""
        chunks = self._chunks
        if not chunks:
            return []
        if self.places:
            end = next(at for at, chunk in enumerate(chunks) if isinstance(chunk, Place))
            self._chunks = chunks[end:]
            chunks = chunks[:end]
        else:
            self._chunks = []
        return cast("list[Chunk]", chunks)
