"""`correo serve`: a supervisor that opens the ports, and one worker per core that serves.

The supervisor imports everything, binds, reads the certificate, and forks; workers give up root
and share the listening sockets, and the memory of what was imported. A worker that dies is
replaced. It has no event loop, no thread and no connection of its own.

SIGTERM, SIGINT  every worker drains; all are gone within 5 s
SIGHUP           new workers serve with the configuration and certificate as they are on disk now;
                 the old ones accept nothing more and end when their last connection has ended,
                 with a farewell to those still there an hour later
"""

import asyncio
import gc
import logging
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import uvloop

from correo.app.config import Configuration
from correo.app.foundations import look_at_files
from correo.app.listening import Bound, bind_all, close_all, remove_endpoints, write_endpoints
from correo.app.privileges import CANNOT_START, account_of, exit_after, give
from correo.app.start import (
    StartError,
    certificate_files,
    claim_resources,
    lock_data,
    make_folders,
)
from correo.app.wiring import Conveniences
from correo.app.worker import Worker
from correo.base.errors import CorreoError
from correo.net.limits import ConnectionLimits
from correo.net.tls import CertificateFiles, ServerTls

__all__ = ["Supervisor"]

log = logging.getLogger("correo.serve")

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
ROWS = 256  # processes that can count connections at once: workers, and old ones not yet gone
LONGEST_PAUSE_S = 30.0  # before a worker that keeps dying is tried again
STABLE_S = 10.0  # a worker that lived this long has not died at its start
END_LIMIT_S = 4.8  # then whoever is left is killed
READY = b"+"


@dataclass(slots=True)
class Child:
    """A worker process."""

    pid: int
    number: int
    row: int
    started: float
    ready: socket.socket
    is_ready: bool = False
    is_retired: bool = False


class Supervisor:
    """Runs the server that a configuration describes, until SIGTERM.

    Args:
        read: reads the configuration, now and at each SIGHUP.
    """

    def __init__(self, read: Callable[[], Configuration]) -> None:
        self._read = read
        self._configuration = read()
        self._bound: list[Bound] = []
        self._children: dict[int, Child] = {}
        self._limits = ConnectionLimits(1, 1, workers=ROWS)
        self._pauses: dict[int, float] = {}
        self._due: dict[int, float] = {}  # worker number -> when to start it again
        self._is_ending = False
        self._was_ready = False
        self._exit_code = 0

    def run(self) -> int:
        """Returns the exit code. Raises CorreoError: it cannot start."""
        folder = self._configuration.folder
        make_folders(folder)
        claim_resources()
        user = account_of(self._configuration.user)
        if user is not None:
            give(folder, user)
        self._lock = lock_data(folder)
        self._files, self._tls = self._load_tls()
        self._bound = bind_all(self._configuration)
        if not self._prepare():
            return 1
        self._selector = selectors.DefaultSelector()
        self._wake_up, wakened = socket.socketpair()
        self._wake_up.setblocking(False)
        wakened.setblocking(False)
        signal.set_wakeup_fd(wakened.fileno())
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)
        self._selector.register(self._wake_up, selectors.EVENT_READ)
        self._lifeline, self._lifeline_end = os.pipe()
        os.set_blocking(self._lifeline, False)
        gc.collect()
        gc.freeze()  # what is shared with the workers stays shared
        self._start_all()
        try:
            self._watch()
        finally:
            remove_endpoints(folder)
            close_all(self._bound)
        return self._exit_code

    def _prepare(self) -> bool:
        """Make or upgrade the node's files in a process of its own, before workers share them."""
        pid = os.fork()
        if pid == 0:
            user = account_of(self._configuration.user)
            exit_after(lambda: asyncio.run(look_at_files(self._configuration)), user)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

    # the loop

    def _watch(self) -> None:
        while self._children or (self._due and not self._is_ending):
            for key, _ in self._selector.select(self._patience()):
                if key.fileobj is self._wake_up:
                    for number in self._wake_up.recv(4096):
                        self._on_signal(number)
                else:
                    self._heard(key.data)
            self._reap()
            self._start_due()

    def _patience(self) -> float | None:
        if self._is_ending or not self._due:
            return None
        return max(0.0, min(self._due.values()) - time.monotonic())

    def _on_signal(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            self._end()
        elif number == signal.SIGHUP and not self._is_ending:
            self._reload()
        elif number == signal.SIGALRM:
            self._tell(signal.SIGKILL)

    def _end(self) -> None:
        if not self._is_ending:
            self._is_ending = True
            self._due.clear()
            remove_endpoints(self._configuration.folder)
            signal.signal(signal.SIGALRM, lambda *_: None)
            signal.setitimer(signal.ITIMER_REAL, END_LIMIT_S)
        self._tell(signal.SIGTERM)

    def _tell(self, number: int) -> None:
        for pid in self._children:
            os.kill(pid, number)

    # workers

    def _start_all(self) -> None:
        limits = self._configuration.limits
        self._limits.use(limits.connections, limits.connections_per_address)
        for number in range(self._configuration.workers or os.cpu_count() or 1):
            self._start(number)

    def _start(self, number: int) -> None:
        taken = {child.row for child in self._children.values()}
        row = next(each for each in range(ROWS) if each not in taken)
        ours, theirs = socket.socketpair()
        self._limits.use_row(row)
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._become_worker(theirs)
        theirs.close()
        ours.setblocking(False)
        child = Child(pid, number, row, time.monotonic(), ours)
        self._children[pid] = child
        self._selector.register(ours, selectors.EVENT_READ, child)

    def _heard(self, child: Child) -> None:
        """A worker is up, or its end of the line is closed."""
        try:
            said = child.ready.recv(1)
        except BlockingIOError:
            return
        self._selector.unregister(child.ready)
        child.ready.close()
        child.is_ready = said == READY
        current = [each for each in self._children.values() if not each.is_retired]
        if not self._was_ready and all(each.is_ready for each in current):
            self._was_ready = True
            write_endpoints(self._configuration.folder, self._bound, self._files.authority)
            log.warning("serving with %d workers", len(current))

    def _reap(self) -> None:
        for pid in list(self._children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._gone(self._children.pop(pid), os.waitstatus_to_exitcode(status))

    def _gone(self, child: Child, code: int) -> None:
        self._limits.use_row(child.row)  # what it counted is gone with it
        if child.ready.fileno() >= 0:
            self._selector.unregister(child.ready)
            child.ready.close()
        if child.is_retired or self._is_ending:
            return
        if code == CANNOT_START and not self._was_ready:
            self._exit_code = 1
            self._end()
            return
        pause = 0.0
        if time.monotonic() - child.started < STABLE_S:
            pause = min(LONGEST_PAUSE_S, self._pauses.get(child.number, 0.25) * 2)
        self._pauses[child.number] = pause
        self._due[child.number] = time.monotonic() + pause
        log.error("worker %d ended with %d; another starts in %.1f s", child.pid, code, pause)

    def _start_due(self) -> None:
        now = time.monotonic()
        for number in [each for each, due in self._due.items() if due <= now]:
            del self._due[number]
            self._start(number)

    # reload

    def _reload(self) -> None:
        """New workers for the new configuration; on a mistake, everything stays as it is."""
        former, former_bound = self._configuration, self._bound
        try:
            configuration = self._read()
            if configuration.folder != former.folder:
                raise StartError("data cannot change while the server runs: restart it")
            bound = bind_all(configuration, former_bound)
            self._configuration = configuration
            self._files, self._tls = self._load_tls()
        except CorreoError as error:
            self._configuration = former
            log.error("the configuration was not reloaded: %s", error)
            return
        self._bound = bound
        places = {each.place for each in bound}
        for child in self._children.values():
            child.is_retired = True
            os.kill(child.pid, signal.SIGUSR1)
        self._due.clear()
        self._was_ready = False
        self._start_all()
        close_all(each for each in former_bound if each.place not in places)
        log.warning("configuration and certificate reloaded")

    def _load_tls(self) -> tuple[CertificateFiles, ServerTls]:
        files = certificate_files(self._configuration)
        binds_channels = self._configuration.tls.channel_binding
        return files, ServerTls(files, binds_channels=binds_channels)

    # in the worker

    def _become_worker(self, ready: socket.socket) -> NoReturn:
        """Never returns."""
        self._forget_supervisor()
        user = account_of(self._configuration.user)
        exit_after(lambda: uvloop.run(self._serve(ready)), user)

    def _forget_supervisor(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        self._selector.close()
        self._wake_up.close()
        os.close(self._lock)
        os.close(self._lifeline_end)
        for child in self._children.values():
            child.ready.close()

    async def _serve(self, ready: socket.socket) -> None:
        worker = Worker(self._configuration, Conveniences(), self._bound, self._tls, self._limits)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._lifeline, worker.end)  # readable when the supervisor is gone
        loop.add_signal_handler(signal.SIGUSR1, worker.retire)

        def tell(_: object) -> None:
            ready.send(READY)
            ready.close()

        try:
            await worker.run(tell)
        finally:
            loop.remove_reader(self._lifeline)
