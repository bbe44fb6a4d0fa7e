"""Other people's mail software against correo, all on loopback.

Each peer is a private instance in a temporary directory on its own ports, started and stopped by
the test session. Postfix and Dovecot insist on being started by root.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from correo.testing.process import ServerProcess, free_port, running
from correo.testing.programs import need, run

START_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Postfix:
    """A Postfix that is final for remote.test (one Maildir for all) and sends the rest on."""

    configuration: Path
    port: int
    maildir: Path


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A Dovecot where every user has the password "pass" and a Maildir."""

    imap_port: int
    pop3_port: int


@pytest.fixture(scope="session")
def peer_folder() -> Iterator[Path]:
    """A short path that the peers' own users may enter."""
    folder = Path("/tmp") / f"correo-peers-{os.getpid()}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postfix_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def correo(tmp_path_factory: pytest.TempPathFactory, postfix_port: int) -> Iterator[ServerProcess]:
    """`correo dev` with its two users and a third; remote.test goes out to Postfix."""
    data = tmp_path_factory.mktemp("correo")
    options = [
        "--user", "eva@correo.test:secret", "--route", f"remote.test=127.0.0.1:{postfix_port}",
    ]  # fmt: skip
    with running("dev", data, options) as server:
        yield server


def need_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("Postfix and Dovecot must be started by root")


@pytest.fixture(scope="session")
def postfix(peer_folder: Path, postfix_port: int, correo: ServerProcess) -> Iterator[Postfix]:
    """Postfix, with correo.test routed to the correo under test."""
    program = need("postfix")
    need_root()
    peer = Postfix(peer_folder / "postfix/conf", postfix_port, peer_folder / "postfix/mail/all/")
    write_postfix_configuration(peer, correo.listeners["smtp"].port)
    run([program, "-c", str(peer.configuration), "start"])
    try:
        wait_for_port(peer.port)
        yield peer
    finally:
        run([program, "-c", str(peer.configuration), "stop"], ok=(0, 1))


def write_postfix_configuration(peer: Postfix, correo_port: int) -> None:
    home = peer.configuration.parent
    for part in ("conf", "spool", "data", "mail"):
        (home / part).mkdir(parents=True)
    for part in ("data", "mail"):
        shutil.chown(home / part, "postfix")
    (peer.configuration / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {home}/log
maillog_file_prefixes = {home}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.test
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = remote.test
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{(home / "data").stat().st_uid}
virtual_gid_maps = static:{(home / "data").stat().st_gid}
virtual_minimum_uid = 1
default_transport = smtp:[127.0.0.1]:{correo_port}
relay_domains = correo.test
smtputf8_enable = yes
""")
    master = Path("/usr/share/postfix/master.cf.dist").read_text().splitlines()
    lines = [f"127.0.0.1:{peer.port} inet n - n - - smtpd"]
    for line in master:
        words = line.split()
        if line.startswith("#") or not words or line.startswith("smtp      inet"):
            continue
        if len(words) >= 8 and not line.startswith(" "):
            words[4] = "n"  # no chroot
            line = " ".join(words)
        lines.append(line)
    if not any(line.startswith("postlog") for line in lines):
        lines.append("postlog unix-dgram n - n - 1 postlogd")
    (peer.configuration / "master.cf").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def dovecot(peer_folder: Path) -> Iterator[Dovecot]:
    """Dovecot over Maildir, plain and without TLS, on loopback."""
    program = need("dovecot")
    need_root()
    peer = Dovecot(free_port(), free_port())
    home = peer_folder / "dovecot"
    for part in ("run", "mail"):
        (home / part).mkdir(parents=True)
    shutil.chown(home / "mail", "dovenull")
    configuration = home / "dovecot.conf"
    configuration.write_text(dovecot_configuration(peer, home))
    process = subprocess.Popen([program, "-F", "-c", str(configuration)], stdin=subprocess.DEVNULL)
    try:
        wait_for_port(peer.imap_port)
        wait_for_port(peer.pop3_port)
        yield peer
    finally:
        process.terminate()
        process.wait(20)


def dovecot_configuration(peer: Dovecot, home: Path) -> str:
    return f"""
protocols = imap pop3
base_dir = {home}/run
log_path = {home}/log
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
first_valid_uid = 1
mail_uid = dovenull
mail_gid = dovenull
mail_home = {home}/mail/%n
mail_location = maildir:~/Maildir
passdb {{
  driver = static
  args = password=pass
}}
userdb {{
  driver = static
  args = uid=dovenull gid=dovenull home={home}/mail/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {peer.imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {peer.pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on 127.0.0.1:{port}")
