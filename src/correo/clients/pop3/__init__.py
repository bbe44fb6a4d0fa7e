"""Read maildrops on any POP3 server, and bring them home."""

from correo.clients.pop3.client import Pop3Client, Retrieved
from correo.clients.pop3.collect import Collected, Plan, collect, make_plan
from correo.clients.pop3.errors import (
    Pop3ConnectionError,
    Pop3Error,
    Pop3LoginError,
    Pop3ReplyError,
)
from correo.clients.pop3.seen import SeenFile
from correo.clients.security import TlsMode

__all__ = [
    "Collected",
    "Plan",
    "Pop3Client",
    "Pop3ConnectionError",
    "Pop3Error",
    "Pop3LoginError",
    "Pop3ReplyError",
    "Retrieved",
    "SeenFile",
    "TlsMode",
    "collect",
    "make_plan",
]
