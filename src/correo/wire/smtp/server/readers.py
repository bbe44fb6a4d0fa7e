"""Understand what a client sends: one command, one piece of content, one SASL response at a time.

Each reader takes what it needs from the buffered octets, changes the dialogue (a reply, a
question, another mode) and says whether it could do anything; False if more has to arrive.

RFC 5321    2.3.8    lines end in CRLF; 4.5.3.1.4 and .5 their length; 4.5.2 transparency
RFC 3030             BDAT; RFC 4468 BURL
RFC 4954    4        AUTH makes lines longer
RFC 2920    3.1      what the client may send ahead: while messages have no reply yet, only commands
                     of the next transactions go on, for none of them depends on the reply
"""

from collections.abc import Callable

from correo.wire.smtp.data import ChunkReceiver, DataReceiver, LineEnds
from correo.wire.smtp.lines import TOO_LONG, Lines
from correo.wire.smtp.server.commands import COMMANDS, auth
from correo.wire.smtp.server.dialogue import Dialogue
from correo.wire.smtp.server.events import CommandHeard, ContentComplete, UrlGiven
from correo.wire.smtp.server.states import ALLOWED, NOT_NOW, Mode, Phase

__all__ = ["READERS", "obey", "url_ended"]

CONTENT_STEP = 256 * 1024  # octets decoded at a time
MEANWHILE = frozenset({b"MAIL", b"RCPT", b"DATA", b"BDAT", b"RSET", b"NOOP"})


def read_command(dialogue: Dialogue, lines: Lines) -> bool:
    options = dialogue.options
    limit = options.max_command_line
    if dialogue.mechanisms and not dialogue.is_authenticated:  # RFC 4954 4: AUTH is longer
        limit = options.max_sasl_line
    line = dialogue.held_line
    if line is None:
        line = lines.next_line(limit)
        if line is None:
            return False
    if dialogue.output.places and not may_go_on(dialogue, line):
        dialogue.held_line = line
        return False
    dialogue.held_line = None
    dialogue.commands += 1
    if dialogue.commands > options.max_commands:
        dialogue.farewell("4.7.0", "too many commands and no message, closing")
    elif line is TOO_LONG:
        dialogue.reply(500, "5.5.2", "the line is too long")
    elif lines.ended_in_lf and options.line_ends is LineEnds.REFUSE:
        dialogue.reply(500, "5.5.2", "lines end in CRLF, not in LF alone")
    elif dialogue.asks_first and verb_of(line) in dialogue.asks_first:
        dialogue.ask(CommandHeard(verb_of(line).decode("ascii"), line))
    else:
        obey(dialogue, line)
    return True


def may_go_on(dialogue: Dialogue, line: bytes) -> bool:
    """Whether the answer to a command is the same whatever becomes of the messages before it."""
    limit = dialogue.options.max_messages
    is_free = not limit or dialogue.messages + dialogue.output.places < limit
    return is_free and verb_of(line) in MEANWHILE


def verb_of(line: bytes) -> bytes:
    return line.partition(b" ")[0].upper()


def obey(dialogue: Dialogue, line: bytes) -> None:
    verb, _, argument = line.partition(b" ")
    command = COMMANDS.get(verb)
    if command is None:
        verb = verb.upper()
        command = COMMANDS.get(verb)
    if command is None:
        dialogue.reply(500, "5.5.1", "no such command")
    elif verb in ALLOWED[dialogue.phase] or verb == b"BDAT":
        command(dialogue, argument)
    else:
        dialogue.reply(503, "5.5.1", NOT_NOW[dialogue.phase])


def read_data(dialogue: Dialogue, lines: Lines) -> bool:
    octets = lines.take(CONTENT_STEP)
    if not octets:
        return False
    decoder = dialogue.decoder
    assert isinstance(decoder, DataReceiver)
    content = decoder.receive(octets)
    if decoder.is_malformed:
        dialogue.check_line_ends()
    dialogue.take_content(content)
    if decoder.is_complete:
        if decoder.rest:
            lines.give_back(decoder.rest)
        dialogue.mode = Mode.COMMANDS
        content_ended(dialogue)
    return True


def read_chunk(dialogue: Dialogue, lines: Lines) -> bool:
    octets = lines.take(min(dialogue.chunk_left, CONTENT_STEP))
    if not octets and dialogue.chunk_left:
        return False
    dialogue.chunk_left -= len(octets)
    is_done = dialogue.chunk_left == 0
    decoder = dialogue.decoder
    if isinstance(decoder, ChunkReceiver):
        is_last = is_done and dialogue.chunk_is_last
        dialogue.take_content(decoder.receive(octets, is_last=is_last))
        dialogue.check_line_ends()
    if is_done:
        dialogue.mode = Mode.COMMANDS
        chunk_ended(dialogue)
    return True


def read_url(dialogue: Dialogue, _: Lines) -> bool:
    if dialogue.refusal is None:
        dialogue.ask(UrlGiven(dialogue.url))
    else:
        url_ended(dialogue)
    return True


def url_ended(dialogue: Dialogue) -> None:
    """All that a BURL names is with the receiver, or it was refused."""
    decoder = dialogue.decoder
    if isinstance(decoder, ChunkReceiver) and dialogue.chunk_is_last:
        dialogue.take_content(decoder.receive(b"", is_last=True))
        dialogue.check_line_ends()
    dialogue.mode = Mode.COMMANDS
    chunk_ended(dialogue)
    dialogue.url = b""


def chunk_ended(dialogue: Dialogue) -> None:
    refusal = dialogue.refusal
    if dialogue.phase is Phase.CHUNKS and dialogue.chunk_is_last:
        content_ended(dialogue)
    elif refusal is None:
        if not dialogue.url:  # finding what an URL names is work
            dialogue.commands -= 1
        dialogue.reply(250, "2.0.0", f"{dialogue.chunk_size} octets received")
    else:
        dialogue.refusal = None
        if dialogue.phase in (Phase.RECIPIENTS, Phase.CHUNKS):
            dialogue.reset()
        dialogue.reject(refusal)


def content_ended(dialogue: Dialogue) -> None:
    if dialogue.refusal is None:
        dialogue.receiver = None  # from here on it is the session's
        dialogue.ask(ContentComplete())
    else:
        dialogue.final_refusal(dialogue.refusal)
        dialogue.reset()


def read_sasl(dialogue: Dialogue, lines: Lines) -> bool:
    line = lines.next_line(dialogue.options.max_sasl_line)
    if line is None:
        return False
    auth.take_response(dialogue, line)
    return True


def read_nothing(_: Dialogue, lines: Lines) -> bool:
    lines.clear()
    return False


READERS: dict[Mode, Callable[[Dialogue, Lines], bool]] = {
    Mode.COMMANDS: read_command,
    Mode.DATA: read_data,
    Mode.CHUNK: read_chunk,
    Mode.URL: read_url,
    Mode.SASL: read_sasl,
    Mode.CLOSED: read_nothing,
}
