"""RCPT TO: add a recipient.

RFC 5321    4.1.1.3; 4.5.3.1.10 too many recipients is 452, and the client tries the rest later
RFC 6531    3.5 a non-ASCII path without SMTPUTF8 is 553 5.6.7
RFC 9422    4.2 RCPTMAX
"""

from correo.base.errors import Refusal
from correo.wire.smtp.parameters import RecipientParameters, read_recipient_parameters
from correo.wire.smtp.paths import read_path_argument
from correo.wire.smtp.server.dialogue import Dialogue
from correo.wire.smtp.server.events import RecipientGiven

__all__ = ["take"]


def take(dialogue: Dialogue, argument: bytes) -> None:
    try:
        found = read_path_argument(argument, b"TO")
    except ValueError:
        dialogue.reply(501, "5.1.3", "the recipient's address is malformed")
        return
    if found is None:
        dialogue.reply(501, "5.5.4", "say RCPT TO:<address>")
        return
    path, words = found
    try:
        parameters = read_recipient_parameters(words)
        check(dialogue, path, parameters)
    except Refusal as refusal:
        dialogue.reject_recipient(refusal)
        return
    dialogue.ask(RecipientGiven(path, parameters))


def check(dialogue: Dialogue, path: str, parameters: RecipientParameters) -> None:
    """What can be known without asking. Raises Refusal."""
    if dialogue.recipients >= dialogue.options.max_recipients:
        limit = dialogue.options.max_recipients
        raise Refusal("4.5.3", f"{limit} recipients at a time: send again to the rest", reply=452)
    if not path.isascii() and not dialogue.utf8:
        raise Refusal("5.6.7", "a non-ASCII address needs SMTPUTF8", reply=553)
    if "DSN" in dialogue.options.without and (parameters.notify or parameters.orcpt):
        raise Refusal("5.5.4", "DSN is not offered", reply=555)
