"""Send mail from programs without an event loop; what each method does stands in `SmtpClient`."""

from correo.clients.smtp.client import SmtpClient
from correo.clients.sync.bridge import Facade, blocking, opening

__all__ = ["SyncSmtpClient", "open_smtp"]


class SyncSmtpClient(Facade[SmtpClient]):
    """A connection; `open_smtp` makes it."""

    login = blocking(SmtpClient.login)
    quit = blocking(SmtpClient.quit)
    send = blocking(SmtpClient.send)


open_smtp = opening(SmtpClient.connect, SyncSmtpClient, SyncSmtpClient.quit)
"""A connection in a thread of its own; takes what `SmtpClient.connect` takes."""
