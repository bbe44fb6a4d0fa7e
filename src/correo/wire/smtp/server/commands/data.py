"""DATA: take the message up to CRLF.CRLF.

RFC 5321    4.1.1.4
RFC 3030    3 binary content comes by BDAT alone
"""

from correo.wire.smtp.server.dialogue import Dialogue
from correo.wire.smtp.server.events import ContentStarting

__all__ = ["take"]


def take(dialogue: Dialogue, argument: bytes) -> None:
    if argument.strip():
        dialogue.reply(501, "5.5.4", "DATA stands alone")
    elif dialogue.is_binary:
        dialogue.reply(503, "5.5.1", "BODY=BINARYMIME needs BDAT")
    else:
        dialogue.ask(ContentStarting(is_chunked=False))
