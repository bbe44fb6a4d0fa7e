"""SMTP in until the last message can be read: Postfix + Dovecot (LMTP) and correo in turn.

`python -m bench smtp_in [--rounds 3] [--scale 1.0]`. A round sends each case to each server over
one fresh set-up; time ends when IMAP STATUS of every recipient shows the last message.
"""

import argparse
import functools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench.imap_client import Imap
from bench.machine import Figures, Meter, describe
from bench.servers import PASSWORD, USERS, Measured, correo, postfix_and_dovecot

VISIBLE_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    sessions: int
    messages: int
    size: int
    recipients: int = 1


CASES = (
    Case("2 KB, 1 session", 1, 800, 2048),
    Case("2 KB, 10 sessions", 10, 2000, 2048),
    Case("2 KB, 50 sessions", 50, 2000, 2048),
    Case("2 KB, 10 sessions, 10 recipients each", 10, 300, 2048, 10),
    Case("1 MB, 10 sessions", 10, 100, 1 << 20),
)


def measure(server: Measured, case: Case, readers: list[Imap], first: int) -> dict[str, float]:
    """One case against one server: deliveries per second, CPU per message, latencies."""
    before = [reader.messages() for reader in readers]
    expected = list(before)
    for number in range(first * case.recipients, (first + case.messages) * case.recipients):
        expected[number % USERS] += 1
    arguments = [
        sys.executable, "-m", "bench.smtp_load", "--port", str(server.smtp_port),
        "--sessions", str(case.sessions), "--messages", str(case.messages),
        "--size", str(case.size), "--recipients", str(case.recipients), "--first", str(first),
    ]  # fmt: skip
    with Meter(server.roots) as meter:
        output = subprocess.run(arguments, check=True, stdout=subprocess.PIPE).stdout
        load = json.loads(output)
        wait_until_visible(readers, expected)
    seconds = time.monotonic() - load["began"]
    return {
        "rate": case.messages * case.recipients / seconds,
        "cpu_ms": meter.cpu_s * 1000 / case.messages,
        "p50_ms": load["p50_ms"],
        "p99_ms": load["p99_ms"],
    }


def wait_until_visible(readers: list[Imap], expected: list[int]) -> None:
    deadline = time.monotonic() + VISIBLE_LIMIT_S
    for reader, count in zip(readers, expected, strict=True):
        while reader.messages() < count:
            if time.monotonic() > deadline:
                raise RuntimeError("messages that were accepted did not become readable")
            time.sleep(0.002)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of messages")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--peers", default="maildir,mdbox", help="Dovecot formats, or empty")
    options = parser.parse_args()
    starts: list[Callable[[], AbstractContextManager[Measured]]] = [
        functools.partial(postfix_and_dovecot, mail_format=each)
        for each in options.peers.split(",")
        if each
    ]
    starts.append(correo)
    figures = {
        "rate": Figures("deliveries/s", higher_is_better=True),
        "cpu_ms": Figures("ms CPU per message", higher_is_better=False),
        "p50_ms": Figures("ms p50", higher_is_better=False),
        "p99_ms": Figures("ms p99", higher_is_better=False),
    }
    for _ in range(options.rounds):
        for start in starts:
            with start() as server:
                run_cases(server, options, figures)
    print(describe())
    for each in figures.values():
        each.show()


def run_cases(server: Measured, options: argparse.Namespace, figures: dict[str, Figures]) -> None:
    readers = [Imap(server.imap_port, server.user(number), PASSWORD) for number in range(USERS)]
    first = 0
    for case in CASES:
        if options.only not in case.name:
            continue
        scaled = Case(
            case.name,
            case.sessions,
            max(case.sessions, int(case.messages * options.scale)),
            case.size,
            case.recipients,
        )
        for name, value in measure(server, scaled, readers, first).items():
            figures[name].add(case.name, server.name, value)
        first += scaled.messages
        print(f"{server.name}: {case.name} done", file=sys.stderr, flush=True)
    for reader in readers:
        reader.close()


if __name__ == "__main__":
    main()
