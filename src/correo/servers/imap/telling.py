"""Choose the moment: when a client is told what has happened in its selected mailbox.

At the end of most commands, and at once while it idles or after NOTIFY. What is told stands in
`news`, and in `following` for sessions that follow searches.

RFC 9051    6.3.13   IDLE; 7.5.1 when EXPUNGE may be told
RFC 2180    3.3      a mailbox deleted by somebody else: its clients are told BYE

Cost: nothing while nothing happens.
"""

from typing import TYPE_CHECKING

from correo.base.errors import Refusal
from correo.servers.imap import following, news

if TYPE_CHECKING:
    from correo.servers.imap.session import ImapSession

__all__ = ["tell_news", "woken"]


async def tell_news(session: "ImapSession", *, expunges: bool) -> bytes:
    """Put what happened to the mailbox into the engine; see `news.tell`."""
    view = session.selected
    if view is None:
        return b""
    await view.live.refresh_if_stale()
    if view.live.is_gone:
        session.engine.bye("the mailbox has been deleted")
        return b""
    if session.following is None:
        return news.tell(session.engine, view, expunges=expunges)
    return await following.tell(session, session.following, expunges=expunges, flags=True)


def woken(session: "ImapSession") -> None:
    """Something happened in the mailbox; a client that waits for it hears of it at once."""
    view = session.selected
    if view is None or not view.wants_news:
        return
    if session.guest is not None and session.guest.is_stale:
        return  # first it is asked whether the guest may still hear of it
    connection = session.connection
    if connection.is_writing_paused or connection.is_busy or session.following is not None:
        connection.run(lambda: tell_in_turn(session))
        return
    if view.live.is_gone:
        session.engine.bye("the mailbox has been deleted")
    else:
        news.tell(session.engine, view, expunges=True)
    connection.flush()


async def tell_in_turn(session: "ImapSession") -> None:
    """Until the client reads, its view takes down what happens, folded to the mailbox's size."""
    await session.connection.drain()
    view = session.selected
    if view is None or not view.wants_news or session.engine.is_closed:
        return
    try:
        await tell_news(session, expunges=True)
    except Refusal:  # the store is in trouble: the client meets it with its next command
        return
