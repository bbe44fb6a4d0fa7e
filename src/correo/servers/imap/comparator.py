"""COMPARATOR: by which rules texts are compared. There is one comparator, and it is in force.

RFC 5255    4.7      COMPARATOR; 4.8 its response; 4.9 BADCOMPARATOR
RFC 4790    3.2      "*" in the name of a collation; "+" and "-" before it are about sorting
RFC 5051             i;unicode-casemap

Cost: none to speak of.
"""

from fnmatch import fnmatchcase

from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import Command, Comparator
from correo.wire.imap.server import Condition

__all__ = ["HANDLERS"]

ACTIVE = "i;unicode-casemap"


def answer_comparator(session: ImapSession, command: Comparator) -> None:
    engine = session.engine
    if command.wanted and not any(is_meant(name) for name in command.wanted):
        engine.finish(command.tag, Condition.NO, f"there is only {ACTIVE}", codes.BADCOMPARATOR)
        return
    engine.send_lines([responses.comparator(ACTIVE)])
    engine.finish(command.tag, Condition.OK, "that is how texts are compared")


def is_meant(name: str) -> bool:
    if name.lower() == "default":
        return True
    pattern = name.lstrip("+-").lower().replace("[", "[[]").replace("?", "[?]")
    return fnmatchcase(ACTIVE, pattern)


HANDLERS: dict[type[Command], Handler] = {Comparator: answer_comparator}
