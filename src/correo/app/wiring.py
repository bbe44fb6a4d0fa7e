"""Put the rooms of one process together: the only place that knows all of them.

`worker` makes one `House` inside its event loop, for `correo dev` and for each worker of
`correo serve` alike. Nothing here decides anything: it hands each room its neighbours and the
part of the configuration that is its own.
"""

import asyncio
import ipaddress
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass

from correo.accounts.authenticator import Authenticator
from correo.accounts.directory import Directory
from correo.accounts.passwords import Passwords
from correo.app.config import LISTENERS, LMTP, Configuration, ListenerSettings, read_nameserver
from correo.app.housekeeping import Housekeeping
from correo.delivery.bounce import Bounces
from correo.delivery.exchangers import Exchangers
from correo.delivery.job import RemoteLimits
from correo.delivery.link import SmtpConnector
from correo.delivery.local import LocalDelivery
from correo.delivery.remote import Remote
from correo.delivery.routing import Router
from correo.delivery.runner import Runner
from correo.filters import LoopCheck, Pipeline
from correo.intake.accept import Acceptance
from correo.intake.api import Role
from correo.intake.door import MailIntake
from correo.intake.rates import Rate
from correo.intake.settings import DoorSettings
from correo.net.addresses import Network
from correo.net.clock import SystemClock
from correo.net.dns import DnsResolver
from correo.net.driver import Connection
from correo.net.listener import Service, TlsUse
from correo.net.session import Session
from correo.net.tls import client_context, opportunistic_context
from correo.queue.routes import NextHop, Routes, Smarthost, read_route
from correo.queue.schedule import Schedule
from correo.queue.waiting_room import WaitingRoom
from correo.servers.imap.server import ImapServer
from correo.servers.imap.settings import ImapSettings
from correo.servers.pop3.server import Pop3Server
from correo.servers.pop3.settings import Pop3Settings
from correo.servers.smtp.server import SmtpServer
from correo.servers.smtp.settings import SmtpSettings
from correo.store.bus import Bus
from correo.store.maildrop_lock import FileMaildropLocks
from correo.store.queue import QUEUE_NEWS
from correo.store.sqlite.directory import SqliteDirectory
from correo.store.sqlite.group_commit import GroupCommit
from correo.store.sqlite.journal import CommitJournal
from correo.store.sqlite.queue import SqliteQueue
from correo.store.sqlite.recovery import recover
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads
from correo.trace.journey import Journal
from correo.trace.recorder import Tracer
from correo.trace.ring import Ring
from correo.wire.imap.limits import ServerLimits
from correo.wire.smtp.data import LineEnds

__all__ = ["QUEUE_NEWS", "Conveniences", "House", "look_at_files"]

STORAGE_THREADS = 4
MEGABYTE = 1024 * 1024
ROLES = {
    "smtp": Role.MX,
    "submission": Role.SUBMISSION,
    "submissions": Role.SUBMISSION,
    LMTP: Role.LMTP,
}


@dataclass(frozen=True, slots=True)
class Conveniences:
    """What development allows and a real server does not.

    lenient: from loopback, passwords without TLS, and submission without a login.
    catcher: the account that gets all mail for elsewhere, "" for none.
    """

    lenient: bool = False
    catcher: str = ""


@dataclass(slots=True)
class Foundations:
    """What everything else stands on."""

    clock: SystemClock
    threads: StorageThreads
    bus: Bus
    directory: SqliteDirectory
    store: SqliteStore
    queue: SqliteQueue
    passwords: Passwords

    async def look(self) -> None:
        """Open every shared file once; what is missing is made, what is old upgraded.

        Raises DamagedStore, StorageFull: with the file's name and the way out.
        """
        await self.directory.domains()
        self.directory.node_key()
        await self.queue.counts()

    async def close(self) -> None:
        """Finish what is being written and let go of every file."""
        await self.store.close()
        await self.queue.close()
        await self.directory.close()
        self.bus.close()
        self.passwords.close()
        self.threads.close()


class House:
    """The rooms of one process.

    Attributes:
        services: what each listener offers, by its name.
    """

    def __init__(self, configuration: Configuration, conveniences: Conveniences) -> None:
        self._configuration = configuration
        self._conveniences = conveniences
        self.base = lay_foundations(configuration)
        clock, store = self.base.clock, self.base.store
        self._ring = Ring(configuration.folder / "trace", limit=configuration.trace.megabytes * MEGABYTE) if configuration.trace.enabled else None  # fmt: skip
        self._tracer = Tracer(self._ring, clock) if self._ring is not None else None
        self._journal = Journal(self._ring, clock) if self._ring is not None else None
        self.authenticator = Authenticator(self.base.directory, clock, self.base.passwords)
        self._room = WaitingRoom(self.base.queue, announce=self._announce_queue)
        local = LocalDelivery(store)
        routes = routes_of(configuration, conveniences)
        self._runner = self._make_runner(local, routes)
        self._tasks: list[asyncio.Task[None]] = []
        self._intake = self._make_intake(local, routes)
        self._imap = self._make_imap()
        self.services = self._make_services()

    async def open(self, *, failed: Callable[[BaseException], None]) -> None:
        """Look at every shared file once, and start delivering.

        Args:
            failed: called if what runs beside the services ends by itself: a mistake of ours.

        Raises:
            DamagedStore, StorageFull: with the file's name and the way out.
        """
        self.base.bus.start()
        self.base.bus.watch(QUEUE_NEWS, lambda _: self._runner.wake())
        await self.base.look()
        base, folder = self.base, self._configuration.folder
        housekeeping = Housekeeping(folder, base.store, base.queue, base.clock)
        for work in (self._runner.run(), housekeeping.run()):
            task = asyncio.create_task(work)
            task.add_done_callback(
                lambda each: (
                    None if each.cancelled() else failed(each.exception() or RuntimeError())
                )
            )
            self._tasks.append(task)

    async def close(self) -> None:
        """Finish what is being written and let go of every file. Connections are gone by now."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._imap.close()
        await self._runner.close(grace_s=1.0)
        await self._room.close()
        await self.base.close()
        if self._ring is not None:
            self._ring.close()

    # inside

    def _announce_queue(self) -> None:
        self.base.bus.announce(QUEUE_NEWS, None)

    def _make_runner(self, local: LocalDelivery, routes: Routes) -> Runner:
        configuration = self._configuration
        resolver = DnsResolver([read_nameserver(each) for each in configuration.nameservers])
        exchangers = Exchangers(
            resolver,
            own_names=[configuration.name.lower()],
            own_addresses=own_addresses(configuration),
            shuffle=random.shuffle,
            port=configuration.delivery.mx_port,
        )
        has_smarthost = configuration.delivery.smarthost is not None
        connector = SmtpConnector(
            hostname=configuration.name,
            blobs=self.base.store.blobs,
            opportunistic=opportunistic_context(),
            verified=client_context() if has_smarthost else None,
            tracer=self._tracer,
        )
        limits = RemoteLimits(
            connections_per_destination=configuration.delivery.connections_per_destination
        )
        schedule = schedule_of(configuration)
        return Runner(
            room=self._room,
            schedule=schedule,
            clock=self.base.clock,
            router=Router(Directory(self.base.directory), routes, self.base.clock),
            local=local,
            remote=Remote(exchangers, connector, limits),
            bounces=Bounces(configuration.name, schedule, self.base.store.blobs),
            random=random.random,
            journal=self._journal,
        )

    def _make_intake(self, local: LocalDelivery, routes: Routes) -> MailIntake:
        acceptance = Acceptance(
            blobs=self.base.store.blobs,
            handoff=local,
            room=self._room,
            schedule=schedule_of(self._configuration),
            pipeline=Pipeline([LoopCheck()]),
            journal=self._journal,
        )
        return MailIntake(
            {role: self._door(role) for role in Role},
            directory=Directory(self.base.directory),
            acceptance=acceptance,
            routes=routes,
            clock=self.base.clock,
        )

    def _door(self, role: Role) -> DoorSettings:
        limits, submission = self._configuration.limits, self._configuration.submission
        return DoorSettings(
            role,
            self._configuration.name,
            max_size=limits.message_size,
            max_recipients=limits.recipients,
            lets_loopback_submit=self._conveniences.lenient,
            relay_networks=networks(submission.relay_networks) if role is Role.SUBMISSION else (),
            messages_per_peer=Rate(limits.messages_per_hour_per_address),
            recipients_per_account=Rate(limits.recipients_per_hour_per_account),
        )

    def _make_services(self) -> dict[str, Service]:
        pop3, imap = self._make_pop3(), self._imap
        services: dict[str, Service] = {}
        for name in (*LISTENERS, LMTP):
            settings = self._configuration.listener(name)
            server: SmtpServer | Pop3Server | ImapServer
            if name in ROLES:
                server = self._make_smtp(ROLES[name], settings)
            else:
                server = pop3 if name.startswith("pop3") else imap
            tls = LISTENERS[name][1] if name in LISTENERS else "none"
            services[name] = Service(
                name,
                self._recorded(name, server.make_session),
                TlsUse(tls),
                server.turned_away,
                networks(settings.trusted_proxies),
            )
        return services

    def _recorded(
        self, name: str, make_session: Callable[[Connection], Session]
    ) -> Callable[[Connection], Session]:
        """Take down every dialogue, if that is wanted."""
        tracer = self._tracer
        if tracer is None:
            return make_session

        def make_recorded_session(connection: Connection) -> Session:
            connection.recorder = tracer.recorder(
                name, is_server=True, peer=connection.peer, local=connection.local
            )
            return make_session(connection)

        return make_recorded_session

    def _make_smtp(self, role: Role, listener: ListenerSettings) -> SmtpServer:
        normalise = role is Role.SUBMISSION and self._configuration.submission.normalise_line_ends
        settings = SmtpSettings(
            role,
            self._configuration.name,
            max_size=self._configuration.limits.message_size,
            max_recipients=self._configuration.limits.recipients,
            line_ends=LineEnds.NORMALISE if normalise else LineEnds.REFUSE,
            lets_loopback_log_in_plainly=self._lets_loopback_log_in_plainly,
            xclient_networks=networks(listener.trusted_clients),
        )
        return SmtpServer(self._intake, self.authenticator, settings)

    @property
    def _lets_loopback_log_in_plainly(self) -> bool:
        return self._conveniences.lenient or self._configuration.tls.plain_login_on_loopback

    def _make_pop3(self) -> Pop3Server:
        settings = Pop3Settings(
            self._configuration.name,
            lets_loopback_log_in_plainly=self._lets_loopback_log_in_plainly,
        )
        locks = FileMaildropLocks(self._configuration.folder / "run" / "maildrops")
        return Pop3Server(self.base.store, self.authenticator, locks, settings, self.base.clock)

    def _make_imap(self) -> ImapServer:
        size = self._configuration.limits.message_size
        limits = ServerLimits(append=size) if size else ServerLimits()
        settings = ImapSettings(
            lets_loopback_log_in_plainly=self._lets_loopback_log_in_plainly, limits=limits
        )
        return ImapServer(self.base.store, self.authenticator, self.base.clock, settings)


def lay_foundations(configuration: Configuration) -> Foundations:
    folder = configuration.folder
    clock, threads, bus = (
        SystemClock(),
        StorageThreads(STORAGE_THREADS),
        Bus(folder / "run" / "bus"),
    )
    return Foundations(
        clock,
        threads,
        bus,
        SqliteDirectory(folder, threads),
        SqliteStore(
            folder, threads, bus, clock, GroupCommit(threads, CommitJournal(folder / "journal"))
        ),
        SqliteQueue(folder / "queue.db", threads),
        Passwords(),
    )


async def look_at_files(configuration: Configuration) -> None:
    """Make or upgrade the node's files, and mend what a crash has left. Nobody else is at work.

    Raises DamagedStore, StorageFull.
    """
    base = lay_foundations(configuration)
    try:
        await base.look()
        recover(configuration.folder, base.store.blobs)
    finally:
        await base.close()


def schedule_of(configuration: Configuration) -> Schedule:
    delivery = configuration.delivery
    return Schedule(
        first_s=delivery.first_retry_s,
        longest_s=delivery.longest_retry_s,
        lifetime_s=delivery.lifetime_s,
        delay_notice_s=delivery.delay_notice_s,
    )


def routes_of(configuration: Configuration, conveniences: Conveniences) -> Routes:
    delivery, smarthost = configuration.delivery, None
    if delivery.smarthost is not None:
        given = delivery.smarthost
        smarthost = Smarthost(
            NextHop(given.host, given.port), given.username, given.secret(), given.tls
        )
    static = dict(read_route(route) for route in reversed(delivery.routes))
    return Routes(static, smarthost, conveniences.catcher)


def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


def own_addresses(configuration: Configuration) -> list[str]:
    """Where our own port 25 can be reached, as far as we know: mail must not loop there."""
    settings = configuration.listener("smtp")
    if not settings.enabled or (settings.port or 25 + configuration.port_offset) != 25:
        return []
    hosts = [*(settings.hosts or configuration.hosts)]
    found = {host for host in hosts if not ipaddress.ip_address(host).is_unspecified}
    if len(found) < len(hosts):
        try:
            found |= {str(info[4][0]) for info in socket.getaddrinfo(configuration.name, 25)}
        except OSError:
            pass  # no such name: then nobody can send us there by it
        found |= {"127.0.0.1", "::1"}
    return sorted(found)
