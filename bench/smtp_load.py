"""An SMTP load client: many sessions in one uvloop process, latencies of whole transactions.

Run as a process of its own so that its CPU time is not the server's; prints one JSON line.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable
from typing import cast

import uvloop


class Load:
    """What is to be sent, and what has been answered."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.body = make_body(options.size)
        self.next_number: int = options.first
        self.last_number: int = options.first + options.messages
        self.latencies_ms: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self) -> int | None:
        """The number of the next message to send, None when all are on their way."""
        if self.next_number >= self.last_number:
            return None
        self.next_number += 1
        return self.next_number - 1

    def recipients(self, number: int) -> list[str]:
        count = self.options.recipients
        first = number * count
        return [self.options.user % ((first + each) % self.options.users) for each in range(count)]

    def answered(self, started: float) -> None:
        self.latencies_ms.append((time.perf_counter() - started) * 1000)
        if len(self.latencies_ms) == self.options.messages and not self.done.done():
            self.done.set_result(None)

    def failed(self, what: str) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(what))


def make_body(size: int) -> bytes:
    header = (
        b"From: Load <load@sender.test>\r\nTo: Somebody <somebody@bench.test>\r\n"
        b"Subject: a message of the load\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\n"
        b"Message-ID: <%s@sender.test>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    line = b"The quick brown fox jumps over the lazy dog, again and again and again.\r\n"
    return header + line * max(1, (size - len(header)) // len(line)) + b".\r\n"


class Session(asyncio.Protocol):
    """One connection that sends messages one after the other, a command at a time."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.buffer = b""
        self.started = 0.0
        self.steps: list[bytes] = []
        self.awaited: Callable[[], None] = self.greet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\n")) >= 0:
            line, self.buffer = self.buffer[:end], self.buffer[end + 1 :]
            if line[3:4] == b"-":
                continue
            if line[:1] not in b"23" or not line:
                self.load.failed(line.decode("ascii", "replace"))
                self.transport.abort()
                return
            self.awaited()

    def greet(self) -> None:
        self.transport.write(b"EHLO load.sender.test\r\n")
        self.awaited = self.begin

    def begin(self) -> None:
        number = self.load.take()
        if number is None:
            self.transport.write(b"QUIT\r\n")
            self.awaited = lambda: None
            return
        self.started = time.perf_counter()
        recipients = [f"RCPT TO:<{each}>\r\n".encode() for each in self.load.recipients(number)]
        body = self.load.body.replace(b"%s", b"%d.%d" % (number, time.monotonic_ns()), 1)
        self.steps = [*recipients, b"DATA\r\n", body]
        self.transport.write(b"MAIL FROM:<load@sender.test>\r\n")
        self.awaited = self.step

    def step(self) -> None:
        if not self.steps:
            self.load.answered(self.started)
            self.begin()
            return
        self.transport.write(self.steps.pop(0))

    def connection_lost(self, exc: Exception | None) -> None:
        if self.load.next_number < self.load.last_number:
            self.load.failed(f"the server closed the connection: {exc}")


async def run(options: argparse.Namespace) -> None:
    load = Load(options)
    loop = asyncio.get_running_loop()
    began = time.monotonic()  # comparable between processes
    for _ in range(options.sessions):
        await loop.create_connection(lambda: Session(load), "127.0.0.1", options.port)
    await asyncio.wait_for(load.done, options.limit)
    ordered = sorted(load.latencies_ms)
    print(
        json.dumps(
            {
                "began": began,
                "p50_ms": ordered[len(ordered) // 2],
                "p99_ms": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--recipients", type=int, default=1)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--user", default="u%04d@bench.test")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--limit", type=float, default=120.0)
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
