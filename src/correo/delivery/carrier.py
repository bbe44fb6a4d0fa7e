"""Carry jobs over one connection after another, host by host, until a lane has none left.

RFC 5321    5.1      the next host when one fails for now
RFC 3463    3.5      4.4.1 no answer from host, 4.4.2 connection dropped
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from correo.delivery.exchangers import Host
from correo.delivery.job import OWN_FAULT, Job, Link, LinkLost
from correo.delivery.verdict import DeliveryFailure, Verdict
from correo.queue.routes import Smarthost
from correo.store.queue import RecipientState

if TYPE_CHECKING:
    from correo.delivery.remote import Lane

__all__ = ["SESSIONS_PER_JOB", "Carrier"]

log = logging.getLogger("correo.delivery")

SESSIONS_PER_JOB = 2  # hosts that may say "later" to a message in one attempt; as Postfix


class Carrier:
    """One connection's task: takes job after job until there is none for a while."""

    def __init__(self, lane: "Lane") -> None:
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
