"""Take messages to other servers: a lane per destination, connections that carry many messages.

The runner puts jobs in; a lane opens connections as jobs wait, up to its limit and the limit of
all lanes together, and keeps an idle one for a moment in case more comes. What a connection is,
is `link`'s affair; how jobs go over it, `carrier`'s; which hosts there are, `exchangers`'.

RFC 5321    4.5.4.1  several messages over one connection; limits per host

Cost: no task per message; a job wakes the lane's idle connection, or waits its turn.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from correo.delivery.carrier import Carrier
from correo.delivery.exchangers import Exchangers
from correo.delivery.job import Connector, Job, RemoteLimits
from correo.delivery.routing import Destination
from correo.delivery.verdict import DeliveryFailure

__all__ = ["Remote"]


class Remote:
    """All lanes of a process."""

    def __init__(
        self, exchangers: Exchangers, connector: Connector, limits: RemoteLimits | None = None
    ) -> None:
        self.exchangers = exchangers
        self.connector = connector
        self.limits = limits or RemoteLimits()
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
