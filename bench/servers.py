"""Start the servers that are measured, each in turn and with the same accounts.

Every server keeps its data below one folder on disk (not tmpfs: fsync must cost what it costs).
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from correo.testing.process import free_port, running
from correo.testing.programs.dovecot import dovecot
from correo.testing.programs.postfix import postfix

DOMAIN = "bench.test"
USERS = 100
PASSWORD = "pass"
INIT = ("init", f"postmaster@{DOMAIN}")
CONFIGURATION = f"""
hostname = "mail.{DOMAIN}"
data = "data"
hosts = ["127.0.0.1"]

[tls]
plain_login_on_loopback = true

[submission]
relay_networks = ["127.0.0.0/8"]
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """A running server: its ports on 127.0.0.1 and the roots of its process trees."""

    name: str
    smtp_port: int
    imap_port: int
    pop3_port: int
    roots: tuple[int, ...]
    relay_port: int = 0

    def user(self, number: int) -> str:
        return f"u{number:04d}@{DOMAIN}"


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder for one server's data, gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="correo-bench-", dir="/var/tmp"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def postfix_and_dovecot(*, mail_format: str, next_hop_port: int = 1) -> Iterator[Measured]:
    """Debian's Postfix handing its mail by LMTP to Dovecot."""
    with (
        folder() as home,
        dovecot(home / "dovecot", mail_format=mail_format) as mailbox,
        postfix(
            home / "postfix",
            free_port(),
            domains=DOMAIN,
            next_hop_port=next_hop_port,
            lmtp_port=mailbox.lmtp_port,
        ) as transport,
    ):
        yield Measured(
            f"Postfix+Dovecot {mail_format}",
            transport.port,
            mailbox.imap_port,
            mailbox.pop3_port,
            (transport.pid, mailbox.pid),
        )


@contextlib.contextmanager
def dovecot_alone(*, mail_format: str, fast_login: bool = False) -> Iterator[Measured]:
    with (
        folder() as home,
        dovecot(home / "d", mail_format=mail_format, fast_login=fast_login) as peer,
    ):
        name = f"Dovecot {mail_format}" + (" fast login" if fast_login else "")
        yield Measured(name, peer.lmtp_port, peer.imap_port, peer.pop3_port, (peer.pid,))


@contextlib.contextmanager
def correo(*, options: Sequence[str] = ()) -> Iterator[Measured]:
    """`correo serve` with one worker per core and the accounts of the measurement.

    Loopback may relay through the submission port, which stands in for port 25 of a relay.
    """
    with folder() as home:
        config = prepare(home)
        with running("serve", home / "data", ["--config", str(config), *options]) as server:
            yield Measured(
                "correo",
                server.listeners["smtp"].port,
                server.listeners["imap"].port,
                server.listeners["pop3"].port,
                (server.pid,),
                server.listeners["submission"].port,
            )


def prepare(home: Path) -> Path:
    """`correo init` and the accounts, as an operator would; returns the configuration's path."""
    accounts = home / "accounts.txt"
    accounts.write_text("".join(f"u{number:04d}@{DOMAIN}:{PASSWORD}\n" for number in range(USERS)))
    config = home / "correo.toml"
    command([*INIT, "--folder", str(home), "--password", PASSWORD])
    config.write_text(CONFIGURATION)
    command(["account", "add", "--from", str(accounts), "--config", str(config)])
    return config


def command(arguments: Sequence[str]) -> None:
    program = [sys.executable, "-m", "correo", *arguments]
    subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
