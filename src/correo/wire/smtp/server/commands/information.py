"""VRFY, EXPN, HELP: what a client may ask.

RFC 5321    4.1.1.6 VRFY, 4.1.1.7 EXPN, 4.1.1.8 HELP; 7.3 a server may decline to verify
RFC 6531    3.7.4.2 VRFY and EXPN take SMTPUTF8 at the end
"""

from correo.wire.smtp.server.dialogue import Dialogue
from correo.wire.smtp.server.events import ExpandAsked, VerifyAsked

__all__ = ["take_expn", "take_help", "take_vrfy"]

TOPICS = {
    b"EHLO": "EHLO your.host.name: begin, and learn what is offered",
    b"HELO": "HELO your.host.name: begin, the old way",
    b"LHLO": "LHLO your.host.name: begin, in LMTP",
    b"MAIL": "MAIL FROM:<sender> [SIZE= BODY= SMTPUTF8 RET= ENVID= AUTH=]: begin a message",
    b"RCPT": "RCPT TO:<recipient> [NOTIFY= ORCPT=]: add a recipient",
    b"DATA": "DATA: the message follows, a line with nothing but a dot ends it",
    b"BDAT": "BDAT length [LAST]: so many octets of the message follow",
    b"RSET": "RSET: forget the message begun",
    b"NOOP": "NOOP: do nothing",
    b"QUIT": "QUIT: end",
    b"VRFY": "VRFY name [SMTPUTF8]: is this a mailbox?",
    b"EXPN": "EXPN list [SMTPUTF8]: who is on this list?",
    b"HELP": "HELP [command]",
    b"STARTTLS": "STARTTLS: go on in TLS",
    b"AUTH": "AUTH mechanism [initial response]: log in",
    b"XCLIENT": "XCLIENT attribute=value ...: speak for another client",
}


def take_vrfy(dialogue: Dialogue, argument: bytes) -> None:
    name = asked_name(dialogue, argument)
    if name:
        dialogue.ask(VerifyAsked(name))


def take_expn(dialogue: Dialogue, argument: bytes) -> None:
    name = asked_name(dialogue, argument)
    if name:
        dialogue.ask(ExpandAsked(name))


def asked_name(dialogue: Dialogue, argument: bytes) -> str:
    """The name without brackets, "" if a reply has been given instead."""
    word, _, parameter = argument.strip().rpartition(b" ")
    wants_utf8 = parameter.upper() == b"SMTPUTF8" and bool(word)
    try:
        name = (word if wants_utf8 else argument).decode("utf-8").strip()
    except UnicodeDecodeError:
        name = ""
    if name.startswith("<") and name.endswith(">"):
        name = name[1:-1].strip()
    if not name or not name.isprintable():
        dialogue.reply(501, "5.5.4", "whom do you mean?")
        return ""
    if not name.isascii() and not wants_utf8:
        dialogue.reply(553, "5.6.7", "a non-ASCII name needs SMTPUTF8")
        return ""
    return name


def take_help(dialogue: Dialogue, argument: bytes) -> None:
    topic = argument.strip().upper()
    if topic in TOPICS:
        dialogue.reply(214, "2.0.0", TOPICS[topic])
    elif topic:
        dialogue.reply(504, "5.5.4", "no such command")
    else:
        verbs = " ".join(sorted(verb.decode() for verb in TOPICS))
        dialogue.reply(214, "2.0.0", f"commands: {verbs}\nHELP command says more")
