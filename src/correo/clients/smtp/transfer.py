"""Take one message over an open dialogue: its transaction, its content and how long to wait.

`SmtpClient` uses it for one message, `row` for many.

RFC 5321    4.5.3.2  time-outs
"""

from correo.base.blobs import Blob
from correo.base.errors import DamagedStore
from correo.clients.smtp.dialogue import SmtpDialogue
from correo.wire.smtp.client.envelope import Envelope, SendOutcome
from correo.wire.smtp.client.extensions import Extensions
from correo.wire.smtp.client.transaction import Transaction
from correo.wire.smtp.data import has_bare_line_end

__all__ = ["Transfer"]

SMALL_CONTENT = 64 * 1024  # octets that go along with the envelope, before we know it is wanted
CONTENT_STEP = 256 * 1024  # octets read and sent at a time


class Transfer:
    """`begin`, then `step` until `is_done`; then there is an `outcome`.

    Args:
        is_behind, is_in_row: as of `Transaction`.

    Raises:
        UsageError: the peer cannot carry it.
    """

    def __init__(
        self,
        dialogue: SmtpDialogue,
        envelope: Envelope,
        octets: bytes | Blob,
        *,
        is_behind: bool = False,
        is_in_row: bool = False,
    ) -> None:
        self._dialogue = dialogue
        self._engine = dialogue.engine
        self._octets = octets
        self.size = len(octets) if isinstance(octets, bytes) else octets.size
        self._uses_chunks = may_use_chunks(envelope, octets, self._engine.extensions)
        is_small = self._uses_chunks and self.size <= SMALL_CONTENT
        self._transaction = Transaction(
            self._engine,
            envelope,
            size=self.size,
            uses_chunks=self._uses_chunks,
            small_content=octets if is_small and isinstance(octets, bytes) else None,
            is_behind=is_behind,
            is_in_row=is_in_row,
        )

    @property
    def is_done(self) -> bool:
        return self._transaction.is_done

    @property
    def is_said(self) -> bool:
        """Whether another message may begin behind this one."""
        return self._transaction.is_said

    def begin(self) -> None:
        """Say the envelope. Raises ValueError for an address; then nothing is said."""
        self._transaction.begin()

    async def step(self) -> None:
        """Put the content if it is wanted, else take the next answer.

        Raises:
            SmtpConnectionError
            DamagedStore: the blob cannot be read whole.
        """
        if self._transaction.wants_content:
            await self._put_content()
            self._transaction.content_put()
            return
        stage = self._engine.awaited
        self._transaction.take(await self._dialogue.event(stage, self._patience(stage)))

    def outcome(self) -> SendOutcome:
        return self._transaction.outcome()

    async def _put_content(self) -> None:
        if self._uses_chunks:
            self._engine.begin_chunk(self.size, is_last=True)
        for start in range(0, self.size, CONTENT_STEP):
            if self._engine.is_closed:  # dismissed while we were sending
                return
            length = min(CONTENT_STEP, self.size - start)
            if isinstance(self._octets, bytes):
                self._engine.content(self._octets[start : start + length])
            else:
                self._engine.content(await whole_range(self._octets, start, length))
            if start + length < self.size:  # the last octets leave together with the end
                await self._dialogue.drain()
        if not self._uses_chunks and not self._engine.is_closed:
            self._engine.end_content()

    def _patience(self, stage: str) -> float:
        timeouts = self._dialogue.timeouts
        if stage == "DATA":
            return timeouts.data
        return timeouts.final if stage in ("CONTENT", "BDAT") else timeouts.command


def may_use_chunks(envelope: Envelope, octets: bytes | Blob, offered: Extensions) -> bool:
    if "CHUNKING" not in offered:
        return False
    if envelope.body == "BINARYMIME":
        return "BINARYMIME" in offered
    # DATA mends a bare CR or LF, BDAT would show it to the peer as it is.
    return not (isinstance(octets, bytes) and has_bare_line_end(octets))


async def whole_range(blob: Blob, start: int, length: int) -> bytes:
    octets = await blob.read(start, length)
    if len(octets) != length:
        raise DamagedStore("a stored message is shorter than its index says")
    return octets
