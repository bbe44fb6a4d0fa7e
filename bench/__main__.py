"""`python -m bench NAME [options]`: run one measurement; without a name, list them."""

import importlib
import sys

MEASUREMENTS = {
    "smtp_in": "SMTP in until readable in the mailbox: Postfix + Dovecot and correo",
    "relay": "SMTP in, durable queue, SMTP out to a local sink: Postfix and correo",
    "imap": "IMAP logins, FETCH, APPEND: Dovecot and correo",
    "imap_work": "IMAP SEARCH, SORT, THREAD, STORE, COPY, MOVE: Dovecot and correo",
    "imap_large": "IMAP in a mailbox of 100,000 messages: Dovecot and correo",
    "pop3": "POP3 login, listings, retrieval: Dovecot and correo",
    "idle": "memory of idle IMAP connections, and how soon a change reaches them",
    "clients": "client libraries: headers fetched from a Dovecot, messages sent to a correo",
    "store": "the store alone: durable appends, whole-mailbox work, opening an account",
    "rest": "memory of the whole server at rest",
}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in MEASUREMENTS:
        for name, what in MEASUREMENTS.items():
            print(f"python -m bench {name:10} {what}")
        raise SystemExit(2)
    name = sys.argv.pop(1)
    importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
