"""A private Postfix on loopback: its own configuration, queue and port.

It is final for its virtual domains (delivered to Maildirs, or over LMTP to a given port) and
sends everything else to one next hop. It must be started by root.
"""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from correo.testing.process import wait_for_port
from correo.testing.programs import need, need_root, run

__all__ = ["Postfix", "postfix"]


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running Postfix; `maildir` is where mail for its virtual domains arrives."""

    home: Path
    port: int

    @property
    def configuration(self) -> Path:
        return self.home / "conf"

    @property
    def maildir(self) -> Path:
        return self.home / "mail" / "all"

    @property
    def pid(self) -> int:
        """The master process; its children are the rest."""
        return int((self.home / "spool/pid/master.pid").read_text())


@contextlib.contextmanager
def postfix(
    home: Path,
    port: int,
    *,
    domains: str,
    next_hop_port: int,
    lmtp_port: int | None = None,
) -> Iterator[Postfix]:
    """Run Postfix with Debian's defaults until the block ends.

    Args:
        home: a folder that does not exist yet and that the user postfix may enter.
        domains: the virtual domains it is final for, separated by spaces.
        next_hop_port: where on 127.0.0.1 mail for all other domains goes.
        lmtp_port: deliver the virtual domains there instead of into `maildir`.
    """
    program = need("postfix")
    need_root()
    peer = Postfix(home, port)
    _write_configuration(peer, domains, next_hop_port, lmtp_port)
    run([program, "-c", str(peer.configuration), "start"])
    try:
        wait_for_port(port)
        yield peer
    finally:
        run([program, "-c", str(peer.configuration), "stop"], ok=(0, 1))


def _write_configuration(
    peer: Postfix, domains: str, next_hop_port: int, lmtp_port: int | None
) -> None:
    for part in ("conf", "spool", "data", "mail"):
        (peer.home / part).mkdir(parents=True)
    for part in ("data", "mail"):
        shutil.chown(peer.home / part, "postfix", "postfix")
    owner = (peer.home / "data").stat()
    transport = "virtual" if lmtp_port is None else f"lmtp:inet:127.0.0.1:{lmtp_port}"
    (peer.configuration / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {peer.home}/spool
data_directory = {peer.home}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {peer.home}/log
maillog_file_prefixes = {peer.home}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.test
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
message_size_limit = 60000000
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = {domains}
virtual_mailbox_base = {peer.home}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{owner.st_uid}
virtual_gid_maps = static:{owner.st_gid}
virtual_minimum_uid = 1
virtual_transport = {transport}
default_transport = smtp:[127.0.0.1]:{next_hop_port}
relay_domains =
smtputf8_enable = yes
""")
    (peer.configuration / "master.cf").write_text(_services(peer.port))


def _services(port: int) -> str:
    """Debian's master.cf with our port and nothing in a chroot."""
    lines = [f"127.0.0.1:{port} inet n - n - - smtpd"]
    for line in Path("/usr/share/postfix/master.cf.dist").read_text().splitlines():
        words = line.split()
        if line.startswith(("#", "smtp      inet")) or not words:
            continue
        if len(words) >= 8 and not line.startswith(" "):
            words[4] = "n"
            line = " ".join(words)
        lines.append(line)
    if not any(line.startswith("postlog") for line in lines):
        lines.append("postlog unix-dgram n - n - 1 postlogd")
    return "\n".join(lines) + "\n"
