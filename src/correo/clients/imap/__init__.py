"""An IMAP client for any server: async, typed, only what is asked for crosses the wire.

    account = ImapAccount("imap.example.org", "ana@example.org", "secret")
    async with account.open("INBOX") as inbox:
        async for message in inbox.messages(Q.unseen & Q.from_("bob"), parts=True):
            print(message.envelope.subject, [part.file_name for part in message.attachments])
            await inbox.add_flags(message.uid, "\\\\Seen")

`ImapAccount` knows how to get in, `Mailbox` is an open mailbox, and `ImapClient` is the connection
below, with a method for each command. One task uses a mailbox at a time; within an `async for` the
connection is free for other methods.

Methods raise `ImapReplyError` for a NO or BAD, and `ImapConnectionError` when the connection is
lost; `Mailbox.watch` alone connects again.
"""

from correo.clients.imap.account import ImapAccount
from correo.clients.imap.changes import Arrived, Change, FlagsChanged, Gone, Renumbered
from correo.clients.imap.client import ImapClient
from correo.clients.imap.errors import (
    ImapConnectionError,
    ImapError,
    ImapLoginError,
    ImapReplyError,
)
from correo.clients.imap.mailbox import Mailbox
from correo.clients.imap.message_commands import SinkMaker, quoted
from correo.clients.imap.messages import Envelope, Message, Part
from correo.clients.imap.model import CopiedMessages, MailboxEntry, NewMessage, SelectedMailbox
from correo.clients.imap.query import Q, Query
from correo.clients.imap.text import Messages
from correo.clients.security import TlsMode, Token

__all__ = [
    "Arrived",
    "Change",
    "CopiedMessages",
    "Envelope",
    "FlagsChanged",
    "Gone",
    "ImapAccount",
    "ImapClient",
    "ImapConnectionError",
    "ImapError",
    "ImapLoginError",
    "ImapReplyError",
    "Mailbox",
    "MailboxEntry",
    "Message",
    "Messages",
    "NewMessage",
    "Part",
    "Q",
    "Query",
    "Renumbered",
    "SelectedMailbox",
    "SinkMaker",
    "TlsMode",
    "Token",
    "quoted",
]
