"""Serve IMAP4rev2 and IMAP4rev1."""

from correo.servers.imap.server import ImapServer
from correo.servers.imap.settings import ImapSettings

__all__ = ["ImapServer", "ImapSettings"]
