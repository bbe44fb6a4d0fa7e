"""An intake that keeps messages in memory: what SMTP servers and clients are tried with.

Names decide what happens: a recipient nobody@ is unknown, full@ is refused at DATA for want of
disk space, disk@ runs out of it while the content arrives, spam@ is refused at the end, over@ is
over quota in LMTP, slow@ yields to the loop a few times, later@ is answered when `gate` is open; a
sender refused@ is not let in.
"""

import asyncio
from dataclasses import dataclass, field, replace

from correo.base.errors import NotFound, Refusal, StorageFull, UsageError
from correo.intake.api import (
    Accepted,
    MailParameters,
    MessageReceiver,
    Outcome,
    PeerInfo,
    RecipientParameters,
    Role,
)

__all__ = ["FakeIntake", "FakeIntakeSession", "FakeMessage"]

BANISHED = "192.0.2.66"  # a peer from here is turned away


@dataclass(slots=True)
class FakeMessage:
    """What came in."""

    peer: PeerInfo
    reverse_path: str
    parameters: MailParameters
    recipients: list[tuple[str, RecipientParameters]] = field(default_factory=list)
    octets: bytes = b""


class FakeReceiver:
    def __init__(self, *, is_full: bool) -> None:
        self._pieces: list[bytes] = []
        self._is_full = is_full
        self.aborts = 0

    def write(self, octets: bytes) -> None:
        if self._is_full:
            raise StorageFull
        self._pieces.append(octets)

    @property
    def size(self) -> int:
        return sum(map(len, self._pieces))

    @property
    def octets(self) -> bytes:
        return b"".join(self._pieces)

    def abort(self) -> None:
        self.aborts += 1


class FakeIntake:
    """An `Intake`; `messages` is what was accepted, `sessions` everyone who came."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.messages: list[FakeMessage] = []
        self.sessions: list[FakeIntakeSession] = []

    def connect(self, peer: PeerInfo, role: Role) -> "FakeIntakeSession":
        if peer.address == BANISHED:
            raise Refusal("5.7.1", "not you", reply=554)
        session = FakeIntakeSession(self, peer, role)
        self.sessions.append(session)
        return session


class FakeIntakeSession:
    """An `IntakeSession`."""

    def __init__(self, intake: FakeIntake, peer: PeerInfo, role: Role) -> None:
        self.peer = peer
        self.role = role
        self.is_closed = False
        self.resets = 0
        self.waiting = 0  # messages, for `gate`
        self.message: FakeMessage | None = None
        self.receivers: list[FakeReceiver] = []
        self._intake = intake

    async def mail(self, reverse_path: str, parameters: MailParameters) -> None:
        if reverse_path.startswith("refused@"):
            raise Refusal("5.7.1", "not you", reply=550)
        self.message = FakeMessage(replace(self.peer), reverse_path, parameters)

    async def recipient(self, forward_path: str, parameters: RecipientParameters) -> None:
        if forward_path.startswith("nobody@"):
            raise NotFound("nobody of this name is here")
        if forward_path.startswith("slow@"):
            for _ in range(5):
                await asyncio.sleep(0)
        self._open().recipients.append((forward_path, parameters))

    async def receive(self) -> MessageReceiver:
        if "full" in self._names():
            raise StorageFull
        receiver = FakeReceiver(is_full="disk" in self._names())
        self.receivers.append(receiver)
        return receiver

    async def finish(self, receiver: MessageReceiver) -> Accepted:
        assert isinstance(receiver, FakeReceiver)
        names = self._names()
        message, self.message = self._open(), None
        if "later" in names:
            await self._wait()
        if "spam" in names:
            raise Refusal("5.7.1", "not that", reply=554)
        message.octets = receiver.octets
        self._intake.messages.append(message)
        return Accepted(f"number-{len(self._intake.messages)}")

    async def finish_each(self, receiver: MessageReceiver) -> list[Outcome]:
        message = self._open()
        names = self._names()
        await self.finish(receiver)
        return [
            Outcome(path, "4.2.2", "mailbox full", 452)
            if name == "over"
            else Outcome(path, "2.1.5", "delivered", 250)
            for name, (path, _) in zip(names, message.recipients, strict=True)
        ]

    def reset(self) -> None:
        self.resets += 1
        self.message = None

    async def verify(self, name: str) -> str:
        if name != "ana":
            raise Refusal("2.5.2", "cannot VRFY, but try", reply=252)
        return "ana@correo.test"

    async def expand(self, name: str) -> list[str]:
        if name != "staff":
            raise NotFound("no such list")
        return ["ana@correo.test", "bob@correo.test"]

    def closed(self) -> None:
        self.is_closed = True

    async def _wait(self) -> None:
        self.waiting += 1
        try:
            await self._intake.gate.wait()
        finally:
            self.waiting -= 1

    def _open(self) -> FakeMessage:
        if self.message is None:
            raise UsageError("no envelope is open")
        return self.message

    def _names(self) -> list[str]:
        return [path.partition("@")[0] for path, _ in self._open().recipients]
