"""Keep the queue moving: take what is fresh or due, send it on its ways, write down what came of it.

One per process. It is the inlet of the waiting room: fresh messages are handed over in memory,
under our lease; everything else is claimed from the store when it is due. It sleeps until somebody
wakes it or the next message is due, and never polls.

What has been delivered is written down within a moment and in batches; a crash re-sends at most what
was between the peer's 250 and our commit. When the disk is full it keeps what it knows in memory,
takes no more, and tries to write again.

RFC 5321    4.5.4.1  sending strategy
            6.1      a message accepted is delivered or reported, never lost

Cost: a relayed message takes one insert and one delete, each shared with its neighbours' commit.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass

from correo.base.clock import Clock
from correo.base.errors import CorreoError
from correo.delivery.bounce import Bounces, Due
from correo.delivery.flight import Flight
from correo.delivery.job import OWN_FAULT, Job
from correo.delivery.local import LocalDelivery
from correo.delivery.remote import Remote
from correo.delivery.routing import Destination, Expanded, Home, Router
from correo.delivery.verdict import DeliveryFailure, Verdict
from correo.queue.batches import Batches
from correo.queue.lease import is_alive
from correo.queue.schedule import Schedule
from correo.queue.waiting_room import WaitingRoom
from correo.store.queue import Progress, QueuedMessage, RecipientState
from correo.trace.journey import Journal

__all__ = ["Runner", "RunnerLimits"]

log = logging.getLogger("correo.delivery")

CLAIM_BATCH = 200  # messages claimed in one transaction
FULL_DISK_PAUSE_S = 5.0
ALARM_SLACK_S = 0.01  # the alarm rings a little late rather than a little early


@dataclass(frozen=True, slots=True)
class RunnerLimits:
    """How much one process has on its way at once.

    octets: of contents in memory.
    record_delay_s: how long it may take until what was delivered is on its way to disk; longer
        is fewer commits, and more that a crash sends again.
    """

    messages: int = 2000
    octets: int = 64 * 1024 * 1024
    record_delay_s: float = 0.01


class Runner:
    """Delivers for one process.

    Args:
        random: gives a number in [0, 1); spreads retries.
        alive: says whether a lease's process runs.
    """

    def __init__(
        self,
        *,
        room: WaitingRoom,
        schedule: Schedule,
        clock: Clock,
        router: Router,
        local: LocalDelivery,
        remote: Remote,
        bounces: Bounces,
        random: Callable[[], float],
        journal: Journal | None = None,
        limits: RunnerLimits = RunnerLimits(),
        alive: Callable[[str], bool] = is_alive,
    ) -> None:
        self._room = room
        self._store = room.store
        self._schedule = schedule
        self._clock = clock
        self._router = router
        self._local = local
        self._remote = remote
        self._bounces = bounces
        self._random = random
        self._journal = journal
        self._limits = limits
        self._alive = alive
        self._steps: Batches[Progress] = Batches(self._record, gather_s=limits.record_delay_s)
        self._fresh: deque[QueuedMessage] = deque()
        self._flights: dict[str, Flight] = {}
        self._octets = 0
        self._woken = asyncio.Event()
        self._must_look = True
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at: float | None = None
        self._works: set[asyncio.Task[None]] = set()
        room.inlet = self

    # the waiting room's side

    def has_room(self, octets: int) -> bool:
        return (
            len(self._flights) + len(self._fresh) < self._limits.messages
            and self._octets + octets <= self._limits.octets
        )

    def take(self, message: QueuedMessage) -> None:
        self._fresh.append(message)
        self._octets += weight(message)
        self._woken.set()

    def wake(self) -> None:
        self._must_look = True
        self._woken.set()

    @property
    def active(self) -> int:
        """Messages on their way now."""
        return len(self._flights) + len(self._fresh)

    # the loop

    async def run(self) -> None:
        """Deliver until cancelled; then `close`."""
        released = await self._store.release_leases(self._alive)
        if released:
            log.warning("%d messages of a process that is gone are tried again", released)
        while True:
            await self._start_fresh()
            if self._must_look and self.has_room(0):
                await self._look()
                continue
            await self._woken.wait()
            self._woken.clear()

    async def close(self, grace_s: float = 0.0) -> None:
        """End every attempt, write down what is known, and give back what is not finished.

        Args:
            grace_s: how long peers have to answer for what is being sent to them.
        """
        if self._room.inlet is self:
            self._room.inlet = None
        if self._alarm is not None:
            self._alarm.cancel()
        await self._remote.close(grace_s)
        for task in list(self._works):
            task.cancel()
        await asyncio.gather(*self._works, return_exceptions=True)
        with contextlib.suppress(CorreoError):
            await self._steps.flush()
            await self._store.release_leases(lambda lease: lease != self._room.lease)

    async def _start_fresh(self) -> None:
        while self._fresh:
            message = self._fresh[0]
            await self._start(message)
            self._fresh.popleft()

    async def _look(self) -> None:
        """Claim what is due; if there was nothing, set the alarm for what comes next."""
        self._must_look = False
        now = self._clock.now()
        try:
            claimed = await self._store.claim(now, self._room.lease, CLAIM_BATCH)
            for message in claimed:
                self._octets += weight(message)
                await self._start(message)
            if claimed:
                self._must_look = True
                return
            due = await self._store.next_due()
        except CorreoError as error:
            log.error("the queue cannot be read: %s", error)
            due = now + FULL_DISK_PAUSE_S
        if due is not None:
            self._set_alarm(due)

    def _set_alarm(self, due: float) -> None:
        """Look into the store at that time, or earlier if that was planned already."""
        if self._alarm_at is not None and self._alarm_at <= due:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = due
        self._alarm = asyncio.get_running_loop().create_task(self._ring(due))

    async def _ring(self, due: float) -> None:
        await self._clock.sleep(max(0.0, due - self._clock.now()) + ALARM_SLACK_S)
        self._alarm = self._alarm_at = None
        self.wake()

    # one message

    async def _start(self, message: QueuedMessage) -> None:
        """Split a message by where its recipients are, and send the parts on their ways."""
        flight = Flight(message)
        self._flights[message.id] = flight
        homes: list[tuple[int, Home]] = []
        destinations: dict[Destination, list[int]] = {}
        for position in message.waiting:
            try:
                way = await self._router.way(message.recipients[position].address)
            except DeliveryFailure as failure:
                self._ended(flight, [position], [failure.verdict()])
                continue
            if isinstance(way, Home):
                homes.append((position, way))
            elif isinstance(way, Expanded):
                self._expand(flight, position, way)
            else:
                destinations.setdefault(way, []).append(position)
        self._launch(flight, homes, destinations)

    def _launch(
        self,
        flight: Flight,
        homes: list[tuple[int, Home]],
        destinations: dict[Destination, list[int]],
    ) -> None:
        jobs = [
            (destination, Job(flight.message, chunk, self._job_ended))
            for destination, positions in destinations.items()
            for chunk in chunks(positions, self._remote.most_recipients)
        ]
        flight.parts = len(jobs) + bool(homes)
        if not flight.parts:
            self._finish(flight)
        if homes:
            self._begin(self._bring_home(flight, homes))
        for destination, job in jobs:
            self._remote.put(destination, job)

    async def _bring_home(self, flight: Flight, homes: list[tuple[int, Home]]) -> None:
        accounts = {home.account.id: home.account for _, home in homes}
        try:
            verdicts = await self._local.bring_home(flight.message, list(accounts.values()))
        except Exception:  # a mistake of ours must not keep the message for ever
            log.exception("bringing home %s failed", flight.message.id)
            verdicts = [OWN_FAULT.verdict()] * len(accounts)
        by_account = dict(zip(accounts, verdicts, strict=True))
        self._part_ended(
            flight,
            [position for position, _ in homes],
            [by_account[home.account.id] for _, home in homes],
        )

    def _expand(self, flight: Flight, position: int, way: Expanded) -> None:
        """Give the addresses behind an alias a message of their own."""
        flight.added.append(
            self._bounces.forwarded(flight.message, position, way.addresses, self._clock.now())
        )
        expanded = Verdict(RecipientState.EXPANDED, "2.0.0", "expanded")
        self._ended(flight, [position], [expanded])

    def _job_ended(self, job: Job, verdicts: Sequence[Verdict]) -> None:
        flight = self._flights.get(job.message.id)
        if flight is not None:
            self._part_ended(flight, job.positions, verdicts)

    def _part_ended(
        self, flight: Flight, positions: Sequence[int], verdicts: Sequence[Verdict]
    ) -> None:
        self._ended(flight, positions, verdicts)
        flight.parts -= 1
        if not flight.parts:
            self._finish(flight)
        else:
            step = flight.progress()
            if step is not None:
                self._steps.put(step).add_done_callback(look_at)

    def _ended(self, flight: Flight, positions: Sequence[int], verdicts: Sequence[Verdict]) -> None:
        flight.part_ended(positions, verdicts, self._clock.now())
        if self._journal is not None:
            for position, verdict in zip(positions, verdicts, strict=True):
                self._note(self._journal, flight.message, position, verdict)

    def _finish(self, flight: Flight) -> None:
        """Every part is back: write down the end, and what the sender is to be told."""
        now = self._clock.now()
        due = flight.ended(now, self._schedule, self._bounces)
        if due:
            self._begin(self._report(flight, due, now))
        else:
            self._write_end(flight, now)

    async def _report(self, flight: Flight, due: Due, now: float) -> None:
        message = flight.message
        try:
            flight.added += await self._bounces.reports(message, due, now)
        except CorreoError as error:  # the message's blob is gone, and with it what to return
            log.error("no report on %s can be written: %s", message.id, error)
        else:
            if self._journal is not None:
                news = ", ".join(what.value for what in due)
                self._journal.note(message.id, "reported", what=news, to=message.reverse_path)
        self._write_end(flight, now)

    def _write_end(self, flight: Flight, now: float) -> None:
        step = flight.ending(now, self._schedule, self._random)
        for added in step.added:
            if self.has_room(added.size):
                added.owner = self._room.lease
        self._steps.put(step).add_done_callback(lambda done: self._recorded(flight, step, done))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Run a short piece of work beside the loop; `close` ends it."""
        task = asyncio.get_running_loop().create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    def _recorded(self, flight: Flight, step: Progress, done: "asyncio.Future[None]") -> None:
        look_at(done)
        self._flights.pop(flight.message.id, None)
        self._octets -= weight(flight.message)
        if not done.cancelled():
            if step.due:
                self._set_alarm(step.due)
            self._room.added(step.added)
        if self._must_look or self._fresh:
            self._woken.set()

    async def _record(self, steps: Sequence[Progress]) -> None:
        while True:
            try:
                await self._store.record(steps)
            except CorreoError as error:
                log.error("what was delivered cannot be written down: %s", error)
                await self._clock.sleep(FULL_DISK_PAUSE_S)
            else:
                return

    @staticmethod
    def _note(journal: Journal, message: QueuedMessage, position: int, verdict: Verdict) -> None:
        waiting, failed = RecipientState.WAITING, RecipientState.FAILED
        words = {waiting: "deferred", failed: "failed", RecipientState.PASSED_ON: "relayed"}
        journal.note(
            message.id,
            words.get(verdict.state, verdict.state.value),
            recipient=message.recipients[position].address,
            host=verdict.host,
            status=verdict.status,
            reply=verdict.diagnostic,
        )


def weight(message: QueuedMessage) -> int:
    """Octets a message takes in memory."""
    return len(message.content) if isinstance(message.content, bytes) else 0


def chunks(positions: list[int], size: int) -> list[list[int]]:
    return [positions[start : start + size] for start in range(0, len(positions), size)]


def look_at(done: "asyncio.Future[None]") -> None:
    """The writer has said in the log what failed; nobody is to be told that nobody looked."""
    if not done.cancelled():
        done.exception()
