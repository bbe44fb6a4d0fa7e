"""POP3, both roles: grammar, replies and the engines that join them.

`server.ServerEngine` and `client.ClientEngine` are the way in.
"""

from correo.wire.pop3.authorization import Offer
from correo.wire.pop3.client import Challenge, ClientEngine, Greeting, Receiver, Reply
from correo.wire.pop3.events import (
    CommandHeard,
    DeletionsDue,
    DigestGiven,
    Event,
    MechanismChosen,
    MessageWanted,
    PasswordGiven,
    ResponseGiven,
    TlsWanted,
)
from correo.wire.pop3.phrases import Phrase
from correo.wire.pop3.server import ServerEngine

__all__ = [
    "Challenge",
    "ClientEngine",
    "CommandHeard",
    "DeletionsDue",
    "DigestGiven",
    "Event",
    "Greeting",
    "MechanismChosen",
    "MessageWanted",
    "Offer",
    "PasswordGiven",
    "Phrase",
    "Receiver",
    "Reply",
    "ResponseGiven",
    "ServerEngine",
    "TlsWanted",
]
