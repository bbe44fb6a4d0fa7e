"""Put a whole mail server into other people's tests, and into ours.

For everybody: the pytest fixture `mail` (registered on install), `MailTestCase` for unittest and
`serving` for anything else; docs/testing.md shows them. The names below are the public ones.

For ourselves: the fakes for clock, DNS, peers and store; the contract suites; server processes.

The names are imported when they are first used: pytest loads this package in every run, and a run
without mail shall not pay for a mail server.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from correo.testing.case import MailMixin, MailTestCase
    from correo.testing.faults import Faults, Rule
    from correo.testing.household import HouseholdOptions
    from correo.testing.internet import Internet, SimulatedServer
    from correo.testing.links import Link
    from correo.testing.mail import Mail, NoSuchMessage, serving
    from correo.testing.peers import PeerTls
    from correo.testing.received import (
        MailAssertionError,
        MessageEnvelope,
        ReceivedMessage,
        ReceivedPart,
    )
    from correo.testing.server import Endpoint, MailServer

__all__ = [
    "Endpoint",
    "Faults",
    "HouseholdOptions",
    "Internet",
    "Link",
    "Mail",
    "MailAssertionError",
    "MailMixin",
    "MailServer",
    "MailTestCase",
    "MessageEnvelope",
    "NoSuchMessage",
    "PeerTls",
    "ReceivedMessage",
    "ReceivedPart",
    "Rule",
    "SimulatedServer",
    "serving",
]

HOMES = {
    "case": ("MailMixin", "MailTestCase"),
    "faults": ("Faults", "Rule"),
    "household": ("HouseholdOptions",),
    "internet": ("Internet", "SimulatedServer"),
    "links": ("Link",),
    "mail": ("Mail", "NoSuchMessage", "serving"),
    "peers": ("PeerTls",),
    "received": ("MailAssertionError", "MessageEnvelope", "ReceivedMessage", "ReceivedPart"),
    "server": ("Endpoint", "MailServer"),
}


def __getattr__(name: str) -> object:
    for home, names in HOMES.items():
        if name in names:
            return getattr(import_module(f"correo.testing.{home}"), name)
    raise AttributeError(f"correo.testing has no {name!r}")
