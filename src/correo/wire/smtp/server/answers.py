"""Answer whole messages: taken or refused, at once or when the client has gone on already.

RFC 5321    4.1.1.4  the reply to the end of the content; 6.1 after 250 the message is ours
RFC 2033    4.2      LMTP: one reply for each accepted recipient
RFC 2920    3.2      replies in the order of the commands
"""

from correo.base.errors import Refusal, UsageError
from correo.wire.smtp.replies import reply_code_of, write_reply
from correo.wire.smtp.server.dialogue import Dialogue
from correo.wire.smtp.server.events import ContentComplete, Event
from correo.wire.smtp.server.options import ServerOptions
from correo.wire.smtp.server.output import Place

__all__ = ["MessageAnswers"]

UNANSWERED_LIMIT = 32  # messages of one connection


class MessageAnswers:
    """The part of the engine that answers ContentComplete.

    Where `place` is None the message is the one that is asked about now; else `answer_later` gave
    the place.
    """

    __slots__ = ("_dialogue",)

    def __init__(self, options: ServerOptions) -> None:
        self._dialogue = Dialogue(options)

    @property
    def can_answer_later(self) -> bool:
        """Whether few enough wait, so few that they cannot be too many errors."""
        dialogue = self._dialogue
        waiting = dialogue.output.places + 1
        may_err = dialogue.errors + waiting < dialogue.options.max_errors
        return waiting <= UNANSWERED_LIMIT and may_err

    def answer_later(self) -> Place:
        """To ContentComplete: the client may go on, and the reply comes for this place."""
        dialogue = self._answer(ContentComplete)
        place = Place(dialogue.recipients, utf8=dialogue.utf8)
        dialogue.output.keep(place)
        dialogue.end_transaction()
        return place

    def accept_message(self, text: str, place: Place | None = None) -> None:
        """The message is ours, durably."""
        place = place or self.answer_later()
        times = place.recipients if self._dialogue.options.is_lmtp else 1
        self._taken(place, [write_reply(250, "2.0.0", text, utf8=place.utf8)] * times)

    def send_outcomes(
        self, outcomes: list[tuple[int, str, str]], place: Place | None = None
    ) -> None:
        """LMTP: reply code, status and text for each accepted recipient, in order."""
        place = place or self.answer_later()
        if len(outcomes) != place.recipients:
            raise UsageError(f"{len(outcomes)} outcomes for {place.recipients} recipients")
        self._taken(place, [write_reply(*each, utf8=place.utf8) for each in outcomes])

    def refuse_message(self, refusal: Refusal, place: Place) -> None:
        """The message is not taken. 421 is said as 451: the dialogue has gone on meanwhile."""
        code = refusal.reply or reply_code_of(refusal.status)
        reply = write_reply(
            451 if code == 421 else code, refusal.status, refusal.told, utf8=place.utf8
        )
        times = place.recipients if self._dialogue.options.is_lmtp else 1
        self._dialogue.output.fill(place, [reply] * times)
        if code >= 500:
            self._dialogue.errors += times

    # inside

    def _answer(self, *expected: type[Event]) -> Dialogue:
        dialogue = self._dialogue
        if not isinstance(dialogue.question, expected):
            raise UsageError(f"{expected[0].__name__} is not the open question")
        dialogue.question = None
        return dialogue

    def _taken(self, place: Place, replies: list[bytes]) -> None:
        dialogue = self._dialogue
        dialogue.output.fill(place, replies)
        dialogue.messages += 1
        dialogue.errors = dialogue.commands = 0
