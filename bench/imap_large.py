"""IMAP: a mailbox of 100,000 small messages, beside one a tenth as large; Dovecot and correo.

`python -m bench imap_large [--rounds 1] [--messages 100000]`. "First" is the first command of its
kind after the messages were appended; SELECT is that of a session which has had the mailbox
selected before. Times are those of whole commands, answer read to its end.
"""

import argparse
import functools
import random
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

from bench.imap import fill, timed_ms
from bench.imap_client import Imap
from bench.machine import Figures, describe
from bench.servers import PASSWORD, Measured, correo, dovecot_alone

SIZE = 2048  # octets
AGAIN = 5
SINGLE = 500  # commands that name one message
WHOLE = {
    "FETCH 1:* (FLAGS UID)": "FETCH 1:* (FLAGS UID)",
    "FETCH 1:* ENVELOPE": "FETCH 1:* (ENVELOPE)",
    "SEARCH UNSEEN": "SEARCH UNSEEN",
    "SORT (DATE)": "SORT (DATE) UTF-8 ALL",
}


def run_cases(server: Measured, messages: int, times: Figures) -> None:
    client = Imap(server.imap_port, server.user(0), PASSWORD)
    fill(client, "Other", 10, SIZE)
    fill(client, "Bench", messages, SIZE)
    measure(client, server, f"{messages:,}", messages, times)
    client.close()
    print(f"{server.name}, {messages:,}: done", file=sys.stderr, flush=True)


def measure(client: Imap, server: Measured, which: str, messages: int, times: Figures) -> None:
    def timed(row: str, command: str) -> None:
        times.add(f"{row}, {which}", server.name, timed_ms(lambda: client.command(command)))

    timed("SELECT, first", 'SELECT "Bench"')
    for _ in range(AGAIN):
        client.command('SELECT "Other"')
        timed("SELECT", 'SELECT "Bench"')
    for row, command in WHOLE.items():
        timed(f"{row}, first", command)
        for _ in range(AGAIN):
            timed(row, command)
    for _ in range(SINGLE):
        number = random.randint(1, messages)
        timed("UID FETCH FLAGS of one", f"UID FETCH {number} FLAGS")
        timed("UID FETCH BODY.PEEK[] of one", f"UID FETCH {number} BODY.PEEK[]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--no-peer", action="store_true", help="correo alone")
    options = parser.parse_args()
    starts: list[Callable[[], AbstractContextManager[Measured]]] = [correo]
    if not options.no_peer:
        starts.insert(0, functools.partial(dovecot_alone, mail_format="mdbox"))
    times = Figures("ms", higher_is_better=False)
    for _ in range(options.rounds):
        for messages in (options.messages // 10, options.messages):
            for start in starts:
                with start() as server:
                    run_cases(server, messages, times)
    print(describe())
    times.show()


if __name__ == "__main__":
    main()
