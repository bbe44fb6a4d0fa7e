"""Keep the house of one test: the wiring of `correo dev` over a store in memory, and its people.

`MailServer` makes one per test, in its event loop, and gives it the connections that come while the
test runs. Everything here runs in that loop. Nothing survives the test, nothing reaches a disk, and
nothing leaves the machine: mail for elsewhere lands with the catcher, as in `correo dev`, except
for the domains of the simulated internet.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from correo.accounts.administration import Administration
from correo.accounts.passwords import HashCost, Passwords
from correo.app.config import Configuration, SubmissionSettings, TraceSettings
from correo.app.foundations import Foundations
from correo.app.wiring import Conveniences, House, Outside
from correo.base.clock import Clock
from correo.base.errors import NotFound
from correo.delivery.runner import RunnerLimits
from correo.filters.pipeline import Arriving, Verdict
from correo.mailbox.append import deliver, prepare
from correo.message.address import split_address
from correo.net.clock import SystemClock
from correo.net.driver import Connection
from correo.net.session import Session
from correo.store.api import AccountStore, Watch
from correo.store.bus import Bus
from correo.store.maildrop_lock import MemoryMaildropLocks
from correo.store.memory.directory import MemoryDirectory
from correo.store.memory.queue import MemoryQueue
from correo.store.memory.store import MemoryStore
from correo.store.model import MailboxId, Quota
from correo.testing import pedantry
from correo.testing.clock import FakeClock
from correo.testing.faults import Faults
from correo.testing.faulty_session import FaultySession
from correo.testing.internet import Internet
from correo.testing.mailbox_reader import MailboxReader
from correo.testing.received import MessageEnvelope, ReceivedMessage
from correo.trace.record import Record

__all__ = ["DOMAIN", "HOSTNAME", "Household", "HouseholdOptions"]

DOMAIN = "correo.test"
HOSTNAME = f"mail.{DOMAIN}"
CHEAP = HashCost(memory_kib=8, passes=1, scram_iterations=4096)  # nobody attacks a test
KEPT_RECORDS = 20_000  # lines of dialogue kept for a test that fails


@dataclass(frozen=True, slots=True)
class HouseholdOptions:
    """How one test wants its server.

    domain: of the addresses that are made from a name alone.
    virtual_time: time stands still but for `mail.clock.advance`.
    pedantic: what a lax server would forgive fails the test (`pedantry`).
    """

    domain: str = DOMAIN
    virtual_time: bool = False
    pedantic: bool = False


class Notes:
    """What was said, in memory; a `trace.record.Pen`."""

    def __init__(self) -> None:
        self.records: deque[Record] = deque(maxlen=KEPT_RECORDS)

    def append(self, record: Record) -> None:
        self.records.append(record)


class Envelopes:
    """Remembers the envelope of every message that comes to the door; a `Filter`."""

    name = "envelopes"
    is_instant = True

    def __init__(self) -> None:
        self.headers: list[bytes] = []
        self._by_id: dict[str, tuple[int, MessageEnvelope]] = {}

    async def check(self, message: Arriving) -> Verdict | None:
        envelope = MessageEnvelope(
            message.reverse_path, tuple(message.recipients), message.login or ""
        )
        self._by_id[message.message_id] = (len(self._by_id), envelope)
        self.headers.append(message.header)
        return None

    def find(self, message_id: str) -> tuple[int, MessageEnvelope | None]:
        """Which one it was, and the envelope; what did not come by SMTP counts as coming now."""
        return self._by_id.get(message_id, (len(self._by_id), None))


class Household:
    """One test's accounts, mail and rooms. Make it within the server's loop."""

    def __init__(self, options: HouseholdOptions) -> None:
        self.options = options
        self.clock: Clock = FakeClock() if options.virtual_time else SystemClock()
        self.faults = Faults(options.domain, self.clock)
        self.notes = Notes()
        self.envelopes = Envelopes()
        self.failures: list[BaseException] = []
        self.base = self._lay_foundations()
        self.store = self.base.store
        self.internet = Internet(self.clock, self.store.blobs)
        self.catcher = f"catcher@{options.domain}"
        self._administration = Administration(
            self.base.directory, self.clock, self.base.passwords, self.store.create
        )
        self.house = House(
            configuration(normalise_line_ends=not options.pedantic),
            Conveniences(lenient=True, catcher=self.catcher),
            base=self.base,
            outside=self._outside(),
        )
        self._readers: dict[str, MailboxReader] = {}
        self._watches: list[Watch] = []
        self._numbers = itertools.count(1)
        self._news = asyncio.Condition()
        self._making = asyncio.Lock()
        self._telling: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Start delivering; the catcher is there from the start."""
        await self.house.open(failed=self.failures.append)
        await self.ensure_user(self.catcher, password_of(self.catcher))

    async def close(self) -> None:
        """Let go of everything. Connections are gone by now."""
        for watch in self._watches:
            watch.close()
        await self.house.close()

    def next_number(self) -> int:
        """A number that nothing else in this test has."""
        return next(self._numbers)

    def make_session(self, name: str, connection: Connection) -> Session:
        """The session of a connection to this listener."""
        session = self.house.services[name].make_session(connection)
        return FaultySession(session, name, connection, self.faults)

    # people

    async def ensure_user(self, address: str, password: str) -> None:
        """Make the account, and its domain, if they are missing. Raises Refusal: a bad address."""
        async with self._making:
            if address in self._readers:
                return
            await self._administration.ensure_domain(split_address(address)[1])
            try:
                account = await self._administration.find(address)
            except NotFound:
                account = await self._administration.add_account(address, password)
            store = await self.store.open(account.id)
            self._readers[address] = MailboxReader(address, store, self.envelopes.find)
            self._watches.append(store.watch(self._tell))

    def has_user(self, address: str) -> bool:
        """Whether this address has an account, in this spelling."""
        return address in self._readers

    async def mail_of(self, address: str) -> AccountStore:
        """The account's mail, for faults and for filing. Raises NotFound."""
        return await self.store.open((await self._administration.find(address)).id)

    async def fill_quota(self, address: str) -> None:
        """Let nothing more fit into this account."""
        mail = await self.mail_of(address)
        await mail.set_quota(Quota(max(1, (await mail.usage())[0])))

    async def advance(self, seconds: float) -> None:
        """Move the virtual clock. Raises ValueError if there is none."""
        if not isinstance(self.clock, FakeClock):
            raise ValueError("time is real in this test: ask for virtual_time=True")
        await self.clock.advance(seconds)

    # mail

    async def messages(self, address: str = "", mailbox: str = "INBOX") -> list[ReceivedMessage]:
        """What lies in a mailbox of this account, or of all, in the order it came."""
        readers = [self._readers[address]] if address else list(self._readers.values())
        found: list[tuple[int, ReceivedMessage]] = []
        for reader in readers:
            found += await reader.read(mailbox)
        found.sort(key=lambda pair: pair[0])
        return [message for _, message in found]

    async def wait_for(
        self, fits: Callable[[ReceivedMessage], bool], mailbox: str, timeout_s: float
    ) -> ReceivedMessage:
        """The first message that fits, at once or as soon as it is there. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s), self._news:
            while True:
                for message in await self.messages(mailbox=mailbox):
                    if fits(message):
                        return message
                await self._news.wait()

    async def file(self, address: str, octets: bytes, mailbox: str, flags: str) -> None:
        """Put a message into a mailbox, as if it had come long ago."""
        prepared = await prepare(octets, self.store.blobs)
        account = await self.mail_of(address)
        await deliver(account, prepared, mailbox, flags=flags, create=True)

    async def complaints(self) -> list[str]:
        """What a pedant says of the messages that came, and of what was said; once each."""
        records = list(self.notes.records)
        utf8 = any(each.side == "C" and "SMTPUTF8" in each.text for each in records)
        found = pedantry.in_dialogues(records)
        for header in self.envelopes.headers:
            found += pedantry.in_header(header, utf8=utf8)
        for message in await self.messages():
            if message.envelope is not None:
                found += pedantry.in_lines(message.raw)
                _, _, body = message.raw.partition(b"\r\n\r\n")
                found += pedantry.in_body(body, message.envelope.sender, records)
        return list(dict.fromkeys(found))

    # inside

    def _tell(self, _: MailboxId | None) -> None:
        """The bus says that something has changed: whoever waits looks again."""
        task = asyncio.get_running_loop().create_task(self._wake())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _lay_foundations(self) -> Foundations:
        bus = Bus()
        return Foundations(
            self.clock,
            bus,
            MemoryDirectory(),
            MemoryStore(self.clock, bus),
            MemoryQueue(),
            Passwords(CHEAP, threads=1),
            MemoryMaildropLocks(),
        )

    def _outside(self) -> Outside:
        return Outside(
            resolver=self.internet.resolver,
            connector=self.internet.connector,
            pen=self.notes,
            routes=self.internet.routes(self.catcher),
            filters=[self.envelopes],
            completes_header=not self.options.pedantic,
            runner_limits=RunnerLimits(record_delay_s=0.0),
        )


def configuration(*, normalise_line_ends: bool) -> Configuration:
    """As `correo dev` has it."""
    return Configuration(
        hostname=HOSTNAME,
        hosts=("127.0.0.1",),
        submission=SubmissionSettings(normalise_line_ends=normalise_line_ends),
        trace=TraceSettings(enabled=True),
    )


def password_of(address: str) -> str:
    """Everybody has a password of their own, that can be told from others when it is seen."""
    return f"password-of-{split_address(address)[0]}"
