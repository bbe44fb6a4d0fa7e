"""A queue runner with everything around it in the hands of a test: clock, DNS, peers, mailboxes.

    async with QueueWorld() as world:
        world.dns.mx["b.test"] = [(10, "mx.b.test")]
        ...
        await world.send("zoe@b.test")
        await world.clock.advance(5 * 86400)

Five days pass in milliseconds. `correo.test` is local, with the account ana@correo.test.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType

from correo.accounts.directory import Directory
from correo.delivery.bounce import Bounces
from correo.delivery.exchangers import Exchangers
from correo.delivery.job import RemoteLimits
from correo.delivery.local import LocalDelivery
from correo.delivery.remote import Remote
from correo.delivery.routing import Router
from correo.delivery.runner import Runner, RunnerLimits
from correo.delivery.verdict import Verdict
from correo.queue.routes import Routes
from correo.queue.schedule import Schedule
from correo.queue.waiting_room import WaitingRoom
from correo.store.directory import Account, AddressKey, Credentials, Domain, NewAccount
from correo.store.memory.blobs import MemoryBlobStore
from correo.store.memory.directory import MemoryDirectory
from correo.store.memory.queue import MemoryQueue
from correo.store.model import AccountId
from correo.store.queue import QueuedMessage, QueuedRecipient, QueueStore, RecipientState
from correo.testing.clock import FakeClock
from correo.testing.dns import FakeDns
from correo.testing.peers import FakePeer, FakePeers
from correo.trace.journey import Journal

__all__ = ["Homes", "QueueWorld", "run"]

CONTENT = b"From: ana@correo.test\r\nSubject: hello\r\n\r\nHello.\r\n"


class Homes(LocalDelivery):
    """Mailboxes that remember what came, by address."""

    def __init__(self) -> None:
        self.came: list[tuple[str, QueuedMessage]] = []
        self.answer = Verdict(RecipientState.DELIVERED, "2.1.5", "delivered to the mailbox")

    async def bring_home(
        self, message: QueuedMessage, accounts: Sequence[Account]
    ) -> list[Verdict]:
        await asyncio.sleep(0)
        if self.answer.state is RecipientState.DELIVERED:
            self.came += [(account.address, message) for account in accounts]
        return [self.answer] * len(accounts)

    def texts(self, address: str = "ana@correo.test") -> list[str]:
        """The contents that came to an address."""
        return [
            message.content.decode("utf-8", "replace")
            for to, message in self.came
            if to == address and isinstance(message.content, bytes)
        ]


class QueueWorld:
    """All parts by name; the runner runs while the block does."""

    def __init__(
        self,
        *,
        store: QueueStore | None = None,
        routes: Routes | None = None,
        schedule: Schedule | None = None,
        limits: RemoteLimits | None = None,
        runner_limits: RunnerLimits | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.dns = FakeDns()
        self.peers = FakePeers()
        self.homes = Homes()
        self.blobs = MemoryBlobStore(self.clock)
        self.accounts = MemoryDirectory()
        self.store = MemoryQueue() if store is None else store
        self.schedule = schedule or Schedule()
        self.routes = routes or Routes()
        self._limits = limits or RemoteLimits(idle_s=0.0)
        self._runner_limits = runner_limits or RunnerLimits(record_delay_s=0)
        self._journal = journal
        self._ids = 0
        self.room = WaitingRoom(self.store, lease="me")

    async def __aenter__(self) -> "QueueWorld":
        await self.accounts.add_domain(Domain("correo.test"))
        await self.add_account("ana@correo.test")
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def start(self) -> None:
        """A new runner, as of a new process."""
        exchangers = Exchangers(
            self.dns, own_names=("mail.correo.test",), own_addresses=(), shuffle=list.reverse
        )
        self.remote = Remote(exchangers, self.peers, self._limits)
        self.runner = Runner(
            room=self.room,
            schedule=self.schedule,
            clock=self.clock,
            router=Router(Directory(self.accounts), self.routes, self.clock),
            local=self.homes,
            remote=self.remote,
            bounces=Bounces("mail.correo.test", self.schedule, self.blobs, make_id=self._next_id),
            random=lambda: 0.5,
            journal=self._journal,
            limits=self._runner_limits,
            alive=lambda lease: lease == "alive",
        )
        self.task = asyncio.get_running_loop().create_task(self.runner.run())

    async def stop(self) -> None:
        """The runner's orderly end."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.runner.close()

    def kill(self) -> None:
        """End everything at once, as kill -9 would: nothing is written down any more."""
        self.room.inlet = None
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def left(self) -> int:
        """Messages that wait in the queue."""
        return (await self.store.counts()).messages

    async def add_account(self, address: str) -> None:
        """A local account."""
        account = Account(AccountId(address), address)
        key = AddressKey(address)
        domain = address.rpartition("@")[2]
        await self.accounts.add_accounts([NewAccount(account, key, domain, Credentials())])

    async def send(
        self, *recipients: str | QueuedRecipient, sender: str = "ana@correo.test", **fields: object
    ) -> QueuedMessage:
        """Put a message into the queue; strings are plain recipients."""
        now = self.clock.now()
        message = QueuedMessage(
            id=self._next_id(now),
            reverse_path=sender,
            recipients=[QueuedRecipient(r) if isinstance(r, str) else r for r in recipients],
            content=CONTENT,
            arrived=now,
            expires=self.schedule.expires(now),
            due=now,
        )
        for name, value in fields.items():
            setattr(message, name, value)
        await self.room.enqueue(message)
        return message

    def host(self, domain: str, address: str = "192.0.2.1") -> FakePeer:
        """Give a domain one MX at this address, with a peer that accepts everything."""
        self.dns.mx[domain] = [(10, f"mx.{domain}")]
        self.dns.table[f"mx.{domain}"] = [address]
        return self.peers.host(address)

    def _next_id(self, now: float) -> str:
        self._ids += 1
        return f"M{self._ids}"


def run(
    body: Callable[[QueueWorld], Awaitable[None]], world: Callable[[], QueueWorld] = QueueWorld
) -> None:
    """Let a test's coroutine have a world of its own."""

    async def whole() -> None:
        async with world() as inside:
            await body(inside)

    asyncio.run(whole())
