"""BURL: have a part of the message put in from where an IMAP URL says it is.

RFC 4468    3.2      in place of DATA, or mixed with BDAT; LAST ends the message
            3.3      only for who has logged in: the URL is meant for one of our users
            6        replies

The octets never pass through here: the session finds them and writes them with `write_url`.
"""

import re

from correo.wire.smtp.server.dialogue import Dialogue
from correo.wire.smtp.server.events import ContentStarting
from correo.wire.smtp.server.states import Mode, Phase

__all__ = ["take"]

# burl-cmd = "BURL" SP absolute-URI [SP end-marker];  end-marker = "LAST"
ARGUMENT = re.compile(rb"[ ]*([!-~]+)(?:[ ]+(LAST))?[ ]*", re.IGNORECASE)


def take(dialogue: Dialogue, argument: bytes) -> None:
    match = ARGUMENT.fullmatch(argument)
    if not dialogue.options.offers_burl:
        dialogue.reply(502, "5.5.1", "BURL is not offered")
    elif not dialogue.is_authenticated:
        dialogue.reply(530, "5.7.0", "log in first")
    elif match is None:
        dialogue.reply(501, "5.5.4", "say BURL and an URL, and LAST for the last one")
    else:
        dialogue.url = match[1]
        dialogue.chunk_size = 0
        dialogue.chunk_is_last = match[2] is not None
        dialogue.mode = Mode.URL
        if dialogue.phase is Phase.RECIPIENTS:
            dialogue.ask(ContentStarting(is_chunked=True))
