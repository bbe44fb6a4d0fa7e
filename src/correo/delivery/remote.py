"""Take messages to other servers: a lane per destination, connections that carry many messages.

The runner puts jobs in; a lane opens connections as jobs wait, up to its limit and the limit of
all lanes together, and keeps an idle one for a moment in case more comes. What a connection is,
is `link`'s affair; which hosts there are, `exchangers`'.

RFC 5321    4.5.4.1  several messages over one connection; limits per host
            5.1      the next host when one fails for now
RFC 3463    3.5      4.4.1 no answer from host, 4.4.2 connection dropped

Cost: no task per message; a job wakes the lane's idle connection, or waits its turn.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from correo.delivery.exchangers import Exchangers, Host
from correo.delivery.routing import Destination
from correo.delivery.verdict import DeliveryFailure, Verdict
from correo.queue.routes import Smarthost
from correo.store.queue import QueuedMessage, RecipientState

__all__ = [
    "OWN_FAULT",
    "SESSIONS_PER_JOB",
    "Connector",
    "Job",
    "Link",
    "LinkLost",
    "Remote",
    "RemoteLimits",
]

log = logging.getLogger("correo.delivery")

SESSIONS_PER_JOB = 2  # hosts that may say "later" to a message in one attempt; as Postfix


OWN_FAULT = DeliveryFailure("4.3.0", "an error of this server; see its log")


@dataclass(frozen=True, slots=True)
class RemoteLimits:
    """How many connections, and how long one is used.

    recipients: of one message in one transaction; RFC 5321 4.5.3.1.8 promises 100.
    """

    connections: int = 200
    connections_per_destination: int = 10
    messages_per_connection: int = 1000
    idle_s: float = 3.0
    recipients: int = 100


@dataclass(slots=True)
class Job:
    """One message and those of its recipients that one destination takes."""

    message: QueuedMessage
    positions: list[int]
    ended: Callable[["Job", Sequence[Verdict]], None]
    losses: int = 0


class LinkLost(Exception):
    """The connection broke before the peer had answered for the message."""

    def __init__(self, failure: DeliveryFailure) -> None:
        super().__init__(failure.text)
        self.failure = failure


class Link(Protocol):
    """An open connection to one host."""

    @property
    def host(self) -> Host: ...

    @property
    def is_usable(self) -> bool:
        """Whether another message may be sent over it."""

    async def deliver(self, message: QueuedMessage, positions: Sequence[int]) -> list[Verdict]:
        """Send one message; a verdict per position. Raises LinkLost."""

    async def close(self) -> None:
        """Say QUIT and close; never raises."""

    def abort(self) -> None:
        """Cut the connection at once."""


class Connector(Protocol):
    """Opens links."""

    async def connect(self, host: Host, smarthost: Smarthost | None) -> Link:
        """Raises DeliveryFailure: not reachable, not willing, TLS or login failed."""


class Remote:
    """All lanes of a process."""

    def __init__(
        self, exchangers: Exchangers, connector: Connector, limits: RemoteLimits = RemoteLimits()
    ) -> None:
        self.exchangers = exchangers
        self.connector = connector
        self.limits = limits
        self.connections = 0
        self.is_closed = False
        self._lanes: dict[Destination, Lane] = {}

    @property
    def most_recipients(self) -> int:
        return self.limits.recipients

    def put(self, destination: Destination, job: Job) -> None:
        """Deliver a job some time soon; its `ended` is called once, from this event loop."""
        lane = self._lanes.get(destination)
        if lane is None:
            lane = self._lanes[destination] = Lane(self, destination)
        lane.put(job)

    async def close(self, grace_s: float = 0.0) -> None:
        """End every connection; what is being sent has this long to be answered.

        Jobs that are not finished then end without a verdict.
        """
        self.is_closed = True
        for lane in self._lanes.values():
            lane.let_go()
        tasks = [task for lane in self._lanes.values() for task in lane.tasks]
        if tasks and grace_s:
            await asyncio.wait(tasks, timeout=grace_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def has_room(self) -> bool:
        """Whether one more connection may be opened."""
        return not self.is_closed and self.connections < self.limits.connections

    def connection_ended(self, lane: "Lane") -> None:
        """Forget a lane without work; let one that waited for room begin."""
        self.connections -= 1
        if not lane.tasks and not lane.jobs:
            self._lanes.pop(lane.destination, None)
        for other in list(self._lanes.values()):
            if not self.has_room():
                break
            other.start_if_wanted()


@dataclass(eq=False)
class Lane:
    """One destination: jobs that wait, and the tasks that each hold one connection."""

    remote: Remote
    destination: Destination
    jobs: deque[Job] = field(default_factory=deque)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    idle: list[asyncio.Future[bool]] = field(default_factory=list)
    links: int = 0  # tasks that are connected
    most: int = 0  # connections the other side lets us have; 0 while it has not said no

    def put(self, job: Job) -> None:
        self.jobs.append(job)
        if not self._wake_one():
            self.start_if_wanted()

    def let_go(self) -> None:
        """Wake all idle tasks, so that they end."""
        while self._wake_one():
            pass

    def put_back(self, job: Job) -> None:
        """A job for which no further connection was to be had; those there are must do."""
        self.most = max(1, self.links)
        self.jobs.appendleft(job)
        self._wake_one()

    def _wake_one(self) -> bool:
        while self.idle:
            waiter = self.idle.pop()
            if not waiter.done():
                waiter.set_result(True)
                return True
        return False

    def start_if_wanted(self) -> None:
        """Open one more connection if there is work and room for it."""
        most = self.most or self.remote.limits.connections_per_destination
        if self.jobs and len(self.tasks) < most and self.remote.has_room():
            self.remote.connections += 1
            task = asyncio.get_running_loop().create_task(Carrier(self).run())
            self.tasks.add(task)
            task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self.remote.connection_ended(self)

    def fail_all(self, failure: DeliveryFailure) -> None:
        """No host can be reached: that holds for everything that waits here."""
        jobs, self.jobs = self.jobs, deque()
        for job in jobs:
            job.ended(job, [failure.verdict()] * len(job.positions))


class Carrier:
    """One connection's task: takes job after job until there is none for a while."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._remote = lane.remote
        self._link: Link | None = None
        self._carried = 0
        self._is_surplus = False

    async def run(self) -> None:
        job: Job | None = None
        try:
            while not self._is_surplus and await self._has_job():
                job = self._lane.jobs.popleft()
                await self._carry(job)
                job = None
        except Exception:  # a mistake of ours must not keep the message for ever
            log.exception("a delivery to %s failed", self._lane.destination.name)
            if job is not None:
                job.ended(job, [OWN_FAULT.verdict()] * len(job.positions))
        finally:
            await self._drop()

    async def _has_job(self) -> bool:
        """Wait for the next job, briefly, as long as there is a connection to use for it."""
        lane = self._lane
        while not lane.jobs or self._remote.is_closed:
            if self._remote.is_closed or self._link is None or not self._link.is_usable:
                return False
            if not await self._woken_in_time():
                return bool(lane.jobs)
        return True

    async def _woken_in_time(self) -> bool:
        """Wait for the lane to call, no longer than a connection may be idle."""
        lane, loop = self._lane, asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        timer = loop.call_later(self._remote.limits.idle_s, expire, waiter)
        lane.idle.append(waiter)
        try:
            return await waiter
        finally:
            timer.cancel()
            if waiter in lane.idle:
                lane.idle.remove(waiter)

    async def _carry(self, job: Job) -> None:
        """Deliver one job over the link, or over links to the hosts behind it."""
        failed: set[Host] = set()
        last: dict[int, Verdict] = {}
        waiting = list(job.positions)
        for _ in range(SESSIONS_PER_JOB):
            try:
                link = await self._open(failed)
                verdicts = await link.deliver(job.message, waiting)
            except DeliveryFailure as failure:
                self._unreachable(job, waiting, last, failure)
                return
            except LinkLost as lost:
                if not await self._lost(job, waiting, last, lost, failed):
                    return
                continue
            self._carried += 1
            last.update(zip(waiting, verdicts, strict=True))
            waiting = [each for each in waiting if last[each].state is RecipientState.WAITING]
            if not waiting:
                break
            failed.add(link.host)
            if not await self._has_other_host(failed):
                break
            await self._drop()
        job.ended(job, [last[each] for each in job.positions])
        await self._drop_if_worn()

    async def _open(self, failed: set[Host]) -> Link:
        """The link in use, or one to the first host that lets us in. Raises DeliveryFailure."""
        if self._link is not None and self._link.is_usable and self._link.host not in failed:
            return self._link
        await self._drop()
        destination = self._lane.destination
        smarthost = destination.hop if isinstance(destination.hop, Smarthost) else None
        reason: DeliveryFailure | None = None
        async for host in self._remote.exchangers.hosts(destination):
            if host in failed:
                continue
            try:
                self._link = await self._remote.connector.connect(host, smarthost)
            except DeliveryFailure as failure:
                failed.add(host)
                reason = milder(reason, failure)
            else:
                self._lane.links += 1
                return self._link
        raise reason or DeliveryFailure("4.4.1", f"no host of {destination.name} answers")

    async def _has_other_host(self, failed: set[Host]) -> bool:
        try:
            async for host in self._remote.exchangers.hosts(self._lane.destination):
                if host not in failed:
                    return True
        except DeliveryFailure:
            pass
        return False

    def _unreachable(
        self,
        job: Job,
        waiting: Sequence[int],
        last: dict[int, Verdict],
        failure: DeliveryFailure,
    ) -> None:
        """No (further) host can be reached."""
        if not last and self._lane.links:  # it is only one connection too many
            self._is_surplus = True
            self._lane.put_back(job)
            return
        if not last:  # not one answered: so it is for all who wait here
            job.ended(job, [failure.verdict()] * len(job.positions))
            self._lane.fail_all(failure)
            return
        for each in waiting:
            last.setdefault(each, failure.verdict())
        job.ended(job, [last[each] for each in job.positions])

    async def _lost(
        self,
        job: Job,
        waiting: Sequence[int],
        last: dict[int, Verdict],
        lost: LinkLost,
        failed: set[Host],
    ) -> bool:
        """The connection broke; whether to go on with this job over another one."""
        was_used = self._carried > 0
        host = self._link.host if self._link is not None else None
        await self._drop()
        job.losses += 1
        if not was_used and host is not None:
            failed.add(host)  # it broke with its first message: leave this host alone
        if job.losses < SESSIONS_PER_JOB and (was_used or await self._has_other_host(failed)):
            return True
        for each in waiting:
            last.setdefault(each, lost.failure.verdict())
        job.ended(job, [last[each] for each in job.positions])
        return False

    async def _drop_if_worn(self) -> None:
        link = self._link
        limit = self._remote.limits.messages_per_connection
        if link is not None and (self._carried >= limit or not link.is_usable):
            await self._drop()

    async def _drop(self) -> None:
        if self._link is not None:
            link, self._link = self._link, None
            self._lane.links -= 1
            self._carried = 0
            if self._remote.is_closed:
                link.abort()
            else:
                await link.close()


def expire(waiter: "asyncio.Future[bool]") -> None:
    if not waiter.done():
        waiter.set_result(False)


def milder(first: DeliveryFailure | None, second: DeliveryFailure) -> DeliveryFailure:
    """Of two hosts' reasons the one that leaves hope; the earlier if both do."""
    if first is None or (second.is_temporary and not first.is_temporary):
        return second
    return first
