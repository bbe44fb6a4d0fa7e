"""What goes out over a connection, and what a connection to another server is.

`remote` keeps the jobs in lanes, `carrier` takes them over one connection each, `link` is one.

RFC 5321    4.5.3.1.8  recipients of one transaction
RFC 3463    3.5        4.4.2 connection dropped
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from correo.delivery.exchangers import Host
from correo.delivery.verdict import DeliveryFailure, Verdict
from correo.queue.routes import Smarthost
from correo.store.queue import QueuedMessage

__all__ = ["OWN_FAULT", "Connector", "Job", "Link", "LinkLost", "RemoteLimits"]

OWN_FAULT = DeliveryFailure("4.3.0", "an error of this server; see its log")


@dataclass(frozen=True, slots=True)
class RemoteLimits:
    """How many connections, and how long one is used.

    recipients: of one message in one transaction; RFC 5321 4.5.3.1.8 promises 100.
    """

    connections: int = 200
    connections_per_destination: int = 10
    messages_per_connection: int = 1000
    idle_s: float = 3.0
    recipients: int = 100


@dataclass(slots=True)
class Job:
    """One message and those of its recipients that one destination takes."""

    message: QueuedMessage
    positions: list[int]
    ended: Callable[["Job", Sequence[Verdict]], None]
    losses: int = 0


class LinkLost(Exception):
    """The connection broke before the peer had answered for the message."""

    def __init__(self, failure: DeliveryFailure) -> None:
        super().__init__(failure.text)
        self.failure = failure


class Link(Protocol):
    """An open connection to one host."""

    @property
    def host(self) -> Host: ...

    @property
    def is_usable(self) -> bool:
        """Whether another message may be sent over it."""

    async def deliver(self, message: QueuedMessage, positions: Sequence[int]) -> list[Verdict]:
        """Send one message; a verdict per position. Raises LinkLost."""

    async def close(self) -> None:
        """Say QUIT and close; never raises."""

    def abort(self) -> None:
        """Cut the connection at once."""


class Connector(Protocol):
    """Opens links."""

    async def connect(self, host: Host, smarthost: Smarthost | None) -> Link:
        """Raises DeliveryFailure: not reachable, not willing, TLS or login failed."""
