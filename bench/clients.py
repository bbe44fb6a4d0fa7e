"""Client libraries at the same job against the same servers: ours, the standard library's, others.

`python -m bench clients [--rounds 3] [--messages 10000] [--sends 1000]`. Headers of a whole mailbox
are fetched from a Dovecot (and, to compare, only read by a bare socket), small messages are sent to
a correo over one connection. Libraries that are not installed are left out: `pip install imapclient
aioimaplib aiosmtplib` for all.
"""

import argparse
import asyncio
import importlib
import importlib.util
import smtplib
import sys
import time
from collections.abc import Awaitable, Callable

import uvloop

from bench.imap import fill
from bench.imap_client import Imap
from bench.machine import Figures, describe
from bench.servers import PASSWORD, Measured, correo, dovecot_alone
from correo.clients.imap import ImapClient
from correo.clients.security import TlsMode
from correo.clients.smtp import Envelope, EnvelopeRecipient, SmtpClient

HEADERS = "BODY.PEEK[HEADER]"
LETTER = (
    b"From: a@sender.test\r\nTo: b@bench.test\r\nSubject: small\r\n"
    b"Date: Fri, 27 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@sender.test>\r\n\r\nhello\r\n"
)

Job = Callable[[Measured, int], float]  # returns seconds, connecting not counted


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


async def timed_async(work: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


# headers of a mailbox


def fetch_with_correo(server: Measured, count: int) -> float:
    async def main() -> float:
        async with await ImapClient.connect(
            "127.0.0.1", server.imap_port, tls=TlsMode.NONE
        ) as client:
            await client.login(server.user(0), PASSWORD, may_show_password=True)
            await client.select("Bench", read_only=True)

            async def work() -> None:
                found = [m.sections async for m in client.fetch("1:*", f"({HEADERS})")]
                assert len(found) == count

            return await timed_async(work)

    return uvloop.run(main())


def fetch_with_imaplib(server: Measured, count: int) -> float:
    import imaplib

    with imaplib.IMAP4("127.0.0.1", server.imap_port) as client:
        client.login(server.user(0), PASSWORD)
        client.select("Bench", readonly=True)

        def work() -> None:
            _, answer = client.fetch("1:*", f"({HEADERS})")
            assert sum(isinstance(each, tuple) for each in answer) == count

        return timed(work)


def fetch_with_imapclient(server: Measured, count: int) -> float:
    imapclient = importlib.import_module("imapclient")

    with imapclient.IMAPClient("127.0.0.1", server.imap_port, ssl=False) as client:
        client.login(server.user(0), PASSWORD)
        client.select_folder("Bench", readonly=True)
        uids = list(range(1, count + 1))
        return timed(lambda: client.fetch(uids, [HEADERS]))


def fetch_with_aioimaplib(server: Measured, count: int) -> float:
    aioimaplib = importlib.import_module("aioimaplib")

    async def main() -> float:
        client = aioimaplib.IMAP4("127.0.0.1", server.imap_port, timeout=600)
        await client.wait_hello_from_server()
        await client.login(server.user(0), PASSWORD)
        await client.select("Bench")

        async def work() -> None:
            for first in range(1, count + 1, 100):  # 10,000 at once are a RecursionError
                answer = await client.fetch(f"{first}:{first + 99}", f"({HEADERS})")
                assert answer.result == "OK"

        seconds = await timed_async(work)
        await client.logout()
        return seconds

    return asyncio.run(main())


def fetch_with_a_socket(server: Measured, _: int) -> float:
    """Octets read and thrown away: no client can be faster with this server."""
    client = Imap(server.imap_port, server.user(0), PASSWORD)
    client.command("EXAMINE Bench")
    seconds = timed(lambda: client.command(f"FETCH 1:* ({HEADERS})"))
    client.close()
    return seconds


# small messages over one connection


def send_with_correo(server: Measured, count: int) -> float:
    async def main() -> float:
        envelope = Envelope("a@sender.test", [EnvelopeRecipient(server.user(1))])
        async with await SmtpClient.connect(
            "127.0.0.1", server.smtp_port, tls=TlsMode.NONE
        ) as client:

            async def work() -> None:
                letters = ((envelope, LETTER) for _ in range(count))
                assert all([outcome.is_accepted async for outcome in client.send_many(letters)])

            return await timed_async(work)

    return uvloop.run(main())


def send_with_smtplib(server: Measured, count: int) -> float:
    with smtplib.SMTP("127.0.0.1", server.smtp_port) as client:
        client.ehlo()

        def work() -> None:
            for _ in range(count):
                client.sendmail("a@sender.test", [server.user(1)], LETTER)

        return timed(work)


def send_with_aiosmtplib(server: Measured, count: int) -> float:
    aiosmtplib = importlib.import_module("aiosmtplib")

    async def main() -> float:
        async with aiosmtplib.SMTP(
            hostname="127.0.0.1", port=server.smtp_port, start_tls=False
        ) as client:

            async def work() -> None:
                for _ in range(count):
                    await client.sendmail("a@sender.test", [server.user(1)], LETTER)

            return await timed_async(work)

    return asyncio.run(main())


FETCHES: dict[str, Job] = {
    "correo": fetch_with_correo,
    "imaplib": fetch_with_imaplib,
    "imapclient": fetch_with_imapclient,
    "aioimaplib": fetch_with_aioimaplib,
}
SENDS: dict[str, Job] = {
    "correo": send_with_correo,
    "smtplib": send_with_smtplib,
    "aiosmtplib": send_with_aiosmtplib,
}


def run(
    row: str, jobs: dict[str, Job], server: Measured, count: int, rounds: int, times: Figures
) -> None:
    for _ in range(rounds):
        for name, job in jobs.items():
            if importlib.util.find_spec(name) is not None:
                times.add(row, name, job(server, count) * 1000)
                print(f"{row}: {name} done", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--sends", type=int, default=1000)
    options = parser.parse_args()
    times = Figures("ms", higher_is_better=False)
    with dovecot_alone(mail_format="mdbox") as server:
        client = Imap(server.imap_port, server.user(0), PASSWORD)
        fill(client, "Bench", options.messages, 2048)
        client.close()
        row = f"headers of {options.messages}"
        run(row, FETCHES, server, options.messages, options.rounds, times)
        bare: dict[str, Job] = {"socket": fetch_with_a_socket}
        run(f"{row}, only read", bare, server, options.messages, options.rounds, times)
    with correo() as server:
        row = f"{options.sends} messages over one connection"
        run(row, SENDS, server, options.sends, options.rounds, times)
    print(describe())
    times.show()


if __name__ == "__main__":
    main()
