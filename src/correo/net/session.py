"""What a connection joins: the engine of a protocol, and the session that gives it a meaning.

`driver.Connection` drives both; engines live in `wire/`, sessions in `servers/`.
"""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from correo.base.blobs import Chunk
from correo.base.errors import PeerError

if TYPE_CHECKING:
    from correo.net.driver import Connection

__all__ = ["Engine", "Session"]


class Engine(Protocol):
    """What every protocol engine offers its driver; see the docstrings in `wire/`."""

    def receive(self, octets: bytes) -> list[Any]:
        """Take octets (b"" asks for what is already buffered); events up to the next open one."""

    def receive_eof(self) -> list[Any]:
        """The peer will send nothing more."""

    def take_output(self) -> list[Chunk]:
        """What has to be sent now, in order; empties the engine's output."""

    @property
    def buffered(self) -> int:
        """Octets received and not yet understood."""

    @property
    def is_closed(self) -> bool:
        """Whether the dialogue is over: send the output, then close."""


class Session(Protocol):
    """One connection's meaning: lives in `servers/`, answers the engine's events."""

    @property
    def engine(self) -> Engine: ...

    def connected(self, connection: "Connection") -> Coroutine[Any, Any, None] | None:
        """The socket is open (and TLS done, where implicit). Put the greeting in the engine."""

    def handle(self, event: Any) -> Coroutine[Any, Any, None] | None:
        """Answer one event through the engine; a coroutine if that takes waiting."""

    def broken(self, error: PeerError) -> None:
        """The peer broke the protocol: put a farewell in the engine if there is one."""

    def timed_out(self) -> None:
        """The peer was silent for too long: put a farewell in the engine; it is closed next."""

    def stopping(self) -> None:
        """The server ends: put a farewell in the engine; it is closed next."""

    def closed(self) -> None:
        """The connection is gone, for whatever reason. Free everything; called exactly once,
        and only after a handler still at work, and all beside it, has ended (it is cancelled)."""
