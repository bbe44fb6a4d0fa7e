"""Follow searches: tell a client what its selected mailbox has come to hold, or lost, of them.

What one session follows stands in a Following: the searches with RETURN (UPDATE), and what it
wants to be sent of new messages. It ends when the mailbox is left.

RFC 5267    4.3      UPDATE: ADDTO, REMOVEFROM; at least one search can be followed
            4.3.2    numbers or UIDs, as the search was given
            4.3.4    REMOVEFROM before the EXPUNGE; also where that is held back
RFC 5465    5.1      FETCH of flags before ESEARCH
            5.2, 7   EXISTS, then FETCH of the new messages, then ESEARCH

Departures: RFC 5465 5.2 has FETCH behind ESEARCH, its section 7 before; it is sent before. Items
that set \\Seen do not set it here.

Cost: each message that came or changed is put to each search again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from correo.base.errors import Refusal
from correo.mailbox.results import Piece, Results
from correo.mailbox.search import search
from correo.mailbox.sort import SortOrder, sort
from correo.mailbox.view import View
from correo.servers.imap import news
from correo.servers.imap.criteria import criterion_of
from correo.servers.imap.sending import Sender
from correo.wire.imap import codes, responses
from correo.wire.imap.fetch_items import FetchItem
from correo.wire.imap.search_keys import SearchKey

if TYPE_CHECKING:
    from correo.servers.imap.session import ImapSession

__all__ = ["SEARCHES_LIMIT", "FollowedSearch", "Following", "tell"]

SEARCHES_LIMIT = 10  # that one session may follow; ours


@dataclass(slots=True)
class FollowedSearch:
    """One search.

    tag: of the command, by which the client knows it.
    key: without sequence numbers, filters and "$": UIDs stand in their place.
    orders: of a SORT; () for a SEARCH.
    items: what the client wants to be sent of new messages it finds.
    """

    tag: bytes
    is_uid: bool
    key: SearchKey
    results: Results
    orders: Sequence[SortOrder] = ()
    items: tuple[FetchItem, ...] = ()


@dataclass(slots=True)
class Following:
    """What one session follows in its selected mailbox.

    items: what it wants to be sent of every new message.
    own: UIDs of messages it has filed itself, of which it is not sent anything.
    """

    searches: dict[bytes, FollowedSearch] = field(default_factory=dict)
    items: tuple[FetchItem, ...] = ()
    own: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Change:
    """How the result of a search has changed, in UIDs."""

    followed: FollowedSearch
    removed: list[Piece]
    added: list[Piece]


async def tell(
    session: "ImapSession", following: Following, *, expunges: bool, flags: bool
) -> bytes:
    """As `news.tell`, and what has become of the searches.

    Raises Refusal: then nothing is followed any more, and the client has been told so.
    """
    view, engine = session.view, session.engine
    if not view.has_news and not view.touched:
        return b""
    lose(session, following, view.leaving())
    shown = view.uid_next
    code = news.tell(engine, view, expunges=expunges, flags=flags)
    touched = view.take_touched()
    new = [uid for uid in touched if uid >= shown and uid not in following.own]
    following.own.clear()
    try:
        changes = [await changed(session, each, touched) for each in following.searches.values()]
        await send_new(session, following, changes, new)
    except Refusal:
        give_up(session, following)
        raise
    engine.send_lines(
        [line_of(view, change) for change in changes if change.removed or change.added]
    )
    return code


def lose(session: "ImapSession", following: Following, gone: list[int]) -> None:
    """Say what the searches lose to an expunge, while the numbers still hold."""
    if not gone:
        return
    changes = [
        Change(each, each.results.remove(each.results.among(gone)), [])
        for each in following.searches.values()
    ]
    view = session.view
    session.engine.send_lines([line_of(view, change) for change in changes if change.removed])


async def changed(session: "ImapSession", each: FollowedSearch, touched: list[int]) -> Change:
    """Put what came or changed to a search again."""
    view, results = session.view, each.results
    criterion = criterion_of(each.key, view, session.services.clock.now())
    found = await search(view.live, touched, criterion)
    fits = set(found)
    removed = results.remove([uid for uid in results.among(touched) if uid not in fits])
    if len(results.among(found)) == len(found):
        return Change(each, removed, [])
    now = sorted({*results.uids, *found})
    if each.orders:
        now = await sort(view.live, now, each.orders)
        there = set(now)  # without what is expunged just now
        removed += results.remove([uid for uid in results.uids if uid not in there])
    return Change(each, removed, results.put(now))


async def send_new(
    session: "ImapSession", following: Following, changes: list[Change], new: list[int]
) -> None:
    """FETCH what the client wants to see of new messages, in one response for each."""
    for uid in new:
        items = dict.fromkeys(following.items)
        for change in changes:
            if change.followed.items and any(uid in piece for _, piece in change.added):
                items.update(dict.fromkeys(change.followed.items))
        if items:
            await Sender(session, [uid]).send(tuple(items))


def give_up(session: "ImapSession", following: Following) -> None:
    session.engine.send_lines(
        [
            responses.no_line(codes.no_update(tag), "no longer followed")
            for tag in following.searches
        ]
    )
    following.searches.clear()


def line_of(view: View, change: Change) -> bytes:
    followed = change.followed

    def told(pieces: list[Piece]) -> list[tuple[int, Sequence[int]]]:
        if followed.is_uid:
            return list(pieces)
        return [(at, [view.position(uid) + 1 for uid in uids]) for at, uids in pieces]

    return responses.esearch_update(
        followed.tag,
        is_uid=followed.is_uid,
        removed=told(change.removed),
        added=told(change.added),
    )
