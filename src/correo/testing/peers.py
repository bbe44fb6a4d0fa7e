"""Other people's mail servers in the hands of a test: no socket, every answer in a script.

    peers = FakePeers()
    peers.host("192.0.2.1").answers = [Answer("450 4.2.0 greylisted"), Answer()]

Each `Answer` is for one message, the last one for all that follow. What a peer has accepted is in
`received`. It takes the place of `delivery.connector` under the queue runner.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from correo.base.errors import PeerError
from correo.clients.security import TlsMode
from correo.delivery.exchangers import Host
from correo.delivery.job import LinkLost
from correo.delivery.link import mode_of
from correo.delivery.verdict import DeliveryFailure, Verdict
from correo.queue.routes import Smarthost
from correo.store.queue import QueuedMessage, RecipientState

__all__ = ["Answer", "Delivery", "FakePeer", "FakePeers", "PeerTls"]

OK = "250 2.0.0 accepted"


class PeerTls(Enum):
    """What a peer does about STARTTLS."""

    NONE = "none"  # does not offer it
    GOOD = "good"
    REFUSED = "refused"  # offers it, and says no
    HANDSHAKE = "handshake"  # ends in the handshake
    IN_CLEAR = "in clear"  # says yes, and goes on in clear
    NAME = "name"  # shows the certificate of another host
    EXPIRED = "expired"  # ... one that is over
    UNTRUSTED = "untrusted"  # ... one that it has signed itself


NO_TLS = {PeerTls.NONE: "the server does not offer TLS", PeerTls.REFUSED: "454 4.7.0 not now"}
BROKEN = {
    PeerTls.HANDSHAKE: "the connection ended in the handshake",
    PeerTls.IN_CLEAR: "the server spoke on in clear",
}
BAD_CERTIFICATE = {
    PeerTls.NAME: "the certificate is for another name",
    PeerTls.EXPIRED: "the certificate has expired",
    PeerTls.UNTRUSTED: "the certificate is not from an authority that is trusted here",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer says to one message.

    reply: to all recipients, unless `recipients` has another for an address.
    loses: the connection breaks instead. error: our own code fails.
    """

    reply: str = OK
    recipients: Mapping[str, str] = field(default_factory=dict)
    loses: bool = False
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as a peer has it."""

    message_id: str
    reverse_path: str
    recipients: tuple[str, ...]
    content: object
    connection: int
    is_encrypted: bool = False


@dataclass
class FakePeer:
    """One host.

    refuses: what it says to a connection instead of a greeting; "down" for no answer at all.
    tls: what it does about STARTTLS. reports: whether it offers DSN. most_connections: at once; more are refused with 421.
    """

    refuses: str = ""
    answers: list[Answer] = field(default_factory=lambda: [Answer()])
    reports: bool = False
    most_connections: int = 1000
    tls: PeerTls = PeerTls.NONE
    received: list[Delivery] = field(default_factory=list)
    connections: int = 0
    open_connections: int = 0
    attempts: int = 0
    gate: asyncio.Event | None = None

    def mood(self) -> str:
        """What is said to a connection; "" for a greeting, "down" for nothing at all."""
        return self.refuses

    async def answer_to(self, reverse_path: str, addresses: Sequence[str]) -> Answer:
        """To the message that is offered now."""
        if self.gate is not None:
            await self.gate.wait()
        self.attempts += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def keep(self, delivery: Delivery) -> None:
        """It was accepted."""
        self.received.append(delivery)


class FakePeers:
    """A `delivery.remote.Connector`: hosts by address; an unknown one does not answer."""

    def __init__(self) -> None:
        self._hosts: dict[str, FakePeer] = {}
        self.smarthosts: list[Smarthost] = []

    def add(self, address: str, peer: FakePeer) -> None:
        """A host of another kind at this address."""
        self._hosts[address] = peer

    def host(self, address: str) -> FakePeer:
        """The host at this address, made when first named."""
        return self._hosts.setdefault(address, FakePeer())

    async def connect(self, host: Host, smarthost: Smarthost | None) -> "FakeLink":
        await asyncio.sleep(0)
        if smarthost is not None:
            self.smarthosts.append(smarthost)
        peer = self._hosts.get(host.address)
        mood = "down" if peer is None else peer.mood()
        if peer is None or mood == "down":
            raise DeliveryFailure("4.4.1", f"connection to {host} refused", host=host.name)
        if mood:
            raise DeliveryFailure(status_of(mood), mood, host=host.name)
        if peer.open_connections >= peer.most_connections:
            raise DeliveryFailure("4.7.0", "421 4.7.0 too many connections", host=host.name)
        peer.connections += 1
        is_encrypted = encrypt(peer, host, smarthost)
        peer.open_connections += 1
        return FakeLink(host, peer, peer.connections, is_encrypted=is_encrypted)


def encrypt(peer: FakePeer, host: Host, smarthost: Smarthost | None) -> bool:
    """Whether TLS is in force at last, by the rules of `delivery.link`: demanded and checked where
    a smarthost says so, else as far as it goes, and in clear where it does not (RFC 7435).

    Raises DeliveryFailure: it is demanded.
    """
    is_demanded = smarthost is not None and mode_of(smarthost) is not TlsMode.OPPORTUNISTIC
    trouble = {**NO_TLS, **BROKEN, **BAD_CERTIFICATE}.get(peer.tls, "")
    if is_demanded and trouble:
        raise DeliveryFailure("4.4.1", f"{host}: {trouble}", host=host.name)
    if peer.tls in BROKEN:
        peer.connections += 1  # comes again, in clear
    return peer.tls not in NO_TLS and peer.tls not in BROKEN


class FakeLink:
    """A connection to a fake peer; a `delivery.remote.Link`."""

    def __init__(self, host: Host, peer: FakePeer, number: int, *, is_encrypted: bool) -> None:
        self.host = host
        self._is_encrypted = is_encrypted
        self.is_usable = True
        self._peer = peer
        self._number = number

    async def deliver(self, message: QueuedMessage, positions: Sequence[int]) -> list[Verdict]:
        await asyncio.sleep(0)
        if not self.is_usable:
            raise PeerError("used after the end")
        peer = self._peer
        addresses = [message.recipients[each].address for each in positions]
        answer = await peer.answer_to(message.reverse_path, addresses)
        if answer.error is not None:
            raise answer.error
        if answer.loses:
            self.is_usable = False
            raise LinkLost(DeliveryFailure("4.4.2", "connection lost", host=self.host.name))
        verdicts = [self._verdict(answer.recipients.get(a, answer.reply)) for a in addresses]
        taken = tuple(
            address
            for address, verdict in zip(addresses, verdicts, strict=True)
            if verdict.status.startswith("2")
        )
        if taken:
            sender, content = message.reverse_path, message.content
            delivery = Delivery(
                message.id, sender, taken, content, self._number, self._is_encrypted
            )
            await peer.keep(delivery)
        return verdicts

    async def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        self.is_usable = False
        self._peer.open_connections -= 1

    def _verdict(self, reply: str) -> Verdict:
        passed = RecipientState.PASSED_ON if self._peer.reports else RecipientState.RELAYED
        states = {"2": passed, "4": RecipientState.WAITING, "5": RecipientState.FAILED}
        return Verdict(states[reply[0]], status_of(reply), reply, self.host.name)


def status_of(reply: str) -> str:
    """The enhanced status code of "450 4.2.0 text"; x.0.0 if it has none."""
    words = reply.split()
    if len(words) > 1 and words[1].count(".") == 2:
        return words[1]
    return f"{reply[0]}.0.0"
