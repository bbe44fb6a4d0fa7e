"""Run every service in one event loop until told to end: a worker, or all of `correo dev`.

On the first SIGTERM or SIGINT it accepts nothing more, lets handlers finish, says farewell to
everybody and ends within DRAIN_LIMIT_S; on a second one at once. `retire` is the gentle way: it
accepts nothing more and ends when the last connection has ended by itself, or with a farewell to
those that are there RETIREMENT_S later.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence

from correo.app.config import Configuration
from correo.app.listening import Bound
from correo.app.wiring import Conveniences, House
from correo.net.limits import ConnectionLimits
from correo.net.listener import Listener
from correo.net.tls import ServerTls

__all__ = ["DRAIN_LIMIT_S", "Worker"]

DRAIN_LIMIT_S = 4.0  # of the 5 s in which the server ends
RETIREMENT_S = 3600.0  # for connections to end by themselves after a reload
CUT_LIMIT_S = 0.2  # for handlers to notice that their connection is gone

log = logging.getLogger("correo.worker")


class Worker:
    """One process's services.

    Args:
        ready: called in the event loop when every listener accepts.
    """

    def __init__(
        self,
        configuration: Configuration,
        conveniences: Conveniences,
        bound: Sequence[Bound],
        tls: ServerTls,
        limits: ConnectionLimits,
    ) -> None:
        self._configuration = configuration
        self._conveniences = conveniences
        self._bound = bound
        self._tls = tls
        self._limits = limits
        self._listeners: list[Listener] = []
        self._ending = asyncio.Event()
        self._hurry = asyncio.Event()
        self._is_retiring = False
        self._failure: BaseException | None = None

    async def run(self, ready: Callable[["House"], object]) -> None:
        """Serve until `end`, `retire` or a signal.

        Raises:
            DamagedStore, StorageFull: at start, with the file's name and the way out.
        """
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(report)
        house = House(self._configuration, self._conveniences)
        try:
            await house.open(failed=self._failed)
            for each in self._bound:
                service = house.services[each.name]
                listener = Listener(service, each.listening, tls=self._tls, limits=self._limits)
                await listener.start()
                self._listeners.append(listener)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.end)
            waiting = ready(house)
            if asyncio.iscoroutine(waiting):
                await waiting
            await self._ending.wait()
            await self._drain()
        finally:
            await house.close()
        if self._failure is not None:
            raise self._failure

    def end(self) -> None:
        """Drain and return from `run`; called again, do not drain."""
        if self._hurry.is_set():
            self._cut()
        self._hurry.set()
        self._ending.set()

    def retire(self) -> None:
        """Return from `run` when the last connection is gone, or has had its time."""
        self._is_retiring = True
        self._ending.set()

    @property
    def connections(self) -> int:
        return sum(len(listener.connections) for listener in self._listeners)

    def _failed(self, failure: BaseException) -> None:
        log.critical("the queue's runner failed; this process ends", exc_info=failure)
        self._failure = failure
        self.end()

    async def _drain(self) -> None:
        for listener in self._listeners:
            listener.stop_accepting()
        gone = asyncio.create_task(self._until_empty())
        if self._is_retiring:
            hurry = asyncio.create_task(self._hurry.wait())
            await asyncio.wait(
                [gone, hurry], timeout=RETIREMENT_S, return_when=asyncio.FIRST_COMPLETED
            )
            hurry.cancel()
        for listener in self._listeners:
            for connection in list(listener.connections):
                connection.stop()
        await asyncio.wait([gone], timeout=DRAIN_LIMIT_S)
        self._cut()
        await asyncio.wait([gone], timeout=CUT_LIMIT_S)
        gone.cancel()

    async def _until_empty(self) -> None:
        for listener in self._listeners:
            await listener.wait_until_empty()

    def _cut(self) -> None:
        for listener in self._listeners:
            for connection in list(listener.connections):
                connection.abort()


def report(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """What nobody has caught is a mistake of ours: into the log, with its traceback."""
    error = context.get("exception")
    if isinstance(error, ConnectionError):
        return  # a peer that left in the middle of a handshake
    log.error(
        "%s",
        context.get("message", "unhandled failure"),
        exc_info=error if isinstance(error, BaseException) else None,
    )
