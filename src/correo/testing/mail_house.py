"""Accounts, mailboxes, queue and door over a temporary folder: mail may come in, nothing leaves.

async with MailHouse(tmp_path) as house:
    session = house.connect(Role.MX)
    await session.mail("zoe@remote.test", MailParameters())
    ...
    assert await house.inbox("ana@correo.test") == [...]
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from correo.accounts.directory import Directory
from correo.delivery.local import LocalDelivery
from correo.filters import LoopCheck, Pipeline
from correo.intake import Acceptance, DoorSettings, MailIntake, Role
from correo.intake.api import IntakeSession, MailParameters, PeerInfo, RecipientParameters
from correo.intake.handoff import Handoff
from correo.queue.routes import Routes
from correo.queue.schedule import Schedule
from correo.queue.waiting_room import WaitingRoom
from correo.store.directory import (
    Account,
    AddressKey,
    AliasEntry,
    Credentials,
    Domain,
    NewAccount,
)
from correo.store.memory.directory import MemoryDirectory
from correo.store.memory.queue import MemoryQueue
from correo.store.memory.store import MemoryStore
from correo.store.model import AccountId, Column
from correo.store.queue import QueuedMessage
from correo.testing.clock import FakeClock
from correo.trace.journey import Journal

__all__ = ["MailHouse"]

DOMAIN = "correo.test"
STRANGER = "192.0.2.55"


class MailHouse:
    """All parts by name. `correo.test` has ana@ and bob@.

    Args:
        settings: further settings of every door, by name.
        handoff: in place of direct delivery into the mailboxes.
    """

    def __init__(
        self,
        *,
        routes: Routes | None = None,
        journal: Journal | None = None,
        handoff: Handoff | None = None,
        **settings: Any,
    ) -> None:
        self.clock = FakeClock()
        self.directory_store = MemoryDirectory()
        self.directory = Directory(self.directory_store)
        self.queue = MemoryQueue()
        self.room = WaitingRoom(self.queue, lease="me")
        self.routes = routes or Routes()
        self._journal = journal
        self._handoff = handoff
        self._settings = settings
        self._ids = 0

    async def __aenter__(self) -> "MailHouse":
        self.store = MemoryStore(self.clock)
        await self.directory_store.add_domain(Domain(DOMAIN))
        await self.add_account("ana@correo.test")
        await self.add_account("bob@correo.test")
        acceptance = Acceptance(
            blobs=self.store.blobs,
            handoff=self._handoff or LocalDelivery(self.store),
            room=self.room,
            schedule=Schedule(),
            pipeline=Pipeline([LoopCheck(30)]),
            journal=self._journal,
        )
        doors = {role: DoorSettings(role, "mail.correo.test", **self._settings) for role in Role}
        self.intake = MailIntake(
            doors,
            directory=self.directory,
            acceptance=acceptance,
            routes=self.routes,
            clock=self.clock,
            make_id=self._next_id,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.room.close()

    async def add_account(self, address: str, *, quota: int = 0) -> None:
        """A local account with its mailboxes."""
        account = Account(AccountId(address.replace("@", ".")), address, quota=quota)
        domain = address.rpartition("@")[2]
        await self.directory_store.add_accounts(
            [NewAccount(account, AddressKey(address), domain, Credentials())]
        )
        await self.store.create(account.id)

    async def add_alias(self, address: str, *targets: str) -> None:
        """An alias in correo.test."""
        await self.directory_store.set_alias(
            AddressKey(address), DOMAIN, AliasEntry(address, targets)
        )

    def connect(
        self, role: Role = Role.MX, *, login: str | None = None, address: str = STRANGER
    ) -> IntakeSession:
        """A connection at a door."""
        protocol = "LMTP" if role is Role.LMTP else "ESMTPA" if login else "ESMTP"
        peer = PeerInfo(address, 40000, 25, helo="client.test", protocol=protocol, login=login)
        return self.intake.connect(peer, role)

    async def bring(
        self,
        session: IntakeSession,
        content: bytes,
        *recipients: str,
        sender: str = "zoe@remote.test",
        parameters: MailParameters | None = None,
        recipient_parameters: RecipientParameters | None = None,
        step: int = 1_000_000,
    ) -> str:
        """A whole transaction; the message's id. Raises Refusal."""
        await session.mail(sender, parameters or MailParameters())
        for each in recipients or ("ana@correo.test",):
            await session.recipient(each, recipient_parameters or RecipientParameters())
        receiver = await session.receive()
        for start in range(0, len(content), step):
            receiver.write(content[start : start + step])
        return (await session.finish(receiver)).message_id

    async def inbox(self, address: str = "ana@correo.test") -> list[bytes]:
        """What lies in an INBOX, whole messages in order."""
        account = await self.store.open(AccountId(address.replace("@", ".")))
        mailbox = await account.mailbox("INBOX")
        snapshot = await account.snapshot(mailbox.id)
        found: list[bytes] = []
        async for rows in account.fetch(mailbox.id, snapshot.uids, [Column.OCTETS]):
            for (octets,) in rows:
                if isinstance(octets, bytes):
                    found.append(octets)
                else:
                    found.append(await octets.read(0, octets.size))  # type: ignore[attr-defined]  # a Blob
        return found

    async def queued(self) -> Sequence[QueuedMessage]:
        """What waits in the queue, with its content."""
        return await self.queue.claim(float("inf"), "test", 1000)

    def _next_id(self, now: float) -> str:
        self._ids += 1
        return f"M{self._ids}"
