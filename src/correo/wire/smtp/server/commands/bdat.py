"""BDAT: take one chunk of the message, so many octets, stuffed by nobody.

RFC 3030    2: a chunk is taken to its end whatever the answer will be; each gets its reply; the
            one marked LAST ends the message, also with length 0

A BDAT whose length cannot be read puts the dialogue out of step: what follows could be commands
or content, and to guess is to be smuggled to. The connection ends.

Departures: a chunk that alone is more than SWALLOWED times the largest message is not waited for:
it is refused when it is announced, and the connection ends, for there is no other way not to read
it.
"""

import re

from correo.base.errors import Refusal
from correo.wire.smtp.server.dialogue import Dialogue
from correo.wire.smtp.server.events import ContentStarting
from correo.wire.smtp.server.states import NOT_NOW, Mode, Phase

__all__ = ["take"]

# bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ];  chunk-size = 1*DIGIT;  end-marker = "LAST"
ARGUMENT = re.compile(rb"[ ]*([0-9]{1,18})(?:[ ]+(LAST))?[ ]*", re.IGNORECASE)


SWALLOWED = 2  # times the largest message; a chunk up to this is taken and then refused


def take(dialogue: Dialogue, argument: bytes) -> None:
    match = ARGUMENT.fullmatch(argument)
    if match is None:
        if argument.strip():
            dialogue.farewell("4.5.4", "the length of a BDAT is unreadable, closing")
        else:
            dialogue.reply(501, "5.5.4", "say BDAT length, and LAST for the last one")
        return
    size = int(match[1])
    limit = dialogue.options.max_size
    if limit and size > SWALLOWED * limit:
        dialogue.reply(552, "5.3.4", f"a message has at most {limit} octets here")
        dialogue.farewell("4.7.0", "a chunk of this size is not waited for, closing")
        return
    dialogue.chunk_size = dialogue.chunk_left = size
    dialogue.chunk_is_last = match[2] is not None
    dialogue.mode = Mode.CHUNK
    if "CHUNKING" in dialogue.options.without:
        dialogue.refuse_content(Refusal("5.5.1", "CHUNKING is not offered", reply=502))
    elif dialogue.phase is Phase.RECIPIENTS:
        dialogue.ask(ContentStarting(is_chunked=True))
    elif dialogue.phase is not Phase.CHUNKS:
        dialogue.refuse_content(Refusal("5.5.1", NOT_NOW[dialogue.phase], reply=503))
