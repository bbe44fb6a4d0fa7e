"""XCLIENT: a trusted client (a filter, a proxy, a test) speaks for another.

As Postfix documents it (XCLIENT_README): xclient-command = XCLIENT 1*( SP name"="xtext ), not
within a transaction; success is a new greeting (220), and all that was said before is forgotten.
"""

from correo.wire.smtp.server.commands.hello import XCLIENT_ATTRIBUTES
from correo.wire.smtp.server.dialogue import Dialogue
from correo.wire.smtp.server.events import XclientGiven
from correo.wire.smtp.xtext import read_xtext

__all__ = ["take"]

NAMES = frozenset(XCLIENT_ATTRIBUTES.split())


def take(dialogue: Dialogue, argument: bytes) -> None:
    if not dialogue.offers_xclient:
        dialogue.reply(550, "5.7.1", "you may not speak for others")
        return
    try:
        attributes = read_attributes(argument)
    except ValueError as error:
        dialogue.reply(501, "5.5.4", str(error))
        return
    dialogue.ask(XclientGiven(attributes))


def read_attributes(argument: bytes) -> dict[str, str]:
    """Raises ValueError."""
    attributes: dict[str, str] = {}
    for word in argument.decode("ascii").split():
        name, equals, value = word.partition("=")
        name = name.upper()
        if not equals or name not in NAMES:
            raise ValueError(f"XCLIENT knows {XCLIENT_ATTRIBUTES}")
        attributes[name] = read_xtext(value)
    if not attributes:
        raise ValueError("XCLIENT needs an attribute")
    return attributes
