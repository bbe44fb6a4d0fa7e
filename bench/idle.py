"""Idle IMAP connections: memory of each, and how soon a new message reaches one.

`python -m bench idle [--connections 1000]`. Memory is the growth of the server's proportional
set size after some clients have come and gone, and a moment of rest; a change is timed from the
final dot of SMTP to the untagged EXISTS.
"""

import argparse
import functools
import smtplib
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from bench.imap_client import Imap
from bench.machine import describe, memory_mb
from bench.servers import PASSWORD, USERS, Measured, correo, dovecot_alone

LETTER = b"From: a@sender.test\r\nSubject: ping\r\n\r\nping\r\n"


WARM_UP = 20  # clients, so that every process has all that it needs once
REST_S = 4.0
CHANGES = 100  # that are timed


def open_idle(server: Measured, count: int, *, tls: bool) -> list[Imap]:
    clients = []
    for number in range(count):
        client = Imap(server.imap_port, server.user(number % USERS), PASSWORD, starttls=tls)
        client.command("SELECT INBOX")
        client.socket.sendall(b"i IDLE\r\n")
        client.until(b"\r\n")
        clients.append(client)
    return clients


def push_latency_ms(server: Measured, client: Imap, number: int) -> float:
    lmtp = not server.name.startswith("correo")
    kind: type[smtplib.SMTP] = smtplib.LMTP if lmtp else smtplib.SMTP
    with kind("127.0.0.1", server.smtp_port, timeout=30) as smtp:
        smtp.ehlo_or_helo_if_needed()
        smtp.mail("a@sender.test")
        smtp.rcpt(server.user(number % USERS))
        smtp.putcmd("data")
        smtp.getreply()
        smtp.send(LETTER + b".\r\n")
        started = time.perf_counter()
        client.until(b" EXISTS\r\n")
        took = (time.perf_counter() - started) * 1000
        smtp.getreply()
    return took


def measure(
    start: Callable[[], AbstractContextManager[Measured]], connections: int, *, tls: bool = False
) -> None:
    with start() as server:
        for client in open_idle(server, WARM_UP, tls=tls):
            client.close()
        time.sleep(REST_S)
        before, _, _ = memory_mb(server.roots)
        clients = open_idle(server, connections, tls=tls)
        time.sleep(REST_S)
        after, _, processes = memory_mb(server.roots)
        latencies = sorted(push_latency_ms(server, clients[n], n) for n in range(CHANGES))
        p99 = latencies[CHANGES * 99 // 100 - 1]
        print(
            f"{server.name + (' TLS' if tls else ''):24} {connections} connections: {(after - before) * 1024 / connections:.1f} KiB each "
            f"({processes} processes), a change arrives after {statistics.median(latencies):.1f} ms "
            f"(p50), {p99:.1f} ms (p99), {latencies[-1]:.1f} ms (worst of {CHANGES})",
            flush=True,
        )
        for client in clients:
            client.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--no-peer", action="store_true", help="correo alone")
    options = parser.parse_args()
    print(describe())
    if not options.no_peer:
        measure(functools.partial(dovecot_alone, mail_format="mdbox"), options.connections)
    measure(correo, options.connections)
    measure(correo, options.connections, tls=True)


if __name__ == "__main__":
    main()
