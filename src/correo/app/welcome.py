"""Write the message that waits in the INBOX of everybody whom `correo dev` makes."""

import secrets

from correo.message.address import Address
from correo.message.builder import Draft, build

__all__ = ["welcome"]

TEXT = """\
¡Hola!

This is correo. The message you are reading was filed by a whole mail server of
your own: SMTP brings mail in, a queue takes it out, POP3 and IMAP show it to you.

Some things to try:

  * Send yourself a message with any mail program or library, and fetch it again.
  * Write to somebody at another domain through the submission port: in
    development it leaves nobody's machine, but lands in the catcher's INBOX.
  * Look at what was said on the wire: correo trace

You are %s.
"""


def welcome(address: str, now: float) -> bytes:
    """The message, for this account."""
    domain = address.rpartition("@")[2]
    draft = Draft(
        sender=[Address("correo", "postmaster", domain)],
        to=[Address("", *address.rsplit("@", 1))],
        subject="Welcome to correo",
        text=TEXT % address,
    )
    return build(draft, date=int(now), message_id=f"{secrets.token_hex(12)}@{domain}")
