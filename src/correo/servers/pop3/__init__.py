"""Serve POP3: sockets to engine to an account's INBOX.

`server` is made once per process, `session` once per connection.
"""

from correo.servers.pop3.server import Pop3Server
from correo.servers.pop3.settings import Pop3Settings

__all__ = ["Pop3Server", "Pop3Settings"]
