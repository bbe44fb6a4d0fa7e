"""Simulate the part of the internet that a test's mail goes to: domains, and servers with moods.

    shop = mail.internet.domain("shop.example")
    shop.is_down = True
    ...
    mail.clock.advance(days=1)
    shop.is_down = False
    mail.clock.advance(hours=6)
    assert shop.messages[0].subject == "Order"

No packet leaves the process. The queue, its retries and its reports are the real ones; the servers
are `FakePeer`s behind a DNS of tables. Domains that are not simulated stay with the catcher.

RFC 5321    4.5.4.1  what the queue does meanwhile
RFC 6647    2        greylisting
"""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from correo.accounts.address import normal_domain
from correo.base.clock import Clock
from correo.clients.smtp import SmtpTimeouts
from correo.mailbox.sections import read_blob
from correo.queue.routes import Routes
from correo.store.api import BlobStore
from correo.store.model import StoredBlob
from correo.testing.dns import FakeDns
from correo.testing.peers import Answer, Delivery, FakePeer, FakePeers
from correo.testing.received import MailAssertionError, MessageEnvelope, ReceivedMessage

__all__ = ["Internet", "SimulatedServer"]

NETWORK = "192.0.2"  # RFC 5737 3: documentation, so nobody's
MOST_DOMAINS = 250
PATIENCE_S = SmtpTimeouts().final


class SimulatedServer(FakePeer):
    """The one mail host of a simulated domain.

    Attributes:
        domain, host, address: what DNS says.
        is_down: nobody answers.
        greeting_refusal: said instead of a greeting, "554 5.7.1 go away"; "" to greet.
        greylist_s: how long a pair of sender and recipient is deferred.
        delay_s: before the answer to a message, seconds of the test's clock; beyond ten minutes
            the queue's patience is over, and the connection lost.
        tls: what it does about STARTTLS (`PeerTls`): at first it offers none.
        refused: recipients with the reply each gets, whatever their case; "" stands for all
            others.
        messages: what it has accepted.
        attempts: messages offered so far.
    """

    def __init__(self, domain: str, address: str, clock: Clock, blobs: BlobStore) -> None:
        super().__init__()
        self.domain = domain
        self.host = f"mx.{domain}"
        self.address = address
        self.is_down = False
        self.greeting_refusal = ""
        self.greylist_s = 0.0
        self.delay_s = 0.0
        self.refused: dict[str, str] = {}
        self.messages: list[ReceivedMessage] = []
        self._clock = clock
        self._blobs = blobs
        self._first_seen: dict[tuple[str, str], float] = {}
        self._news = threading.Condition()

    def wait_for(self, count: int = 1, *, timeout: float = 5.0) -> list[ReceivedMessage]:
        """All that has come, once it is so many; real seconds. From any thread but the server's.

        Raises MailAssertionError: fewer came in time.
        """
        with self._news:
            if not self._news.wait_for(lambda: len(self.messages) >= count, timeout):
                raise MailAssertionError(
                    f"{len(self.messages)} of {count} messages came to {self.domain} in"
                    f" {timeout:g} s, in {self.attempts} attempts"
                )
            return list(self.messages)

    # what the queue meets

    def mood(self) -> str:
        return "down" if self.is_down else self.greeting_refusal or self.refuses

    async def answer_to(self, reverse_path: str, addresses: Sequence[str]) -> Answer:
        if self.delay_s:
            await self._clock.sleep(min(self.delay_s, PATIENCE_S))
        if self.delay_s > PATIENCE_S:
            self.attempts += 1
            return Answer(loses=True)
        answer = await super().answer_to(reverse_path, addresses)
        replies = {address: self._reply(reverse_path, address) for address in addresses}
        refused = {address: reply for address, reply in replies.items() if reply}
        return Answer(answer.reply, {**answer.recipients, **refused}, answer.loses, answer.error)

    async def keep(self, delivery: Delivery) -> None:
        await super().keep(delivery)
        content = delivery.content
        if isinstance(content, StoredBlob):
            content = await read_blob(self._blobs.open(content), 0, content.size)
        assert isinstance(content, bytes)
        envelope = MessageEnvelope(
            delivery.reverse_path, delivery.recipients, is_encrypted=delivery.is_encrypted
        )
        number = len(self.messages) + 1
        with self._news:
            self.messages.append(
                ReceivedMessage(content, account=self.domain, uid=number, envelope=envelope)
            )
            self._news.notify_all()

    def _reply(self, reverse_path: str, address: str) -> str:
        replies = {each.casefold(): reply for each, reply in self.refused.items()}
        refused = replies.get(address.casefold()) or replies.get("", "")
        if refused or not self.greylist_s:
            return refused
        now = self._clock.now()
        first = self._first_seen.setdefault((reverse_path, address), now)
        return "" if now >= first + self.greylist_s else "450 4.2.0 greylisted, try again later"


@dataclass(frozen=True, slots=True)
class RoutesBesideInternet(Routes):
    """Routes of a house whose catcher leaves the simulated domains alone."""

    simulated: Collection[str] = ()

    def catches(self, domain: str) -> bool:
        return domain not in self.simulated and Routes.catches(self, domain)


class Internet:
    """Domains by name, made when first asked for."""

    def __init__(self, clock: Clock, blobs: BlobStore) -> None:
        self.resolver = FakeDns()
        self.connector = FakePeers()
        self._clock = clock
        self._blobs = blobs
        self._domains: dict[str, SimulatedServer] = {}

    def domain(self, name: str) -> SimulatedServer:
        """A domain with an MX host that takes everything, until it is told otherwise. Name it
        before anything is sent there. Raises Refusal: it can be none."""
        name = normal_domain(name)
        if name not in self._domains:
            number = len(self._domains) + 1
            if number > MOST_DOMAINS:
                raise ValueError(f"there is room for {MOST_DOMAINS} domains")
            server = SimulatedServer(name, f"{NETWORK}.{number}", self._clock, self._blobs)
            self.connector.add(server.address, server)
            self.resolver.table[server.host] = [server.address]
            self.resolver.mx[name] = [(10, server.host)]
            self._domains[name] = server
        return self._domains[name]

    def fail_dns(self, name: str, *, failing: bool = True) -> None:
        """Give no answer for this name (SERVFAIL), or answer again."""
        self.resolver.fail(normal_domain(name), failing=failing)

    def routes(self, catcher: str) -> Routes:
        """For the house: simulated domains by their MX, everything else to the catcher."""
        return RoutesBesideInternet(catcher=catcher, simulated=self._domains.keys())
