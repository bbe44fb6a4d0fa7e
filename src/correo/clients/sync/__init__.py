"""The async clients for programs that are not: the same code, run in a thread of its own.

with open_mailbox(account, "INBOX") as inbox:
    for message in inbox.messages(Q.unseen):
        print(message.envelope.subject)
"""

from correo.clients.sync.bridge import Bridge, Facade, blocking, iterating
from correo.clients.sync.imap import SyncImapClient, SyncMailbox, open_account, open_mailbox
from correo.clients.sync.pop3 import SyncPop3Client, open_pop3
from correo.clients.sync.smtp import SyncSmtpClient, open_smtp

__all__ = [
    "Bridge",
    "Facade",
    "SyncImapClient",
    "SyncMailbox",
    "SyncPop3Client",
    "SyncSmtpClient",
    "blocking",
    "iterating",
    "open_account",
    "open_mailbox",
    "open_pop3",
    "open_smtp",
]
