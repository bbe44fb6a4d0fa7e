"""Send mail from programs without an event loop; what each method does stands in `SmtpClient`."""

from correo.clients.smtp.client import SmtpClient
from correo.clients.sync.bridge import Facade, blocking, iterating, opening

__all__ = ["SyncSmtpClient", "open_smtp"]


class SyncSmtpClient(Facade[SmtpClient]):
    """A connection; `open_smtp` makes it."""

    expand = blocking(SmtpClient.expand)
    help = blocking(SmtpClient.help)
    login = blocking(SmtpClient.login)
    noop = blocking(SmtpClient.noop)
    quit = blocking(SmtpClient.quit)
    reset = blocking(SmtpClient.reset)
    send = blocking(SmtpClient.send)
    send_many = iterating(SmtpClient.send_many)
    verify = blocking(SmtpClient.verify)


open_smtp = opening(SmtpClient.connect, SyncSmtpClient, SyncSmtpClient.quit)
"""A connection in a thread of its own; takes what `SmtpClient.connect` takes."""
