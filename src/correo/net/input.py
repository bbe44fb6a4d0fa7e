"""Turn what arrives on one connection into events, in order; `net/output.py` is its other half.

Octets go to the engine as they come. Where the connection is compressed they are inflated piece
by piece, so that a little never becomes very much at once.
"""

from typing import Any

from correo.base.errors import PeerError
from correo.net.deflate import Inflating
from correo.net.output import Output
from correo.net.session import Engine

__all__ = ["Input"]


class Input:
    """The way in of one connection.

    Args:
        output: the other direction; its recorder takes down this one too.

    Attributes:
        engine: set once the session is made; before that, and after the end, nothing is heard.
        events: rarely more than one, for engines hold the pipeline.
        broken: the peer broke the protocol; the events before that are still to be answered.
    """

    __slots__ = ("_inflating", "_output", "broken", "engine", "events")

    def __init__(self, output: Output) -> None:
        self._output = output
        self._inflating: Inflating | None = None
        self.engine: Engine | None = None
        self.events: list[Any] = []
        self.broken: PeerError | None = None

    @property
    def is_deflated(self) -> bool:
        return self._inflating is not None

    def start_deflate(self) -> None:
        """What comes from here on is compressed."""
        self._inflating = Inflating()

    @property
    def waiting(self) -> int:
        """Octets that have come and are not yet understood."""
        compressed = len(self._inflating) if self._inflating is not None else 0
        return compressed + (self.engine.buffered if self.engine is not None else 0)

    @property
    def has_more_to_inflate(self) -> bool:
        return self._inflating is not None and self._inflating.has_more

    def feed(self, octets: bytes) -> None:
        """These have come."""
        if self._inflating is not None:
            self._inflating.add(octets)
            self._receive(b"")
            return
        if self._output.recorder is not None:
            self._output.recorder.received(octets)
        self._receive(octets)

    def ask_again(self) -> None:
        """Let the engine go on with what has come already."""
        try:
            octets = self._inflated()
        except PeerError as error:
            self.broken = self.broken or error
            return
        self._receive(octets)

    def end(self) -> None:
        """Nothing more will come."""
        if self.engine is None:
            return
        try:
            self.events.extend(self.engine.receive_eof())
        except PeerError as error:
            self.broken = error

    def _receive(self, octets: bytes) -> None:
        if self.engine is None or self.broken is not None:
            return
        try:
            self.events.extend(self.engine.receive(octets))
        except PeerError as error:
            self.broken = error

    def _inflated(self) -> bytes:
        if self._inflating is None or not self._inflating.has_more:
            return b""
        octets = self._inflating.take()
        if self._output.recorder is not None:
            self._output.recorder.received(octets)
        return octets
