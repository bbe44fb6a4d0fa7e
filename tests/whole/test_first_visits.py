"""Two workers meet at the first visit of a new account: nothing is refused, lost or filed twice."""

import imaplib
import poplib
import smtplib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.whole.test_serve import LETTER, PASSWORD, correo, founded, options, trust

from correo.testing.process import ServerProcess, running

__all__ = ["founded"]

ACCOUNTS = 12
DELIVERIES = 4

Visit = Callable[[ServerProcess, str], None]


def deliver(server: ServerProcess, address: str) -> None:
    listener = server.listeners["smtp"]
    with smtplib.SMTP(listener.host, listener.port, timeout=20) as client:
        client.sendmail("a@b.test", [address], LETTER.format("hello"))


def look_by_pop3(server: ServerProcess, address: str) -> None:
    listener = server.listeners["pop3s"]
    client = poplib.POP3_SSL(listener.host, listener.port, context=trust(server), timeout=20)
    client.user(address)
    client.pass_(PASSWORD)
    assert 0 <= client.stat()[0] <= DELIVERIES
    client.quit()


def look_by_imap(server: ServerProcess, address: str) -> None:
    assert 0 <= inbox(server, address) <= DELIVERIES


def inbox(server: ServerProcess, address: str) -> int:
    listener = server.listeners["imaps"]
    with imaplib.IMAP4_SSL(
        listener.host, listener.port, ssl_context=trust(server), timeout=20
    ) as client:
        client.login(address, PASSWORD)
        return int(client.select("INBOX")[1][0] or b"0")


def test_mail_and_readers_come_to_new_accounts_at_once(founded: Path, tmp_path: Path) -> None:
    addresses = [f"new{number}@example.test" for number in range(ACCOUNTS)]
    people = tmp_path / "people"
    people.write_text("".join(f"{address}:{PASSWORD}\n" for address in addresses))
    added = correo(
        "account", "add", "--from", str(people), "--config", str(founded / "correo.toml")
    )
    assert added.returncode == 0, added.stderr
    visits: list[Visit] = [*[deliver] * DELIVERIES, look_by_pop3, look_by_imap, look_by_imap]
    start = threading.Barrier(len(visits))

    def visit(way: Visit) -> None:
        for address in addresses:
            start.wait(30)
            way(server, address)

    with running("serve", founded / "data", options(founded)) as server:
        with ThreadPoolExecutor(len(visits)) as pool:
            for done in [pool.submit(visit, way) for way in visits]:
                done.result()
        assert [inbox(server, address) for address in addresses] == [DELIVERIES] * ACCOUNTS
