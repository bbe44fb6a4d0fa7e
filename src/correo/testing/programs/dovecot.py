"""A private Dovecot on loopback: IMAP, POP3 and LMTP, every user with the password "pass".

It must be started by root; mail belongs to the user dovenull.
"""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from correo.testing.process import free_port, wait_for_port
from correo.testing.programs import need, need_root

__all__ = ["Dovecot", "dovecot"]

TLS_OFF = "ssl = no"


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A running Dovecot; any user name, password "pass"."""

    home: Path
    imap_port: int
    pop3_port: int
    lmtp_port: int
    pid: int


@contextlib.contextmanager
def dovecot(
    home: Path, *, mail_format: str = "maildir", fast_login: bool = False
) -> Iterator[Dovecot]:
    """Run Dovecot until the block ends.

    Args:
        home: a folder that does not exist yet and that the user dovenull may enter.
        mail_format: maildir, sdbox or mdbox.
        fast_login: share login processes between clients and cache good logins, instead of one
            process per login.
    """
    program = need("dovecot")
    need_root()
    for part in ("run", "mail"):
        (home / part).mkdir(parents=True)
    shutil.chown(home / "mail", "dovenull")
    ports = (free_port(), free_port(), free_port())
    configuration = home / "dovecot.conf"
    configuration.write_text(_configuration(home, ports, mail_format, fast_login=fast_login))
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        [program, "-F", "-c", str(configuration)], stdin=subprocess.DEVNULL
    )
    try:
        for port in ports:
            wait_for_port(port)
        yield Dovecot(home, *ports, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _configuration(
    home: Path, ports: tuple[int, int, int], mail_format: str, *, fast_login: bool
) -> str:
    imap_port, pop3_port, lmtp_port = ports
    folder = {"maildir": "Maildir", "sdbox": "sdbox", "mdbox": "mdbox"}[mail_format]
    shared = "service_count = 0\n  process_min_avail = 2" if fast_login else ""
    cache = "auth_cache_size = 10M" if fast_login else ""
    reuse = "service_count = 1000" if fast_login else ""
    return f"""
protocols = imap pop3 lmtp
base_dir = {home}/run
log_path = {home}/log
listen = 127.0.0.1
{TLS_OFF}
disable_plaintext_auth = no
auth_mechanisms = plain login
{cache}
first_valid_uid = 1
mail_uid = dovenull
mail_gid = dovenull
mail_home = {home}/mail/%n
mail_location = {mail_format}:~/{folder}
default_client_limit = 25000
default_process_limit = 12000
mail_max_userip_connections = 20000
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
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
  {shared}
}}
service imap {{
  process_limit = 12000
  {reuse}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service anvil {{
  client_limit = 40000
}}
service auth {{
  client_limit = 40000
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""
