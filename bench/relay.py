"""SMTP in, through the durable queue, out to a sink on loopback: Postfix and correo in turn.

`python -m bench relay [--rounds 3] [--messages 2000]`. Time ends when the sink, a bare protocol
in a process of its own, has taken the last message.
"""

import argparse
import asyncio
import json
import multiprocessing
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from typing import cast

import uvloop

from bench.machine import Figures, Meter, describe
from bench.servers import Measured, correo, folder
from correo.testing.process import free_port, wait_for_port
from correo.testing.programs.postfix import postfix

LIMIT_S = 120.0
EHLO_ANSWER = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE\r\n"


class Sink(asyncio.Protocol):
    """Takes every message and forgets it; counts them."""

    taken = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.buffer = b""
        self.in_data = False
        self.transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        answers = []
        while True:
            if self.in_data:
                end = self.buffer.find(b"\r\n.\r\n")
                if end < 0:
                    break
                self.buffer = self.buffer[end + 5 :]
                self.in_data = False
                Sink.taken += 1
                answers.append(b"250 2.0.0 taken\r\n")
                continue
            end = self.buffer.find(b"\r\n")
            if end < 0:
                break
            verb, self.buffer = self.buffer[:4].upper(), self.buffer[end + 2 :]
            answers.append(self.answer(verb))
        if answers:
            self.transport.write(b"".join(answers))

    def answer(self, verb: bytes) -> bytes:
        if verb == b"EHLO":
            return EHLO_ANSWER
        if verb == b"DATA":
            self.in_data = True
            return b"354 go on\r\n"
        return b"221 2.0.0 bye\r\n" if verb == b"QUIT" else b"250 2.0.0 ok\r\n"


def answer_question(reports: Connection) -> None:
    reports.recv()
    reports.send(Sink.taken)


def run_sink(port: int, reports: Connection) -> None:
    """Serve, and report the count whenever asked."""

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_server(Sink, "127.0.0.1", port)
        loop.add_reader(reports.fileno(), answer_question, reports)
        await asyncio.sleep(3600)

    uvloop.run(serve())


class RunningSink:
    def __init__(self) -> None:
        self.port = free_port()
        self.questions, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(
            target=run_sink, args=(self.port, theirs), daemon=True
        )
        self.process.start()
        wait_for_port(self.port)

    def taken(self) -> int:
        self.questions.send(None)
        count: int = self.questions.recv()
        return count

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + LIMIT_S
        while self.taken() < count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the sink took {self.taken()} of {count} messages")
            time.sleep(0.005)


def measure(server: Measured, sink: RunningSink, messages: int, size: int) -> tuple[float, float]:
    arguments = [
        sys.executable, "-m", "bench.smtp_load", "--port", str(server.relay_port),
        "--sessions", "10", "--messages", str(messages), "--size", str(size),
        "--user", "u%04d@away.test",
    ]  # fmt: skip
    before = sink.taken()
    with Meter(server.roots) as meter:
        output = subprocess.run(arguments, check=True, stdout=subprocess.PIPE).stdout
        sink.wait_for(before + messages)
    seconds = time.monotonic() - json.loads(output)["began"]
    return messages / seconds, meter.cpu_s * 1000 / messages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--no-peer", action="store_true", help="correo alone")
    options = parser.parse_args()
    sink = RunningSink()
    rates = Figures("msg/s", higher_is_better=True)
    cpu = Figures("ms CPU per message", higher_is_better=False)

    def note(server: Measured) -> None:
        for name, size in (("relay 2 KB, 10 sessions", 2048), ("relay 20 KB, 10 sessions", 20480)):
            rate, cost = measure(server, sink, options.messages, size)
            rates.add(name, server.name, rate)
            cpu.add(name, server.name, cost)
        print(f"{server.name} done", file=sys.stderr, flush=True)

    for _ in range(options.rounds):
        if not options.no_peer:
            with (
                folder() as home,
                postfix(
                    home / "p", free_port(), domains="bench.test", next_hop_port=sink.port
                ) as peer,
            ):
                note(Measured("Postfix", peer.port, 0, 0, (peer.pid,), peer.port))
        with correo(options=["--route", f"away.test=127.0.0.1:{sink.port}"]) as server:
            note(server)
    print(describe())
    rates.show()
    cpu.show()
    sink.process.terminate()


if __name__ == "__main__":
    main()
