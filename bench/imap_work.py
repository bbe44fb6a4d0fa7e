"""IMAP: searching, sorting, threading, storing, copying; Dovecot (mdbox, maildir) and correo in turn.

`python -m bench imap_work [--rounds 3] [--messages 10000]`. Times are those of whole commands on
one connection; "first" is the first of its kind in a session that has just selected the mailbox.
"""

import argparse
import functools
import random
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from bench.imap import fill, timed_ms
from bench.imap_client import Imap
from bench.machine import Figures, describe
from bench.servers import PASSWORD, Measured, correo, dovecot_alone

MAILBOXES = 200
INDEXED_MS, INDEX_LIMIT_S = 10, 120  # a search this quick used an index
SINGLE = 500  # commands that name one message
ASKED_AGAIN = {
    "SEARCH UNSEEN": "SEARCH UNSEEN",
    "SEARCH SINCE": "SEARCH SINCE 1-Jan-2020",
    "SEARCH SENTSINCE": "SEARCH SENTSINCE 1-Jan-2020",
    "SEARCH LARGER": "SEARCH LARGER 10000",
    "SEARCH SUBJECT": "SEARCH SUBJECT topic",
    "SEARCH FROM": "SEARCH FROM sender5",
    "SEARCH BODY, common word": "SEARCH BODY fox",
    "SEARCH TEXT, in no message": "SEARCH TEXT nowhereatall",
    "SEARCH TEXT, part of a word in a few": "SEARCH TEXT ender99@",
    "SORT DATE": "SORT (DATE) UTF-8 ALL",
    "SORT SUBJECT": "SORT (SUBJECT) UTF-8 ALL",
    "SORT FROM": "SORT (FROM) UTF-8 ALL",
    "THREAD REFERENCES": "THREAD REFERENCES UTF-8 ALL",
}


def run_cases(server: Measured, options: argparse.Namespace, times: Figures) -> None:
    client = Imap(server.imap_port, server.user(0), PASSWORD)
    fill(client, "Bench", options.messages, 10240)
    for number in range(MAILBOXES):
        client.command(f'CREATE "box{number}"')

    def timed(row: str, *commands: str) -> None:
        took = timed_ms(lambda: [client.command(command) for command in commands])
        times.add(row, server.name, took / len(commands))

    client.command('SELECT "Bench"')
    timed("SEARCH BODY, before anything is indexed", "SEARCH BODY fox")
    if server.name == "correo":
        await_index(client)
    for row, command in ASKED_AGAIN.items():
        client.command('SELECT "Bench"')
        timed(f"{row}, first", command)
        for _ in range(3):
            timed(row, command)
    whole_mailbox(client, timed)
    one_at_a_time(client, timed, options.messages)
    client.close()
    print(f"{server.name} done", file=sys.stderr, flush=True)


def await_index(client: Imap) -> None:
    """Until the full-text index has been made."""
    begin = time.monotonic()
    while timed_ms(lambda: client.command("SEARCH BODY nowhereatall")) > INDEXED_MS:
        if time.monotonic() - begin > INDEX_LIMIT_S:
            raise TimeoutError("the index is not made")
        time.sleep(1)
    print(f"indexed after {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)


def whole_mailbox(client: Imap, timed: Callable[..., None]) -> None:
    """Changes of all messages, and of all mailboxes."""
    client.command('CREATE "Copies"')
    client.command('CREATE "Moved"')
    for name, item in (("STORE 1:*", "FLAGS"), ("STORE 1:* silent", "FLAGS.SILENT")):
        for sign in "+-+-":
            timed(name, f"STORE 1:* {sign}{item} (\\Flagged)")
    timed("COPY 1:*", 'COPY 1:* "Copies"')
    client.command('SELECT "Copies"')
    timed("MOVE 1:*", 'MOVE 1:* "Moved"')
    client.command('SELECT "Moved"')
    client.command("STORE 1:* +FLAGS.SILENT (\\Deleted)")
    timed("EXPUNGE all", "EXPUNGE")
    timed(
        f"STATUS of {MAILBOXES}, each",
        *[f'STATUS "box{number}" (MESSAGES UNSEEN UIDNEXT)' for number in range(MAILBOXES)],
    )
    timed(f"LIST of {MAILBOXES}", 'LIST "" "*"')


def one_at_a_time(client: Imap, timed: Callable[..., None], messages: int) -> None:
    client.command('SELECT "Bench"')
    choose = random.Random(5)
    uids = [choose.randrange(1, messages + 1) for _ in range(SINGLE)]
    timed("UID FETCH FLAGS of one", *[f"UID FETCH {uid} FLAGS" for uid in uids])
    timed("UID FETCH BODY.PEEK[] of one", *[f"UID FETCH {uid} BODY.PEEK[]" for uid in uids])
    timed("UID STORE of one", *[f"UID STORE {uid} +FLAGS (\\Answered)" for uid in set(uids)])


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
                run_cases(server, options, times)
    print(describe())
    times.show()


if __name__ == "__main__":
    main()
