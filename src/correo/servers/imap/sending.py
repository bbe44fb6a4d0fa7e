"""Send FETCH lines: the answer to FETCH, and what a client wants told of new messages unasked.

Rows come from the store in batches; they are written in pieces, and between the pieces a slow
client is waited for and other sessions get their turn.

RFC 9051    7.5.2    FETCH; RFC 9586 3.3 UIDFETCH

Cost: see `attributes` and `body`; UID, FLAGS and MODSEQ alone need no look at the store.
"""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from correo.base.blobs import Chunk
from correo.mailbox.view import View
from correo.net.pace import Pace
from correo.servers.imap import body, uidonly
from correo.servers.imap.attributes import (
    Plan,
    is_answered_from_columns,
    is_answered_from_memory,
)
from correo.store.model import Column
from correo.wire.imap.fetch_items import FetchItem

if TYPE_CHECKING:
    from correo.servers.imap.session import ImapSession

__all__ = ["Sender"]

Row = tuple[Any, ...]

PIECE_ROWS = 250  # lines written before others get their turn; about 1 KB and 2 µs each
PIECE_OCTETS = 256 * 1024


class Sender:
    """Sends the FETCH lines of some messages of the selected mailbox; counts the messages."""

    __slots__ = ("_is_by_uid", "_pace", "_session", "_uids", "_view", "_waiting", "sent")

    def __init__(self, session: "ImapSession", uids: list[int]) -> None:
        self._session = session
        self._view: View = session.view
        self._uids = uids
        self._is_by_uid = uidonly.is_enabled(session.engine)
        self._pace = Pace()
        self._waiting = 0  # octets in the engine
        self.sent = 0

    async def send(self, items: Sequence[FetchItem]) -> None:
        if is_answered_from_memory(items):
            await self._from_memory(self._plan(items))
            return
        plain = [item for item in items if is_answered_from_columns(item)]
        rest = [item for item in items if not is_answered_from_columns(item)]
        if rest:
            await self._with_bodies(self._plan(plain), cast("list[body.BodyItem]", rest))
        else:
            await self._from_columns(self._plan(plain))

    def _plan(self, items: Sequence[FetchItem]) -> Plan:
        return Plan(items, is_by_uid=self._is_by_uid)

    async def _from_memory(self, plan: Plan) -> None:
        live = self._view.live
        await live.refresh_if_stale()
        for first in range(0, len(self._uids), PIECE_ROWS):
            if first:
                await self._breathe()
            columns = live.columns(self._uids[first : first + PIECE_ROWS], plan.columns)
            self._session.engine.send_lines([plan.lines(self._numbers(plan, columns), columns)])
            self.sent += len(columns[0])

    async def _from_columns(self, plan: Plan) -> None:
        async for rows in self._rows(plan.columns):
            for first in range(0, len(rows), PIECE_ROWS):
                if first or self.sent:
                    await self._breathe()
                columns = list(zip(*rows[first : first + PIECE_ROWS], strict=True))
                self._session.engine.send_lines([plan.lines(self._numbers(plan, columns), columns)])
            self.sent += len(rows)

    async def _with_bodies(self, plan: Plan, items: list[body.BodyItem]) -> None:
        label = None
        if len(items) == 1 and body.is_whole_message(items[0]):
            label = items[0].label if not getattr(items[0], "partial", None) else None
        async for rows in self._rows([*plan.columns, *body.columns_for(items)]):
            columns = list(zip(*rows, strict=True))
            lines = plan.beginnings(self._numbers(plan, columns), columns)
            if label is not None:
                await self._write(body.whole_messages(lines, label, columns[-1]))
            else:
                for line, row in zip(lines, rows, strict=True):
                    await self._write(await body.sections_of(line, items, row))
            self.sent += len(rows)

    async def _write(self, chunks: Sequence[Chunk]) -> None:
        """Hand over what is ready, piece by piece if it is much."""
        first = 0
        for at, chunk in enumerate(chunks, 1):
            self._waiting += body.length_of(chunk)
            if self._waiting > PIECE_OCTETS:
                self._session.engine.send_lines(chunks[first:at])
                first = at
                self._waiting = 0
                await self._breathe()
        self._session.engine.send_lines(chunks[first:])

    def _rows(self, columns: Sequence[Column]) -> AsyncIterator[list[Row]]:
        live = self._view.live
        return live.account.fetch(live.mailbox.id, self._uids, columns)

    def _numbers(self, plan: Plan, columns: Sequence[Sequence[Any]]) -> Sequence[int]:
        if Column.MODSEQ in plan.columns:
            told = max(columns[plan.columns.index(Column.MODSEQ)], default=0)
            if told > self._view.live.highest_modseq:
                self._view.live.is_stale = True  # what lies below is to be told as well
        return columns[0] if self._is_by_uid else self._view.numbers_of(columns[0])

    async def _breathe(self) -> None:
        """Between two pieces: send what is ready; wait for a slow client, and give others their
        turn. The last piece goes out with the tagged answer, in one write."""
        await self._session.connection.drain()
        await self._pace.breathe()
