"""`kill -9` in the middle of a load: what got its 250 is there, once."""

import asyncio
import imaplib
import itertools
import os
import signal
import smtplib
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from correo.clients.smtp import Envelope, EnvelopeRecipient, SmtpClient, SmtpError, TlsMode
from correo.testing.process import ServerProcess, free_port_offset, running

DOMAIN = "crash.test"
ACCOUNTS = [f"u{number}@{DOMAIN}" for number in range(4)]
PASSWORD = "correo"
SENDERS = 6
LOAD_LIMIT_S = 30.0


class Load:
    """Threads that send numbered messages and remember the numbers that were acknowledged.

    Args:
        is_ahead: send message after message without waiting for each answer before the next.
    """

    def __init__(self, port: int, *, is_ahead: bool = False) -> None:
        self.port = port
        send = self._send_ahead if is_ahead else self._send
        self.acknowledged: list[str] = []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=send, args=(number,)) for number in range(SENDERS)]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def finish(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(LOAD_LIMIT_S)
            assert not thread.is_alive()

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + LOAD_LIMIT_S
        while len(self.acknowledged) < count:
            assert time.monotonic() < deadline, "the server took too few messages"
            time.sleep(0.01)

    def _send(self, sender: int) -> None:
        number = 0
        while not self.stop.is_set():
            try:
                with smtplib.SMTP("127.0.0.1", self.port, timeout=5) as client:
                    while not self.stop.is_set():
                        number += 1
                        name = f"{sender}-{number}"
                        to = ACCOUNTS[(sender + number) % len(ACCOUNTS)]
                        client.sendmail(
                            "a@sender.test", [to], f"Subject: {name}\r\n\r\n{name}\r\n".encode()
                        )
                        self.acknowledged.append(name)
            except (OSError, smtplib.SMTPException):
                self.stop.wait(0.05)

    def _send_ahead(self, sender: int) -> None:
        numbers = itertools.count(1)
        while not self.stop.is_set():
            try:
                asyncio.run(self._send_row(sender, numbers))
            except (OSError, SmtpError):
                self.stop.wait(0.05)

    async def _send_row(self, sender: int, numbers: Iterator[int]) -> None:
        sent: list[str] = []

        def letters() -> Iterator[tuple[Envelope, bytes]]:
            while not self.stop.is_set():
                number = next(numbers)
                sent.append(f"{sender}-{number}")
                to = EnvelopeRecipient(ACCOUNTS[(sender + number) % len(ACCOUNTS)])
                yield Envelope("a@sender.test", [to]), f"Subject: {sent[-1]}\r\n\r\n".encode()

        async with await SmtpClient.connect("127.0.0.1", self.port, tls=TlsMode.NONE) as client:
            place = 0
            async for outcome in client.send_many(letters()):
                if outcome.is_accepted:
                    self.acknowledged.append(sent[place])
                place += 1


def prepare(home: Path) -> list[str]:
    """The configuration and the accounts; returns the options of `correo serve`."""
    config = ["--config", str(home / "correo.toml")]
    correo(["init", ACCOUNTS[0], "--folder", str(home), "--password", PASSWORD])
    for address in ACCOUNTS[1:]:
        correo(["account", "add", address, "--password", PASSWORD, *config])
    return [*config, "--workers", "2"]


def correo(arguments: list[str]) -> None:
    subprocess.run([sys.executable, "-m", "correo", *arguments], check=True, timeout=60)


def workers(server: ServerProcess) -> list[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
    return [int(each) for each in children.split()]


def subjects(server: ServerProcess) -> Counter[str]:
    """How often each numbered message is in the mailboxes."""
    found: Counter[str] = Counter()
    context = ssl.create_default_context(cafile=server.ca_certificate)
    context.check_hostname = False
    for address in ACCOUNTS:
        client = imaplib.IMAP4_SSL(
            "127.0.0.1", server.listeners["imaps"].port, ssl_context=context, timeout=30
        )
        client.login(address, PASSWORD)
        client.select("INBOX", readonly=True)
        _, answer = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        for part in answer:
            if isinstance(part, tuple):
                found[part[1].decode().removeprefix("Subject: ").strip()] += 1
        client.logout()
    return found


def kill_a_worker(server: ServerProcess) -> None:
    os.kill(workers(server)[0], signal.SIGKILL)


def kill_the_supervisor(server: ServerProcess) -> None:
    os.kill(server.pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("is_ahead", [False, True])
@pytest.mark.parametrize("strike", [kill_a_worker, kill_the_supervisor, ServerProcess.kill])
def test_every_acknowledged_message_is_there_once(
    tmp_path: Path, strike: Callable[[ServerProcess], None], is_ahead: bool
) -> None:
    options = prepare(tmp_path)
    offset = free_port_offset()
    with running("serve", tmp_path / "data", options, port_offset=offset) as server:
        load = Load(server.listeners["smtp"].port, is_ahead=is_ahead)
        load.start()
        load.wait_for(300)
        strike(server)
        if strike is kill_a_worker:
            load.wait_for(len(load.acknowledged) + 300)
        load.finish()
        server.kill()
    with running("serve", tmp_path / "data", options, port_offset=offset) as server:
        found = subjects(server)
    missing = [name for name in load.acknowledged if found[name] != 1]
    assert missing == []
