"""Send mail to any SMTP, submission or LMTP server.

client = await SmtpClient.connect("mail.example.org", 587, tls=TlsMode.STARTTLS, helo="me")
await client.login("ana@example.org", "secret")
envelope = Envelope("ana@example.org", [EnvelopeRecipient("bob@example.net")])
outcome = await client.send(envelope, octets)
await client.quit()
"""

from correo.clients.security import TlsMode
from correo.clients.smtp.client import SmtpClient
from correo.clients.smtp.errors import SmtpConnectionError, SmtpError, SmtpReplyError
from correo.clients.smtp.settings import SmtpTimeouts
from correo.wire.smtp.client.envelope import (
    Envelope,
    EnvelopeRecipient,
    RecipientOutcome,
    SendOutcome,
)
from correo.wire.smtp.client.extensions import Extensions
from correo.wire.smtp.replies import Reply

__all__ = [
    "Envelope",
    "EnvelopeRecipient",
    "Extensions",
    "RecipientOutcome",
    "Reply",
    "SendOutcome",
    "SmtpClient",
    "SmtpConnectionError",
    "SmtpError",
    "SmtpReplyError",
    "SmtpTimeouts",
    "TlsMode",
]
