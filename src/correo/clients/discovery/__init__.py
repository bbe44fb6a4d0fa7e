"""Find the servers of an account from its mail address alone.

    settings = await discover("ana@example.org")
    account = settings.imap_account("secret")
    async with account.open("INBOX") as inbox:
        ...

What a domain publishes is taken, in DNS (SRV) and on its web server (autoconfig); nothing is
guessed, and nothing is offered that would be spoken to in clear. A server outside the domain that
DNS alone names (`is_elsewhere`) should be shown to the user before a password goes there.
"""

from correo.clients.discovery.finding import NoSettings, discover
from correo.clients.discovery.model import FoundBy, MailSettings, Service, ServiceKind

__all__ = ["FoundBy", "MailSettings", "NoSettings", "Service", "ServiceKind", "discover"]
