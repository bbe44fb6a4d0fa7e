"""Run a correo server as a process of its own, for tests that need the whole thing.

The interoperation, crash and benchmark suites use it: it starts `correo dev` or `correo serve`
on free loopback ports, waits until `run/endpoints.json` is there, and stops exactly the process
it started.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Listener", "ServerProcess", "free_port", "free_port_offset", "running", "wait_for_port"]

STANDARD_PORTS = (25, 80, 110, 143, 443, 465, 587, 993, 995, 4190)
START_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Listener:
    host: str
    port: int
    tls: str


class ServerProcess:
    """A started server; `listeners` is what its endpoints.json says."""

    def __init__(self, process: subprocess.Popen[bytes], data: Path, log: Path) -> None:
        self.process = process
        self.data = data
        self.log = log
        self.listeners: dict[str, Listener] = {}
        self.ca_certificate = ""

    @property
    def pid(self) -> int:
        return self.process.pid

    def output(self) -> str:
        """Everything the server has printed so far."""
        return self.log.read_text(errors="replace")

    def wait_until_ready(self) -> None:
        """Return when every listener is up. Raises RuntimeError with the server's own words."""
        path = self.data / "run" / "endpoints.json"
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                endpoints = json.loads(path.read_text())
                if endpoints["pid"] == self.pid:  # else a killed server has left it
                    self._read(endpoints)
                    return
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended at start: {self.output()}")
            time.sleep(0.02)
        raise RuntimeError(f"the server was not ready in {START_LIMIT_S:.0f} s: {self.output()}")

    def _read(self, endpoints: dict[str, Any]) -> None:
        self.ca_certificate = endpoints["ca_certificate"]
        self.listeners = {
            name: Listener(each["host"], each["port"], each["tls"])
            for name, each in endpoints["listeners"].items()
        }

    def stop(self) -> int:
        """End it with SIGTERM and return its exit code; kill it if it does not end in time."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def kill(self) -> None:
        """End it as a power cut would, its workers too (they are its process group)."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_port_offset(start: int = 20000) -> int:
    """An offset at which all of correo's ports are free."""
    for attempt in range(200):
        offset = start + (os.getpid() * 7 + attempt * 131) % 12000
        if all(_is_free(port + offset) for port in STANDARD_PORTS):
            return offset
    raise RuntimeError("no free range of ports on 127.0.0.1")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def wait_for_port(port: int) -> None:
    """Return when somebody listens on this loopback port. Raises RuntimeError after 30 s."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on 127.0.0.1:{port}")


@contextlib.contextmanager
def running(
    command: str, data: Path, options: Sequence[str] = (), *, port_offset: int | None = None
) -> Iterator[ServerProcess]:
    """`correo dev` or `correo serve` over a data directory, until the block ends."""
    offset = free_port_offset() if port_offset is None else port_offset
    data.mkdir(parents=True, exist_ok=True)
    log = data / f"{command}.log"
    arguments = [
        sys.executable, "-m", "correo", command,
        "--data", str(data), "--port-offset", str(offset), *options,
    ]  # fmt: skip
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            arguments,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    server = ServerProcess(process, data, log)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()
