"""POP3 over a maildrop of many messages: Dovecot (mdbox, maildir) and correo in turn.

`python -m bench pop3 [--rounds 3] [--messages 10000]`.
"""

import argparse
import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

from bench.imap import message, timed_ms
from bench.imap_client import Imap, Pop3
from bench.machine import Figures, describe
from bench.servers import PASSWORD, Measured, correo, dovecot_alone


def fill_inbox(server: Measured, count: int) -> None:
    client = Imap(server.imap_port, server.user(0), PASSWORD)
    for start in range(0, count, 50):
        octets = bytearray()
        for number in range(start, min(count, start + 50)):
            body = message(number, 10240)
            octets += b"a%d APPEND INBOX {%d+}\r\n%b\r\n" % (number, len(body), body)
        client.socket.sendall(octets + b"z NOOP\r\n")
        client.until_tagged(b"z")
    client.close()


def listings(server: Measured) -> None:
    client = Pop3(server.pop3_port, server.user(0), PASSWORD)
    client.short(b"STAT")
    client.long(b"LIST\r\n")
    client.long(b"UIDL\r\n")
    client.short(b"QUIT")
    client.socket.close()


def retrieve_all(server: Measured, count: int) -> float:
    client = Pop3(server.pop3_port, server.user(0), PASSWORD)
    commands = [b"RETR %d\r\n" % number for number in range(1, count + 1)]

    def work() -> None:
        for start in range(0, count, 500):
            group = commands[start : start + 500]
            client.long(b"".join(group), answers=len(group))

    took = timed_ms(work)
    client.short(b"QUIT")
    client.socket.close()
    return took


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
            correo,
        ]
    times = Figures("ms", higher_is_better=False)
    for _ in range(options.rounds):
        for start in starts:
            with start() as server:
                fill_inbox(server, options.messages)
                listings(server)
                for _ in range(3):
                    times.add(
                        "login + STAT + LIST + UIDL",
                        server.name,
                        timed_ms(functools.partial(listings, server)),
                    )
                    times.add(
                        "RETR all, pipelined", server.name, retrieve_all(server, options.messages)
                    )
                print(f"{server.name} done", file=sys.stderr, flush=True)
    print(describe())
    times.show()


if __name__ == "__main__":
    main()
