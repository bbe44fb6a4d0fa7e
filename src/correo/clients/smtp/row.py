"""Send message after message, the next before the answer to the last has come.

Each begins as soon as nothing of the one before it is left to say: its commands leave in the same
group as that one's content. Where the peer has CHUNKING a small message is one group with its
envelope, and so several of them are under way at once, up to the limits below.

RFC 2920    3.1      RSET and MAIL may stand behind the content of the message before

Cost: a round trip for many messages with CHUNKING, one for each without, two without PIPELINING.
"""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from correo.base.blobs import Blob
from correo.base.errors import UsageError
from correo.clients.smtp.dialogue import SmtpDialogue
from correo.clients.smtp.transfer import Transfer
from correo.wire.smtp.client.envelope import Envelope, SendOutcome
from correo.wire.smtp.client.extensions import Extensions
from correo.wire.smtp.paths import write_path

__all__ = ["Row", "joined", "parts_of"]

MOST_UNDER_WAY = 32  # messages
MOST_OCTETS = 256 * 1024  # of theirs


class Row:
    """The messages of one call, in order.

    Args:
        count: called before each transaction begins (a message takes one, mostly). Raises
            UsageError if there may be no more of them.
    """

    def __init__(self, dialogue: SmtpDialogue, count: Callable[[], None]) -> None:
        self._dialogue = dialogue
        self._count = count
        self._under_way: deque[tuple[Transfer, bool]] = deque()  # and: is it a message's last one?
        self._answered: list[SendOutcome] = []  # of the message that is not answered whole
        self._octets = 0  # of the contents under way
        self._is_clean = True  # whether MAIL may be said without RSET

    @property
    def is_under_way(self) -> bool:
        """Whether messages have begun that have no answer yet."""
        return bool(self._under_way)

    async def send(
        self, messages: Iterable[tuple[Envelope, bytes | Blob]]
    ) -> AsyncGenerator[SendOutcome, None]:
        """The outcome of each, in the order given; see `SmtpClient.send_many`."""
        trouble: Exception | None = None
        try:
            for envelope, octets in messages:
                try:
                    for part, is_last in parts_of(envelope, self._dialogue.engine.extensions):
                        while not self._has_room():
                            if (outcome := await self._advance()) is not None:
                                yield outcome
                        self._begin(part, octets, is_last=is_last)
                except (UsageError, ValueError) as error:
                    trouble = error
                    break
            while self._under_way:
                if (outcome := await self._advance()) is not None:
                    yield outcome
        except BaseException:
            if self._under_way:
                self._under_way.clear()
                self._dialogue.connection.abort()  # there is no way back into step
            raise
        await self._clean_up()
        if trouble is not None:
            raise trouble

    def _has_room(self) -> bool:
        if not self._under_way:
            return True
        is_small = len(self._under_way) < MOST_UNDER_WAY and self._octets < MOST_OCTETS
        return is_small and self._is_pipelining and self._under_way[-1][0].is_said

    @property
    def _is_pipelining(self) -> bool:
        return "PIPELINING" in self._dialogue.engine.extensions

    def _begin(self, envelope: Envelope, octets: bytes | Blob, *, is_last: bool) -> None:
        self._dialogue.connection.send()  # an address that cannot be written withdraws only itself
        transfer = Transfer(
            self._dialogue,
            envelope,
            octets,
            is_behind=self._is_pipelining and (self.is_under_way or not self._is_clean),
            is_in_row=self._is_pipelining,
        )
        self._count()
        transfer.begin()
        self._octets += transfer.size
        self._under_way.append((transfer, is_last))

    async def _advance(self) -> SendOutcome | None:
        """A step of the first that has no answer yet; a message's outcome if that was its last."""
        transfer, is_last = self._under_way[0]
        await transfer.step()
        if not transfer.is_done:
            return None
        self._under_way.popleft()
        self._octets -= transfer.size
        self._answered.append(transfer.outcome())
        if not is_last:
            return None
        outcome, self._answered = joined(self._answered), []
        self._is_clean = outcome.message is not None and outcome.message.code < 300
        return outcome

    async def _clean_up(self) -> None:
        """Behind a message that was refused, nobody has reset yet."""
        if self._is_pipelining and not self._is_clean and self._dialogue.is_open:
            self._dialogue.engine.reset()
            await self._dialogue.answer("RSET")


def parts_of(envelope: Envelope, offered: Extensions) -> Iterator[tuple[Envelope, bool]]:
    """The transactions a message takes, and whether each is its last (RFC 9422 RCPTMAX).

    Raises ValueError: an address cannot be written.
    """
    recipients = envelope.recipients
    step = offered.limit("RCPTMAX") or len(recipients)
    if len(recipients) <= step:
        yield envelope, True
        return
    for each in recipients:
        write_path(each.address)  # before anything is said
    for start in range(0, len(recipients), step):
        part = replace(envelope, recipients=recipients[start : start + step])
        yield part, start + step >= len(recipients)


def joined(outcomes: Sequence[SendOutcome]) -> SendOutcome:
    """What became of one message that took several transactions."""
    if len(outcomes) == 1:
        return outcomes[0]
    recipients = [each for outcome in outcomes for each in outcome.recipients]
    return SendOutcome(recipients, outcomes[-1].mail, outcomes[-1].message)
