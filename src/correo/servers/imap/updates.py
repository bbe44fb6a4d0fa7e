"""RETURN (UPDATE) of SEARCH and SORT, and CANCELUPDATE: which searches a session follows.

RFC 5267    4.3      sequence numbers mean what they mean now; a tag in use is BAD
            4.3.1    NOUPDATE: too many searches, or an order that does not hold
            4.3.5    CANCELUPDATE
RFC 5465    7        UPDATE with FETCH items
RFC 7377    2.1      many mailboxes are searched, not followed

Departures: none known.

Cost: see `following`.
"""

from correo.mailbox.results import Results
from correo.mailbox.sort import SortKey, SortOrder
from correo.mailbox.view import View
from correo.servers.imap.criteria import mapped
from correo.servers.imap.filters import without_filters
from correo.servers.imap.following import SEARCHES_LIMIT, FollowedSearch
from correo.servers.imap.numbers import uids_of
from correo.servers.imap.refusals import Misused
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import (
    CancelUpdate,
    Command,
    MultiSearch,
    Search,
    SearchReturn,
    Sort,
)
from correo.wire.imap.commands import SortKey as AskedKey
from correo.wire.imap.search_keys import MessageSet, SearchKey
from correo.wire.imap.sequence import SequenceSet, compress

__all__ = ["HANDLERS", "begin", "check", "orders_of"]


def check(session: ImapSession, command: Search) -> None:
    """Raises Misused: the tag is that of a search which is followed."""
    following = session.attention.following
    if is_asked(command) and following is not None and command.tag in following.searches:
        raise Misused("a search with this tag is being followed")


def is_asked(command: Search) -> bool:
    return SearchReturn.UPDATE in (command.returns or ())


async def begin(session: ImapSession, command: Search, uids: list[int]) -> None:
    """Follow the search from now on, if the client asked for it.

    Args:
        uids: what was found, in the order of the answer.
    """
    if not is_asked(command):
        return
    why_not = reason_against(session, command)
    if why_not:
        line = responses.no_line(codes.no_update(command.tag), why_not)
        session.engine.send_lines([line])
        return
    key = await without_filters(session, command.key)
    orders = orders_of(command)
    session.attention.follow().searches[command.tag] = FollowedSearch(
        command.tag,
        command.is_uid,
        mapped(key, lambda each: lasting(each, session.view)),
        Results(uids, is_sorted=bool(orders)),
        orders,
        command.update_items,
    )


def reason_against(session: ImapSession, command: Search) -> str:
    """Why the search cannot be followed, "" if it can."""
    if isinstance(command, MultiSearch):
        return "only the selected mailbox can be followed, with SEARCH or SORT"
    if isinstance(command, Sort) and any(key is AskedKey.RELEVANCY for key, _ in command.orders):
        return "an order by relevancy cannot be followed"
    following = session.attention.following
    if following is not None and len(following.searches) >= SEARCHES_LIMIT:
        return f"{SEARCHES_LIMIT} searches are being followed: cancel one"
    return ""


def orders_of(command: Search) -> tuple[SortOrder, ...]:
    if not isinstance(command, Sort):
        return ()
    return tuple(SortOrder(SortKey(key.value), is_reversed) for key, is_reversed in command.orders)


def lasting(key: SearchKey, view: View) -> SearchKey:
    """Numbers and "$" as the UIDs they stand for now; "*" among UIDs stays what it is."""
    if not isinstance(key, MessageSet) or (key.is_uid and not key.messages.saved):
        return key
    uids = uids_of(view, key.messages, is_uid=key.is_uid)
    return MessageSet(SequenceSet(tuple(compress(uids))), is_uid=True)


async def answer_cancel_update(session: ImapSession, command: CancelUpdate) -> None:
    searches = (
        session.attention.following.searches if session.attention.following is not None else {}
    )
    unknown = [tag for tag in command.tags if tag not in searches]
    if unknown:
        raise Misused("no search with this tag is being followed")
    for tag in command.tags:
        searches.pop(tag, None)
    await session.conclude(command, "no longer followed")


HANDLERS: dict[type[Command], Handler] = {CancelUpdate: answer_cancel_update}
