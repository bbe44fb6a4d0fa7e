"""An IMAP client for any server: async, typed, only what is asked for crosses the wire."""

from correo.clients.imap.client import ImapClient
from correo.clients.imap.errors import (
    ImapConnectionError,
    ImapError,
    ImapLoginError,
    ImapReplyError,
)
from correo.clients.imap.message_commands import SinkMaker, quoted
from correo.clients.imap.model import CopiedMessages, MailboxEntry, NewMessage, SelectedMailbox
from correo.clients.imap.text import Messages
from correo.clients.security import TlsMode

__all__ = [
    "CopiedMessages",
    "ImapClient",
    "ImapConnectionError",
    "ImapError",
    "ImapLoginError",
    "ImapReplyError",
    "MailboxEntry",
    "Messages",
    "NewMessage",
    "SelectedMailbox",
    "SinkMaker",
    "TlsMode",
    "quoted",
]
