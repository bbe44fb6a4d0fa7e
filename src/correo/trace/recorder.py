"""Take down what is said on one connection, for as long as tracing is on.

The wiring gives each connection a recorder from its `Tracer`, or None; with None there is no cost
at all. Secrets and bodies never reach the ring: `dialogue` and the protocols' files see to it.
"""

import itertools
import os

from correo.base.clock import Clock
from correo.trace.dialogue import Dialogue
from correo.trace.imap import ImapDialogue
from correo.trace.pop3 import Pop3Dialogue
from correo.trace.record import Kind, Pen, Record
from correo.trace.smtp import SmtpDialogue

__all__ = ["DialogueRecorder", "Tracer"]

DIALOGUES: dict[str, type[Dialogue]] = {
    "smtp": SmtpDialogue,
    "submission": SmtpDialogue,
    "submissions": SmtpDialogue,
    "lmtp": SmtpDialogue,
    "pop3": Pop3Dialogue,
    "pop3s": Pop3Dialogue,
    "imap": ImapDialogue,
    "imaps": ImapDialogue,
}


class DialogueRecorder:
    """One connection's recorder; a `net.output.Recorder`."""

    def __init__(
        self, pen: Pen, clock: Clock, session: str, dialogue: Dialogue, *, is_server: bool
    ) -> None:
        self.session = session
        self._pen = pen
        self._clock = clock
        self._dialogue = dialogue
        self._is_server = is_server
        self._is_over = False

    def received(self, octets: bytes) -> None:
        self._take(octets, from_client=self._is_server)

    def sent(self, octets: bytes) -> None:
        self._take(octets, from_client=not self._is_server)

    def ended(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._pen.append(Record(self._clock.now(), Kind.ENDED, session=self.session))

    def _take(self, octets: bytes, *, from_client: bool) -> None:
        now = self._clock.now()
        side = "C" if from_client else "S"
        for text in self._dialogue.feed(octets, from_client=from_client):
            self._pen.append(Record(now, Kind.SAID, text, session=self.session, side=side))


class Tracer:
    """Makes recorders. One per process."""

    def __init__(self, pen: Pen, clock: Clock) -> None:
        self.pen = pen
        self._clock = clock
        self._numbers = itertools.count(1)
        self._prefix = f"{os.getpid():x}"

    def recorder(
        self, protocol: str, *, is_server: bool, peer: tuple[str, int], local: tuple[str, int]
    ) -> DialogueRecorder:
        """A recorder for a connection that is open now.

        Args:
            protocol: the name of the listener: smtp, submission, lmtp, pop3, imap...
        """
        session = f"{self._prefix}-{next(self._numbers)}"
        self.pen.append(
            Record(
                self._clock.now(),
                Kind.OPENED,
                "server" if is_server else "client",
                session=session,
                details={
                    "protocol": protocol,
                    "peer": f"{peer[0]}:{peer[1]}",
                    "local": f"{local[0]}:{local[1]}",
                },
            )
        )
        return DialogueRecorder(
            self.pen, self._clock, session, DIALOGUES[protocol](), is_server=is_server
        )
