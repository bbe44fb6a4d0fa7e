"""MAIL FROM: begin a transaction.

RFC 5321    4.1.1.2
RFC 1870    6 a declared size over the limit is 552 at once
RFC 6531    3.5 a non-ASCII path without SMTPUTF8 is 553 5.6.7
RFC 9422    4.1 MAILMAX
"""

from correo.base.errors import Refusal
from correo.wire.smtp.parameters import MailParameters, read_mail_parameters
from correo.wire.smtp.paths import read_path_argument
from correo.wire.smtp.server.dialogue import Dialogue
from correo.wire.smtp.server.events import MailGiven

__all__ = ["take"]


def take(dialogue: Dialogue, argument: bytes) -> None:
    try:
        found = read_path_argument(argument, b"FROM")
    except ValueError:
        dialogue.reply(501, "5.1.7", "the sender's address is malformed")
        return
    if found is None:
        dialogue.reply(501, "5.5.4", "say MAIL FROM:<address>")
        return
    path, words = found
    try:
        parameters = read_mail_parameters(words)
        check(dialogue, path, parameters)
    except Refusal as refusal:
        dialogue.reject(refusal)
        return
    dialogue.utf8 = parameters.smtputf8
    dialogue.is_binary = parameters.body == "BINARYMIME"
    dialogue.ask(MailGiven(path, parameters))


def check(dialogue: Dialogue, path: str, parameters: MailParameters) -> None:
    """What can be known without asking. Raises Refusal."""
    options = dialogue.options
    if options.max_messages and dialogue.messages >= options.max_messages:
        raise Refusal(
            "4.5.3", f"{options.max_messages} messages at a time: connect again", reply=451
        )
    if options.max_size and (parameters.size or 0) > options.max_size:
        raise Refusal("5.3.4", f"a message has at most {options.max_size} octets here")
    if not path.isascii() and not parameters.smtputf8:
        raise Refusal("5.6.7", "a non-ASCII address needs SMTPUTF8", reply=553)
    if options.without:
        check_offered(options.without, parameters)


def check_offered(without: frozenset[str], parameters: MailParameters) -> None:
    used = {
        "SIZE": parameters.size is not None,
        "SMTPUTF8": parameters.smtputf8,
        "8BITMIME": parameters.body == "8BITMIME",
        "BINARYMIME": parameters.body == "BINARYMIME",
        "DSN": parameters.ret is not None or parameters.envid is not None,
    }
    for keyword in without:
        if used.get(keyword):
            raise Refusal("5.5.4", f"{keyword} is not offered", reply=555)
