"""Put the rooms of one process together: the only place that knows all of them.

`worker` makes one `House` inside its event loop, for `correo dev` and for each worker of
`correo serve` alike. Nothing here decides anything: it hands each room its neighbours and the
part of the configuration that is its own. A test hands in foundations without a disk and another
`Outside` (`testing.household`), and gets the same house.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from correo.accounts.authenticator import Authenticator
from correo.accounts.directory import Directory
from correo.app.config import LISTENERS, LMTP, Configuration, ListenerSettings, read_nameserver
from correo.app.foundations import Foundations, lay_foundations
from correo.app.terms import networks, own_addresses, routes_of, schedule_of
from correo.base.dnstypes import Resolver
from correo.delivery.bounce import Bounces
from correo.delivery.exchangers import Exchangers
from correo.delivery.job import Connector, RemoteLimits
from correo.delivery.link import SmtpConnector
from correo.delivery.local import LocalDelivery
from correo.delivery.remote import Remote
from correo.delivery.routing import Router
from correo.delivery.runner import Runner, RunnerLimits
from correo.filters import LoopCheck, Pipeline
from correo.filters.pipeline import Filter
from correo.intake.accept import Acceptance
from correo.intake.api import Role
from correo.intake.door import MailIntake
from correo.intake.rates import Rate
from correo.intake.settings import DoorSettings
from correo.net.dns import DnsResolver
from correo.net.driver import Connection
from correo.net.listener import Service, TlsUse
from correo.net.session import Session
from correo.net.tls import client_context, opportunistic_context
from correo.queue.routes import Routes
from correo.queue.waiting_room import WaitingRoom
from correo.servers.imap.server import ImapServer
from correo.servers.imap.settings import ImapSettings
from correo.servers.pop3.server import Pop3Server
from correo.servers.pop3.settings import Pop3Settings
from correo.servers.smtp.server import SmtpServer
from correo.servers.smtp.settings import SmtpSettings
from correo.store.queue import QUEUE_NEWS
from correo.trace.journey import Journal
from correo.trace.record import Pen
from correo.trace.recorder import Tracer
from correo.trace.ring import Ring
from correo.wire.imap.limits import ServerLimits
from correo.wire.smtp.data import LineEnds

__all__ = ["QUEUE_NEWS", "Conveniences", "House", "Outside"]

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


@dataclass(frozen=True, slots=True)
class Outside:
    """What a house reaches beyond itself, where that is not the real thing.

    resolver, connector: DNS and other mail servers.
    pen: takes down what is traced, in place of the ring on disk.
    routes: where mail for elsewhere goes, in place of the configuration's.
    filters: besides our own.
    completes_header: whether submission adds what is missing.
    remote_limits, runner_limits: in place of the configuration's and the usual ones.
    """

    resolver: Resolver | None = None
    connector: Connector | None = None
    pen: Pen | None = None
    routes: Routes | None = None
    filters: Sequence[Filter] = ()
    remote_limits: RemoteLimits | None = None
    completes_header: bool = True
    runner_limits: RunnerLimits = field(default_factory=RunnerLimits)


class House:
    """The rooms of one process.

    Args:
        base: what they stand on, made from the configuration by default.

    Attributes:
        services: what each listener offers, by its name.
    """

    def __init__(
        self,
        configuration: Configuration,
        conveniences: Conveniences,
        *,
        base: Foundations | None = None,
        outside: Outside | None = None,
    ) -> None:
        self._configuration = configuration
        self._conveniences = conveniences
        self._outside = outside or Outside()
        self.base = base or lay_foundations(configuration)
        clock, store = self.base.clock, self.base.store
        self._ring = self._open_ring()
        pen = self._outside.pen or self._ring
        self._tracer = Tracer(pen, clock) if pen is not None else None
        self._journal = Journal(pen, clock) if pen is not None else None
        self.authenticator = Authenticator(self.base.directory, clock, self.base.passwords)
        self._room = WaitingRoom(self.base.queue, announce=self._announce_queue)
        local = LocalDelivery(store)
        routes = self._outside.routes or routes_of(configuration, catcher=conveniences.catcher)
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
        works = [self._runner.run()]
        if self.base.housekeeping is not None:
            works.append(self.base.housekeeping.run())
        for work in works:
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

    def _open_ring(self) -> Ring | None:
        trace = self._configuration.trace
        if not trace.enabled or self._outside.pen is not None:
            return None
        return Ring(self._configuration.folder / "trace", limit=trace.megabytes * MEGABYTE)

    def _announce_queue(self) -> None:
        self.base.bus.announce(QUEUE_NEWS, None)

    def _make_runner(self, local: LocalDelivery, routes: Routes) -> Runner:
        configuration = self._configuration
        resolver = self._outside.resolver or DnsResolver(
            [read_nameserver(each) for each in configuration.nameservers]
        )
        exchangers = Exchangers(
            resolver,
            own_names=[configuration.name.lower()],
            own_addresses=own_addresses(configuration),
            shuffle=random.shuffle,
            port=configuration.delivery.mx_port,
        )
        connector = self._outside.connector or self._make_connector()
        limits = self._outside.remote_limits or RemoteLimits(
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
            limits=self._outside.runner_limits,
        )

    def _make_connector(self) -> SmtpConnector:
        has_smarthost = self._configuration.delivery.smarthost is not None
        return SmtpConnector(
            hostname=self._configuration.name,
            blobs=self.base.store.blobs,
            opportunistic=opportunistic_context(),
            verified=client_context() if has_smarthost else None,
            tracer=self._tracer,
        )

    def _make_intake(self, local: LocalDelivery, routes: Routes) -> MailIntake:
        acceptance = Acceptance(
            blobs=self.base.store.blobs,
            handoff=local,
            room=self._room,
            schedule=schedule_of(self._configuration),
            pipeline=Pipeline([LoopCheck(), *self._outside.filters]),
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
            completes_header=self._outside.completes_header,
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
        return SmtpServer(self._intake, self.authenticator, settings, self._imap.urls)

    @property
    def _lets_loopback_log_in_plainly(self) -> bool:
        return self._conveniences.lenient or self._configuration.tls.plain_login_on_loopback

    def _make_pop3(self) -> Pop3Server:
        settings = Pop3Settings(
            self._configuration.name,
            lets_loopback_log_in_plainly=self._lets_loopback_log_in_plainly,
        )
        base = self.base
        return Pop3Server(base.store, self.authenticator, base.locks, settings, base.clock)

    def _make_imap(self) -> ImapServer:
        size = self._configuration.limits.message_size
        limits = ServerLimits(append=size) if size else ServerLimits()
        settings = ImapSettings(
            lets_loopback_log_in_plainly=self._lets_loopback_log_in_plainly,
            limits=limits,
            messages_per_command=self._configuration.limits.messages_per_command,
        )
        directory = Directory(self.base.directory)
        return ImapServer(self.base.store, self.authenticator, directory, self.base.clock, settings)
