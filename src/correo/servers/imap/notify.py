"""NOTIFY: choose what to be told of without asking.

RFC 5465    3.1      SET, NONE; STATUS before the answer; SET implies a NOOP
            3.1      BADEVENT, NOTIFICATIONOVERFLOW; \\NoAccess for what may be listed and not read
            6        selectors

Departures: AnnotationChange is not known (RFC 5257 is not).

Cost: one look at everything that is watched; see `notifying` for what follows.
"""

from correo.servers.imap.notices import status_at_first
from correo.servers.imap.notifying import Notifying, TooMuch
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import Command
from correo.wire.imap.notifications import MESSAGE_EVENTS, EventType, Notify
from correo.wire.imap.server import Condition

__all__ = ["HANDLERS"]


async def answer_notify(session: ImapSession, command: Notify) -> None:
    if any(group.unknown for group in command.groups):
        code = codes.bad_event(event.value for event in EventType)
        session.engine.finish(command.tag, Condition.NO, "there is no such event here", code)
        return
    await tell_all(session)
    notifying = Notifying(session, command.groups)
    try:
        await notifying.begin()
    except TooMuch as refusal:
        notifying.close()
        await session.conclude_refused(command, refusal, codes.NOTIFICATIONOVERFLOW)
        return
    session.attention.be_notified(notifying)
    session.engine.send_lines(first_lines(session, notifying, wants_status=command.wants_status))
    await session.conclude(
        command, "you will be told" if command.groups else "you will not be told"
    )


async def tell_all(session: ImapSession) -> None:
    """Everything up to now, by the rules up to now."""
    if session.selected is not None:
        session.selected.live.is_stale = True
        await session.tell_news(expunges=True)
    if session.attention.notifying is not None:
        await session.attention.notifying.tell()


def first_lines(session: ImapSession, notifying: Notifying, *, wants_status: bool) -> list[bytes]:
    lines: list[bytes] = []
    for watched in notifying.watched:
        if MESSAGE_EVENTS.isdisjoint(watched.events):
            continue
        if not watched.is_readable:
            utf8 = session.engine.is_utf8
            lines.append(responses.list_line(("\\NoAccess",), watched.name, utf8=utf8))
        elif wants_status and not notifying.is_selected(watched):
            lines.append(status_at_first(session, watched))
    return lines


HANDLERS: dict[type[Command], Handler] = {Notify: answer_notify}
