"""Whatever arrives on whatever port, the other sessions go on and memory stays bounded."""

import imaplib
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from correo.testing.process import Listener, ServerProcess, running

PORTS = ["smtp", "submission", "submissions", "pop3", "pop3s", "imap", "imaps"]
SEEDS = range(6)
WORDS = [
    b"EHLO a\r\n", b"HELO\r\n", b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<ana@correo.test>\r\n", b"DATA\r\n",
    b".\r\n", b"BDAT 5\r\n", b"BDAT 18446744073709551616 LAST\r\n", b"AUTH PLAIN =\r\n", b"STARTTLS\r\n",
    b"USER ana@correo.test\r\n", b"PASS correo\r\n", b"RETR 1\r\n", b"TOP 1 99999999999\r\n", b"STLS\r\n",
    b"a LOGIN ana@correo.test correo\r\n", b"a SELECT INBOX\r\n", b"a FETCH 1:* (BODY[])\r\n",
    b"a APPEND INBOX {10}\r\n", b"a APPEND INBOX {99999999999+}\r\n", b"a SEARCH " + b"(" * 500 + b"\r\n",
    b"a IDLE\r\n", b"DONE\r\n", b"{", b"\r", b"\n", b"\0", b"\xff\xfe", b"QUIT\r\n", b"a LOGOUT\r\n",
    b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", b"XCLIENT ADDR=1.2.3.4\r\n", b"*\r\n", b"A" * 70_000,
]  # fmt: skip


@pytest.fixture(scope="module")
def correo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running("dev", tmp_path_factory.mktemp("correo")) as server:
        yield server


def octets(seed: int) -> bytes:
    """Noise with enough grammar in it to get past the first state of each protocol."""
    chance = random.Random(seed)
    parts = [
        chance.choice(WORDS)
        if chance.random() < 0.7
        else chance.randbytes(chance.randrange(1, 300))
        for _ in range(60)
    ]
    return b"".join(parts)


def throw(listener: Listener, noise: bytes) -> None:
    """Send the noise in uneven pieces, read whatever comes, and leave without a word."""
    with socket.create_connection((listener.host, listener.port), timeout=10) as peer:
        try:
            peer.settimeout(0.2)
            for start in range(0, len(noise), 997):
                peer.sendall(noise[start : start + 997])
            while peer.recv(65536):
                pass
        except (TimeoutError, ConnectionError):
            pass


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


@pytest.mark.parametrize("port", PORTS)
def test_noise_leaves_the_other_sessions_untouched(correo: ServerProcess, port: str) -> None:
    other = imaplib.IMAP4(correo.listeners["imap"].host, correo.listeners["imap"].port, timeout=20)
    other.login("bob@correo.test", "correo")
    other.select("INBOX")
    for seed in SEEDS:
        throw(correo.listeners[port], octets(seed))
        assert other.noop()[0] == "OK"
    assert other.fetch("1", "(FLAGS)")[0] == "OK"
    other.logout()
    assert correo.process.poll() is None
    assert "Traceback" not in correo.output()


def test_a_peer_that_sends_endless_lines_or_literals_costs_no_more_than_a_megabyte(
    correo: ServerProcess,
) -> None:
    before = resident_mb(correo.pid)
    peers = []
    for port in ("smtp", "pop3", "imap"):
        listener = correo.listeners[port]
        for _ in range(5):
            peer = socket.create_connection((listener.host, listener.port), timeout=10)
            peer.settimeout(0.5)
            try:
                for _ in range(40):
                    peer.sendall(b"A" * 250_000)
            except (TimeoutError, ConnectionError):
                pass
            peers.append(peer)
    grown = resident_mb(correo.pid) - before
    for peer in peers:
        peer.close()
    assert grown < 15 * 1.5 + 10


def test_a_peer_that_asks_for_much_and_never_reads_costs_little(correo: ServerProcess) -> None:
    listener = correo.listeners["imap"]
    writer = imaplib.IMAP4(listener.host, listener.port, timeout=20)
    writer.login("ana@correo.test", "correo")
    letter = b"Subject: large\r\n\r\n" + b"x" * 70 + b"\r\n" * 20_000
    for _ in range(20):
        writer.append("Archive", "", "", letter)
    before = resident_mb(correo.pid)
    greedy = []
    for _ in range(5):
        peer = socket.create_connection((listener.host, listener.port), timeout=10)
        peer.sendall(
            b"a LOGIN ana@correo.test correo\r\nb SELECT Archive\r\n"
            + b"c FETCH 1:* BODY.PEEK[]\r\n" * 200
        )
        greedy.append(peer)
    for _ in range(20):
        assert writer.noop()[0] == "OK"
    grown = resident_mb(correo.pid) - before
    for peer in greedy:
        peer.close()
    writer.logout()
    assert grown < 5 * 4 + 10
