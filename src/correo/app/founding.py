"""`correo init`: write correo.toml, and make the data directory with its first domain and account.

Nothing that exists is overwritten.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from correo.accounts.address import normal_domain
from correo.app.config import ConfigurationError, check_hostname
from correo.app.premises import opened
from correo.app.start import make_folders
from correo.base.errors import UsageError

__all__ = ["Founded", "configuration_text", "found"]

CONFIGURATION = """\
# correo.toml: the whole configuration. What is commented out shows the default.
# Domains, accounts and aliases are not here: `correo domain|account|alias add|list|remove`.
# After a change: kill -HUP the server; no connection is dropped.

hostname = "{hostname}"     # our name: in DNS, in the certificate, in the greeting
data = "{data}"             # relative to this file
# user = "correo"           # started as root: who the workers become
# workers = 0               # 0: one per core
# hosts = ["0.0.0.0", "::"] # addresses to listen on
# port_offset = 0           # added to every port
# nameservers = []          # such as ["192.0.2.53:53"]; the system's by default

[tls]
# Without these, a certificate of our own making is used, and no other server or client trusts it.
# certificate = "/etc/letsencrypt/live/{hostname}/fullchain.pem"
# key = "/etc/letsencrypt/live/{hostname}/privkey.pem"
# plain_login_on_loopback = false   # passwords without TLS, from this machine only
# channel_binding = true            # SCRAM with -PLUS; false for clients that fail at it (mutt with gsasl)

# [listeners.smtp]          # also submission, submissions, pop3, pop3s, imap, imaps, lmtp
# enabled = true
# port = 25
# hosts = []                # those above
# trusted_proxies = []      # then every connection begins with a PROXY header
# trusted_clients = []      # may use XCLIENT

# [listeners.lmtp]
# path = "data/run/lmtp"    # or a port

[limits]
# connections = 10000
# connections_per_address = 100   # set, it holds for this machine too; otherwise that is spared
# message_size = 52428800   # octets
# recipients = 1000
# messages_per_hour_per_address = 0      # 0: any
# recipients_per_hour_per_account = 0
# messages_per_command = 0  # of IMAP; most mail programs show only the newest of more

[submission]
# normalise_line_ends = false
# relay_networks = []       # may send to anybody without a login

[delivery]
# routes = ["example.net=192.0.2.25:25", ".example.net=mx.example.net"]
# mx_port = 25              # of hosts found by DNS; another only in a network of your own
# connections_per_destination = 5
# first_retry_s = 60
# longest_retry_s = 21600
# lifetime_s = 432000
# delay_notice_s = 14400

# [delivery.smarthost]      # takes all mail that no route takes
# host = "smtp.example.net"
# port = 587
# username = ""
# password_file = ""        # or password = ""
# tls = "starttls"          # or implicit, opportunistic

[trace]
# enabled = false           # recorded dialogues: `correo trace`
# megabytes = 64
"""


@dataclass(frozen=True, slots=True)
class Founded:
    """What was made."""

    configuration: Path
    data: Path
    address: str
    hostname: str


def configuration_text(hostname: str, data: str) -> str:
    """A configuration in which every setting stands, with its default."""
    return CONFIGURATION.format(hostname=hostname, data=data)


async def found(
    address: str,
    password: Callable[[], str],
    *,
    folder: Path,
    data: str = "data",
    hostname: str = "",
) -> Founded:
    """Make everything for the domain of this address.

    Args:
        password: asked for once everything else is known to be in order.
        folder: gets correo.toml.
        data: the data directory, relative to it.

    Raises:
        UsageError, ConfigurationError, Refusal, StartError: what is in the way, and the way out.
    """
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise UsageError(f"{address!r} is no address such as you@example.org")
    path = folder / "correo.toml"
    check_new(path)
    name = hostname or f"mail.{normal_domain(domain)}"
    check_hostname(name)
    make_folders(folder / data)
    async with opened(folder / data, make=True) as premises:
        await premises.administration.ensure_domain(domain)
        await premises.administration.add_account(address, password())
    write_new(path, configuration_text(name, data))
    return Founded(path, folder / data, address, name)


def write_new(path: Path, text: str) -> None:
    """Raises ConfigurationError if it exists."""
    check_new(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def check_new(path: Path) -> None:
    if path.exists():
        raise ConfigurationError(
            f"{path} exists already: edit it, or name another folder with --folder"
        )
