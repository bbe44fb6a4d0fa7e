"""Tell a client that waits long for an answer that its command is still being worked on.

RFC 9585    4        INPROGRESS with the command's tag; how far it is, is not said (NIL)

Departures: not within FETCH, whose lines come in pieces; there the answer itself shows progress.

Cost: a timer for each command that may last, a microsecond.
"""

from correo.net.driver import Connection
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import (
    Command,
    Copy,
    Expunge,
    Move,
    MultiSearch,
    Search,
    Sort,
    Store,
    Thread,
)
from correo.wire.imap.server import ImapServerEngine

__all__ = ["INTERVAL_S", "StillAtIt", "keep_telling"]

INTERVAL_S = 10.0  # ours; RFC 9585 4 leaves it open
LONG = frozenset({Search, Sort, Thread, MultiSearch, Copy, Move, Store, Expunge})


class StillAtIt:
    """Tells it every INTERVAL_S until it is stopped."""

    __slots__ = ("_connection", "_engine", "_tag", "_timer")

    def __init__(self, connection: Connection, engine: ImapServerEngine, tag: bytes) -> None:
        self._connection = connection
        self._engine = engine
        self._tag = tag
        self._timer = connection.loop.call_later(INTERVAL_S, self._tell)

    def stop(self) -> None:
        self._timer.cancel()

    def _tell(self) -> None:
        connection, engine = self._connection, self._engine
        if engine.is_closed:
            return
        if not connection.is_writing_paused:  # a client that does not read need not be told
            engine.send_lines([responses.ok_line(codes.in_progress(self._tag), "still at it")])
            connection.flush()
        self._timer = connection.loop.call_later(INTERVAL_S, self._tell)


def keep_telling(
    connection: Connection, engine: ImapServerEngine, command: Command
) -> StillAtIt | None:
    """Begin to tell, until it is stopped; None for commands that do not last."""
    return StillAtIt(connection, engine, command.tag) if type(command) in LONG else None
