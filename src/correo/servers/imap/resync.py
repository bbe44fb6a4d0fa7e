"""Tell a client that comes back what happened since: vanished messages, then changed flags.

RFC 7162    3.2.5    the QRESYNC parameter of SELECT
            3.2.6    the VANISHED modifier of UID FETCH
            3.2.10.1 VANISHED (EARLIER)

A message that the view still shows is never told as vanished earlier; its going is told with the
next news, and lies above the HIGHESTMODSEQ given.

Cost: one thread hop and a search per changed or vanished message.
"""

from bisect import bisect_right
from collections.abc import Iterable

from correo.mailbox.view import FlagUpdate, View
from correo.servers.imap import news
from correo.servers.imap.session import ImapSession
from correo.store.model import Mailbox
from correo.wire.imap import responses
from correo.wire.imap.commands import QResync
from correo.wire.imap.sequence import SequenceSet

__all__ = ["tell_since", "vanished_lines"]

Span = tuple[int, int]


async def tell_since(session: ImapSession, mailbox: Mailbox, known: QResync) -> None:
    """What a resynchronising client has missed; nothing if the UIDs are no longer valid."""
    if known.uid_validity != mailbox.uid_validity:
        return
    view = session.view
    changes = await view.live.account.changes_since(mailbox.id, known.modseq)
    everything = [(1, view.uid_next - 1)]
    spans = known.known_uids.spans(view.uid_next - 1) if known.known_uids else everything
    floor = agreed_uid(view, *known.match) if known.match is not None else 0
    gone = [uid for uid in changes.vanished if uid > floor]
    session.engine.send_lines(vanished_lines(view, gone, spans))
    changed = [
        update
        for change in changes.changed
        if (update := flag_update(view, change.uid)) is not None
    ]
    inside = [update for update in changed if is_within(spans, update[1])]
    session.engine.send_lines(news.flags_lines(session.engine, inside))


def vanished_lines(view: View, vanished: Iterable[int], spans: list[Span]) -> list[bytes]:
    """VANISHED (EARLIER) for those within ascending spans that the view does not show."""
    gone = [uid for uid in vanished if is_within(spans, uid) and view.position(uid) < 0]
    return [responses.vanished(gone, earlier=True)] if gone else []


def flag_update(view: View, uid: int) -> FlagUpdate | None:
    """The flags of a message as it is now; None if the view does not show it."""
    number, at = view.position(uid) + 1, view.live.position(uid)
    if not number or at < 0:
        return None
    return number, uid, view.live.flags[at], view.live.modseqs[at]


def is_within(spans: list[Span], uid: int) -> bool:
    at = bisect_right(spans, (uid, 1 << 62)) - 1
    return at >= 0 and uid <= spans[at][1]


def agreed_uid(view: View, numbers: SequenceSet, uids: SequenceSet) -> int:
    """The highest UID up to which the client has missed no expunge (RFC 7162 3.2.5.2)."""
    highest = 0
    for number, uid in zip(numbers.numbers(view.exists), each_uid(uids), strict=False):
        if view.uids[number - 1] == uid:
            highest = uid
    return highest


def each_uid(uids: SequenceSet) -> Iterable[int]:
    for low, high in uids.spans(0):
        yield from range(low, high + 1)
