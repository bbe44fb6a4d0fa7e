"""What one listener's door lets in: made by the wiring from the configuration, one per role."""

from dataclasses import dataclass, field

from correo.intake.api import Role
from correo.intake.rates import NO_LIMIT, Rate
from correo.net.addresses import Network

__all__ = ["DoorSettings"]


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """How strict a door is.

    hostname: our name in Received, Message-ID and reports.
    max_size: octets of a message as it arrives, 0 for no limit.
    max_recipients: of one message; RFC 5321 4.5.3.1.8 wants at least 100.
    lets_loopback_submit: on the submission roles, a peer on this machine needs no login (dev).
    relay_networks: peers that may send to anybody without a login; empty is no open relay.
    completes_header: submission adds a missing From, Date or Message-ID, and takes Bcc out.
    messages_per_peer: how many messages one address may send without a login.
    recipients_per_account: how many recipients a logged-in account may name.
    """

    role: Role
    hostname: str
    max_size: int = 50 * 1024 * 1024
    max_recipients: int = 1000
    lets_loopback_submit: bool = False
    relay_networks: tuple[Network, ...] = field(default=())
    completes_header: bool = True
    messages_per_peer: Rate = NO_LIMIT
    recipients_per_account: Rate = NO_LIMIT
