"""IDLE: tell a client at once what happens in its mailbox, until it says DONE.

RFC 9051    6.3.13   IDLE (RFC 2177); RFC 5465 4 after NOTIFY

Between the two events the session has no task and no timer of its own: the store's watch wakes
it (`session.woken`).

Cost: from the commit to the client one thread hop.
"""

from collections.abc import Coroutine
from typing import Any

from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.wire.imap.commands import Command, Idle, IdleDone

__all__ = ["HANDLERS"]


def answer_idle(session: ImapSession, _command: Idle) -> Coroutine[Any, Any, None] | None:
    session.engine.accept_idle()
    session.attention.idle(is_idling=True)
    if session.selected is None or not session.selected.wants_news:
        return None
    session.selected.live.is_stale = True
    return catch_up(session)


async def catch_up(session: ImapSession) -> None:
    """Tell what has happened; from then on the watch wakes this session."""
    view = session.view
    while view.has_news or view.live.is_stale:
        await session.tell_news(expunges=True)
        if session.engine.is_closed:
            return


async def answer_done(session: ImapSession, command: IdleDone) -> None:
    session.attention.idle(is_idling=False)
    await session.conclude(command, "no longer idle")


HANDLERS: dict[type[Command], Handler] = {
    Idle: answer_idle,
    IdleDone: answer_done,
}
