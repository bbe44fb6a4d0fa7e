"""FETCH and UID FETCH: send what the client asks of its messages.

RFC 9051    6.4.5, 6.4.9   FETCH, UID FETCH; \\Seen is set unless the item says PEEK
RFC 7162    3.1.4    CHANGEDSINCE, MODSEQ; 3.2.6 VANISHED; 3.2.4 UID and MODSEQ with \\Seen
RFC 9394    3.3, 3.4 PARTIAL, which counts before CHANGEDSINCE does
RFC 4314    4        \\Seen is set only by those who may
RFC 2180    4.1.3    messages that are gone: the others are sent, the answer is NO

Rows come from the store in batches; they are written in pieces, and between the pieces a slow
client is waited for and other sessions get their turn.

Cost: see `attributes` and `body`; UID, FLAGS and MODSEQ alone need no look at the store.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

from correo.base.blobs import Chunk
from correo.mailbox import flags
from correo.mailbox.view import View
from correo.net.pace import Pace
from correo.servers.imap import body, uidonly
from correo.servers.imap.attributes import (
    Plan,
    is_answered_from_columns,
    is_answered_from_memory,
)
from correo.servers.imap.numbers import uids_of
from correo.servers.imap.refusals import Expunged, Misused
from correo.servers.imap.resync import vanished_lines
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import Column, FlagMode
from correo.wire.imap.commands import Command, Fetch
from correo.wire.imap.fetch_items import BinarySection, BodySection, FetchAttribute, FetchItem

__all__ = ["HANDLERS"]

Row = tuple[Any, ...]

PIECE_ROWS = 250  # lines written before others get their turn; about 1 KB and 2 µs each
PIECE_OCTETS = 256 * 1024
SEEN = "\\Seen"


async def answer_fetch(session: ImapSession, command: Fetch) -> None:
    if command.changed_since is not None or FetchAttribute.MODSEQ in command.items:
        session.enable_condstore()
    uids = await chosen(session, command)
    if command.vanished:
        await tell_vanished(session, command)
    items, seen_modseq = await with_seen(session, command, uids)
    sender = _Sender(session, uids)
    await sender.send(items)
    if seen_modseq:
        session.view.is_own(seen_modseq)
    if sender.sent < len(uids) and not command.is_uid:
        await session.conclude_refused(command, Expunged(), expunges=False)
    else:
        await session.conclude(command, "fetched", expunges=command.is_uid)


async def chosen(session: ImapSession, command: Fetch) -> list[int]:
    view = session.view
    uids = uids_of(view, command.messages, is_uid=command.is_uid)
    if command.partial is not None:
        uids = list(command.partial.window(uids))
    if command.changed_since is None:
        return uids
    live, since = view.live, command.changed_since
    await live.refresh_if_stale()
    return [uid for uid in uids if (at := live.position(uid)) >= 0 and live.modseqs[at] > since]


async def tell_vanished(session: ImapSession, command: Fetch) -> None:
    """VANISHED (EARLIER), before any FETCH (RFC 7162 3.2.6)."""
    if "QRESYNC" not in session.engine.enabled:
        raise Misused("enable QRESYNC first")
    view = session.view
    live = view.live
    changes = await live.account.changes_since(live.mailbox.id, command.changed_since or 0)
    spans = command.messages.spans(view.uid_next - 1)
    session.engine.send_lines(vanished_lines(view, changes.vanished, spans))


async def with_seen(
    session: ImapSession, command: Fetch, uids: list[int]
) -> tuple[list[FetchItem], int]:
    """Set \\Seen where the items do; then the flags belong to the answer, whether asked or not.

    Returns:
        The items to send, and the mod-sequence of the change, 0 if there was none.
    """
    items = list(command.items)
    may_set_seen = "s" in session.flag_rights
    if not may_set_seen or not any(sets_seen(item) for item in items):
        return items, 0
    live = session.view.live
    await live.refresh_if_stale()
    unseen = [
        uid
        for uid in uids
        if (at := live.position(uid)) >= 0 and not flags.has(live.flags[at], SEEN)
    ]
    if not unseen:
        return items, 0
    stored = await live.account.store_flags(live.mailbox.id, unseen, FlagMode.ADD, SEEN)
    if not stored.changed:
        return items, 0
    live.is_stale = True
    told = [FetchAttribute.FLAGS]
    if "CONDSTORE" in session.engine.enabled:
        told = [FetchAttribute.UID, FetchAttribute.FLAGS, FetchAttribute.MODSEQ]
    answered = [*(item for item in told if item not in items), *items]
    return answered, stored.changed[0].modseq


def sets_seen(item: FetchItem) -> bool:
    return isinstance(item, BodySection | BinarySection) and not item.peek


class _Sender:
    """Sends the lines of one FETCH; counts the messages."""

    __slots__ = ("_is_by_uid", "_pace", "_session", "_uids", "_view", "_waiting", "sent")

    def __init__(self, session: ImapSession, uids: list[int]) -> None:
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
            columns = live.columns(self._uids[first : first + PIECE_ROWS], plan.columns)
            self._session.engine.send_lines([plan.lines(self._numbers(plan, columns), columns)])
            self.sent += len(columns[0])
            await self._breathe()

    async def _from_columns(self, plan: Plan) -> None:
        async for rows in self._rows(plan.columns):
            for first in range(0, len(rows), PIECE_ROWS):
                columns = list(zip(*rows[first : first + PIECE_ROWS], strict=True))
                self._session.engine.send_lines([plan.lines(self._numbers(plan, columns), columns)])
                await self._breathe()
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
        """Send what is ready; wait for a slow client, and give others their turn."""
        await self._session.connection.drain()
        await self._pace.breathe()


HANDLERS: dict[type[Command], Handler] = {Fetch: answer_fetch}
