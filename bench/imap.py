"""IMAP: logins, FETCH of whole mailboxes, APPEND; Dovecot (mdbox, maildir) and correo in turn.

`python -m bench imap [--rounds 3] [--messages 10000]`. "First" is the first FETCH of these items
after the messages were appended. Times are those of whole commands, answer read to its end.
"""

import argparse
import functools
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from bench.imap_client import Imap, in_turn
from bench.logins import log_in_and_out
from bench.machine import Figures, describe
from bench.servers import PASSWORD, Measured, correo, dovecot_alone

LIST_ITEMS = "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"
FETCHES = {
    "FETCH list items": LIST_ITEMS,
    "FETCH ENVELOPE": "(ENVELOPE)",
    "FETCH BODYSTRUCTURE": "(BODYSTRUCTURE)",
    "FETCH FLAGS UID": "(FLAGS UID)",
    "FETCH BODY.PEEK[HEADER.FIELDS (...)]": "(BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)])",
    "FETCH BODY.PEEK[]": "(BODY.PEEK[])",
}


def message(number: int, size: int) -> bytes:
    """A multipart message of about this size, different for every number."""
    head = (
        f"From: Sender {number % 97} <sender{number % 97}@sender.test>\r\n"
        f"To: Reader <reader@bench.test>, Other <other{number % 13}@bench.test>\r\n"
        f"Subject: Message number {number} about topic {number % 29}\r\n"
        f"Date: Mon, 23 Nov 2026 12:{number // 60 % 60:02d}:{number % 60:02d} +0000\r\n"
        f"Message-ID: <{number}@sender.test>\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="b{number}"\r\n\r\n'
        f"--b{number}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    middle = f"\r\n--b{number}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    tail = f"\r\n--b{number}--\r\n"
    line = f"Line of message {number}: the quick brown fox jumps over the lazy dog.\r\n"
    lines = max(2, (size - len(head) - len(middle) - len(tail)) // len(line))
    return (head + line * (lines // 2) + middle + line * (lines - lines // 2) + tail).encode()


def fill(client: Imap, mailbox: str, count: int, size: int) -> None:
    """Append messages, pipelined in groups."""
    client.command(f'CREATE "{mailbox}"')
    for start in range(0, count, 50):
        octets = bytearray()
        for number in range(start, min(count, start + 50)):
            body = message(number, size)
            octets += b'a%d APPEND "%s" {%d+}\r\n%b\r\n' % (
                number,
                mailbox.encode(),
                len(body),
                body,
            )
        client.socket.sendall(octets + b"z NOOP\r\n")
        client.until_tagged(b"z")


def timed_ms(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def login_rate(server: Measured, clients: int, each: int) -> float:
    users = [server.user(number) for number in range(clients)]
    work = functools.partial(log_in_and_out, server.imap_port, users, PASSWORD)
    work(5)  # each worker has seen it: "a login that was good a moment ago"
    return clients * each / (timed_ms(functools.partial(work, each)) / 1000)


def append_rate(server: Measured, clients: int, each: int) -> float:
    """One thread speaks for all clients, so that it is the server that is measured."""
    connections = [Imap(server.imap_port, server.user(n), PASSWORD) for n in range(clients)]
    body = message(1, 2048)
    request = b"x APPEND INBOX {%d+}\r\n%b\r\n" % (len(body), body)
    seconds = timed_ms(lambda: in_turn([c.socket for c in connections], request, each)) / 1000
    for connection in connections:
        connection.close()
    return clients * each / seconds


def run_cases(
    server: Measured, options: argparse.Namespace, times: Figures, rates: Figures
) -> None:
    client = Imap(server.imap_port, server.user(0), PASSWORD)
    fill(client, "Bench", options.messages, 10240)
    client.command('SELECT "Bench"')
    for name, items in FETCHES.items():
        fetch = functools.partial(client.command, f"FETCH 1:* {items}")
        times.add(f"{name}, first", server.name, timed_ms(fetch))
        for _ in range(3):
            times.add(name, server.name, timed_ms(fetch))
    client.close()
    rates.add("login + logout, 1 client", server.name, login_rate(server, 1, 500))
    rates.add("login + logout, 10 clients", server.name, login_rate(server, 10, 200))
    rates.add("APPEND 2 KB, 1 client", server.name, append_rate(server, 1, 1000))
    rates.add("APPEND 2 KB, 10 clients", server.name, append_rate(server, 10, 300))
    print(f"{server.name} done", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--no-peer", action="store_true", help="correo alone")
    options = parser.parse_args()
    starts: list[Callable[[], AbstractContextManager[Measured]]] = [correo]
    if not options.no_peer:
        starts = [
            functools.partial(dovecot_alone, mail_format="maildir"),
            functools.partial(dovecot_alone, mail_format="mdbox"),
            functools.partial(dovecot_alone, mail_format="mdbox", fast_login=True),
            correo,
        ]
    times = Figures("ms", higher_is_better=False)
    rates = Figures("per s", higher_is_better=True)
    for _ in range(options.rounds):
        for start in starts:
            with start() as server:
                run_cases(server, options, times, rates)
    print(describe())
    times.show()
    rates.show()


if __name__ == "__main__":
    main()
