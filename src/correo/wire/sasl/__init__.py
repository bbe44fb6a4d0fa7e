"""SASL mechanisms, both roles: who is there, proved over whatever protocol carries the octets.

`mechanism` says what each offers; `choice` makes them by name. One file per mechanism.
"""

from correo.wire.sasl.choice import (
    client_mechanism,
    offered_mechanisms,
    preferred,
    server_mechanism,
)
from correo.wire.sasl.mechanism import (
    Challenge,
    ChannelBinding,
    CheckPassword,
    ClientMechanism,
    Failure,
    KeysWanted,
    MechanismError,
    Outcome,
    ScramKeys,
    ServerMechanism,
    Success,
)
from correo.wire.sasl.saslprep import saslprep
from correo.wire.sasl.scram import make_scram_keys

__all__ = [
    "Challenge",
    "ChannelBinding",
    "CheckPassword",
    "ClientMechanism",
    "Failure",
    "KeysWanted",
    "MechanismError",
    "Outcome",
    "ScramKeys",
    "ServerMechanism",
    "Success",
    "client_mechanism",
    "make_scram_keys",
    "offered_mechanisms",
    "preferred",
    "saslprep",
    "server_mechanism",
]
