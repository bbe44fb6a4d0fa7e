"""Serve SMTP, submission and LMTP: sockets to engine to intake.

`server` is made once per listener, `session` once per connection; `settings` is all there is to
set, `login` and `peers` are the session's two side rooms.
"""

from correo.servers.smtp.server import SmtpServer
from correo.servers.smtp.settings import SmtpSettings

__all__ = ["SmtpServer", "SmtpSettings"]
