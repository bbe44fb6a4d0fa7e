"""Read maildrops on any POP3 server, and bring them home.

    client = await Pop3Client.connect("pop.example.org", 995, tls=TlsMode.IMPLICIT)
    await client.login("ana@example.org", "secret")
    seen = SeenFile(Path("seen"), "ana@pop.example.org")
    plan = await make_plan(client, seen, keep=True)
    async for each in collect(client, plan, Maildir(Path("mail")), seen, keep=True):
        print(each.unique_id, each.path or each.refusal)

That brings each message once, whatever breaks, and leaves all of them there; with `keep=False`
those go that are safe on this disk. `Maildir` is one of the folders in `correo.clients.folders`.
For single messages `Pop3Client` has a method for each command.
"""

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
