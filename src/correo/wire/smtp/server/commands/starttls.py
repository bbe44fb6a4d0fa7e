"""STARTTLS: go on in TLS.

RFC 3207    4.1 no parameter; 4.2 afterwards nothing said before counts. Octets that came in clear
            behind the command are thrown away when it is accepted (CVE-2011-0411).
"""

from correo.wire.smtp.server.dialogue import Dialogue
from correo.wire.smtp.server.events import TlsWanted

__all__ = ["take"]


def take(dialogue: Dialogue, argument: bytes) -> None:
    if argument.strip():
        dialogue.reply(501, "5.5.4", "STARTTLS stands alone")
    elif dialogue.is_tls:
        dialogue.reply(503, "5.5.1", "this is TLS already")
    elif not dialogue.offers_tls:
        dialogue.reply(502, "5.5.1", "TLS is not offered here")
    else:
        dialogue.ask(TlsWanted())
