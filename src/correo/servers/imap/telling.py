"""Choose the moment: when a client is told what has happened in its selected mailbox.

At the end of most commands, and at once while it idles or after NOTIFY. What is told stands in
`news`, in `following` for sessions that follow searches, and in `notifying` for other mailboxes.

RFC 9051    6.3.13   IDLE; 7.5.1 when EXPUNGE may be told
RFC 2180    3.3      a mailbox deleted by somebody else: its clients are told BYE
RFC 5465    4        IDLE after NOTIFY; 6.1 SELECTED, SELECTED-DELAYED; no selector is silence

Departures: after NOTIFY without a selector, or with NONE, the answers to EXPUNGE, MOVE and REPLACE
still tell all that has gone, and what has come: the numbers would not hold otherwise.

Cost: nothing while nothing happens.
"""

from typing import TYPE_CHECKING

from correo.base.errors import Refusal
from correo.servers.imap import following, news
from correo.wire.imap.notifications import EventType

if TYPE_CHECKING:
    from correo.servers.imap.session import ImapSession

__all__ = ["tell_in_turn", "tell_news", "woken"]


async def tell_news(session: "ImapSession", *, expunges: bool, is_own: bool = False) -> bytes:
    """Put what happened to the mailbox into the engine; see `news.tell`.

    Args:
        is_own: the client has removed messages by its command.
    """
    view = session.selected
    if view is None:
        return b""
    await view.live.refresh_if_stale()
    if view.live.is_gone:
        session.engine.bye("the mailbox has been deleted")
        return b""
    notifying = session.attention.notifying
    if notifying is not None and notifying.is_silent and not is_own:
        return news.modseq_code(session.engine, view, vanished=False)
    flags = wants_flags(session)
    if session.attention.following is None:
        return news.tell(session.engine, view, expunges=expunges, flags=flags)
    return await following.tell(
        session, session.attention.following, expunges=expunges, flags=flags
    )


def wants_flags(session: "ImapSession") -> bool:
    notifying = session.attention.notifying
    if notifying is None:
        return True
    return notifying.selected is not None and EventType.FLAG_CHANGE in notifying.selected.events


def may_expunge(session: "ImapSession") -> bool:
    """Whether expunges may be told now, while no command but perhaps IDLE is under way."""
    notifying = session.attention.notifying
    if notifying is None or session.attention.is_idling:
        return True
    return notifying.selected is not None and not notifying.selected.is_delayed


def woken(session: "ImapSession") -> None:
    """Something happened in the mailbox; a client that waits for it hears of it at once."""
    view = session.selected
    if view is None or not view.wants_news:
        return
    connection = session.connection
    needs_turn = session.attention.following is not None or session.guest is not None
    if needs_turn or connection.is_writing_paused or connection.is_busy:
        session.attention.tell_soon()
        return
    if view.live.is_gone:
        session.engine.bye("the mailbox has been deleted")
    else:
        news.tell(session.engine, view, expunges=may_expunge(session), flags=wants_flags(session))
    connection.flush()


async def tell_in_turn(session: "ImapSession") -> None:
    """Until the client reads, its view takes down what happens, folded to the mailbox's size."""
    await session.connection.drain()
    try:
        while session.guest is not None and session.guest.is_stale:
            await session.guest.refresh()  # it may change again meanwhile
            if session.engine.is_closed:
                return
        view = session.selected
        if view is not None and view.wants_news and not session.engine.is_closed:
            await tell_news(session, expunges=may_expunge(session))
        if session.attention.notifying is not None and not session.engine.is_closed:
            await session.attention.notifying.tell()
    except Refusal:  # the store is in trouble: the client meets it with its next command
        return
