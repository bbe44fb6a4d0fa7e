"""EHLO, HELO and LHLO: learn the client's name, say what is offered.

RFC 5321    4.1.1.1; 4.1.4 a second EHLO acts as RSET; the name is not verified
RFC 2033    4.1 LMTP knows LHLO, not HELO or EHLO
RFC 1869's keywords with their own RFCs: 1870 SIZE, 2920 PIPELINING, 6152 8BITMIME, 3030 CHUNKING
and BINARYMIME, 6531 SMTPUTF8, 2034 ENHANCEDSTATUSCODES, 3461 DSN, 9422 LIMITS, 3207 STARTTLS,
4954 AUTH, 4468 BURL; XCLIENT as Postfix documents it
"""

from correo.wire.smtp.grammar import HELO_ARGUMENT
from correo.wire.smtp.replies import write_reply
from correo.wire.smtp.server.dialogue import Dialogue
from correo.wire.smtp.server.states import Phase

__all__ = ["XCLIENT_ATTRIBUTES", "take_ehlo", "take_helo", "take_lhlo"]

XCLIENT_ATTRIBUTES = "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"


def take_ehlo(dialogue: Dialogue, argument: bytes) -> None:
    if dialogue.options.is_lmtp:
        dialogue.reply(500, "5.5.1", "this is LMTP: say LHLO")
    elif learn_name(dialogue, argument, "EHLO"):
        dialogue.is_extended = True
        say_what_is_offered(dialogue)


def take_lhlo(dialogue: Dialogue, argument: bytes) -> None:
    if not dialogue.options.is_lmtp:
        dialogue.reply(500, "5.5.1", "this is SMTP: say EHLO")
    elif learn_name(dialogue, argument, "LHLO"):
        dialogue.is_extended = True
        say_what_is_offered(dialogue)


def take_helo(dialogue: Dialogue, argument: bytes) -> None:
    if dialogue.options.is_lmtp:
        dialogue.reply(500, "5.5.1", "this is LMTP: say LHLO")
    elif learn_name(dialogue, argument, "HELO"):
        dialogue.is_extended = False
        dialogue.output.append(write_reply(250, "", dialogue.options.hostname))


def learn_name(dialogue: Dialogue, argument: bytes, verb: str) -> bool:
    name = argument.strip()
    if HELO_ARGUMENT.fullmatch(name) is None:
        dialogue.reply(501, "5.5.4", f"{verb} needs your host name")
        return False
    dialogue.reset()
    dialogue.phase = Phase.READY
    dialogue.helo = name.decode("utf-8", "replace")
    return True


def say_what_is_offered(dialogue: Dialogue) -> None:
    words = [word for word in keywords(dialogue) if word.split()[0] not in dialogue.options.without]
    text = "\n".join([dialogue.options.hostname, *words])
    dialogue.output.append(write_reply(250, "", text))


def keywords(dialogue: Dialogue) -> list[str]:
    options = dialogue.options
    words = ["PIPELINING", f"SIZE {options.max_size}" if options.max_size else "SIZE"]
    if dialogue.offers_tls and not dialogue.is_tls:
        words.append("STARTTLS")
    if dialogue.mechanisms and not dialogue.is_authenticated:
        words.append(f"AUTH {' '.join(dialogue.mechanisms)}")
    if dialogue.offers_xclient:
        words.append(f"XCLIENT {XCLIENT_ATTRIBUTES}")
    words += ["ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING", "BINARYMIME"]
    if options.offers_burl:  # RFC 4468 3.1: without an argument, a login is needed first
        words.append("BURL imap" if dialogue.is_authenticated else "BURL")
    limits = f"LIMITS RCPTMAX={options.max_recipients}"
    if options.max_messages:
        limits += f" MAILMAX={options.max_messages}"
    words.append(limits)
    words.append("HELP")
    return words
