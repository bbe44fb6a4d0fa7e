"""COPY and MOVE: put messages into another mailbox, or take them there.

RFC 9051    6.4.7, 6.4.8   COPY, MOVE; all or none; COPYUID, TRYCREATE
RFC 6851    4.3, 4.4 COPYUID comes before the expunges it causes
RFC 2180    4.4      what is gone, and the client cannot know, makes a COPY by number fail

Cost: two to three thread hops, one of them the commit; one statement whatever the number.
"""

from correo.base.errors import NotFound
from correo.mailbox.view import View
from correo.servers.imap.numbers import uids_of
from correo.servers.imap.refusals import Expunged, NoTarget, ReadOnly
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import Copied, Mailbox
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import Command, Copy, Move

__all__ = ["HANDLERS"]


async def answer_copy(session: ImapSession, command: Copy) -> None:
    view = session.view
    uids = await named(session, command)
    if uids is None:
        return
    target = await session.targets.find(command.mailbox)
    try:
        copied = await session.account.copy(view.live.mailbox.id, uids, target.id)
    except NotFound:
        raise NoTarget from None
    note_target(view, target)
    await session.conclude(command, "copied", uid_code(target, copied))


async def answer_move(session: ImapSession, command: Move) -> None:
    if session.is_read_only:
        raise ReadOnly
    view = session.view
    uids = await named(session, command)
    if uids is None:
        return
    target = await session.targets.find(command.mailbox)
    try:
        moved = await session.account.move(view.live.mailbox.id, uids, target.id)
    except NotFound:
        raise NoTarget from None
    view.live.is_stale = True
    if moved:
        session.engine.send_lines([responses.ok_line(uid_code(target, moved), "moved")])
    await session.conclude(command, "moved")


async def named(session: ImapSession, command: Copy | Move) -> list[int] | None:
    """The UIDs of the messages meant; None, and the client is told, if one of them is gone."""
    view = session.view
    uids = uids_of(view, command.messages, is_uid=command.is_uid)
    if command.is_uid or not view.holds_back:
        return uids
    if all(view.live.position(uid) >= 0 for uid in uids):
        return uids
    await session.conclude_refused(command, Expunged())
    return None


def note_target(view: View, target: Mailbox) -> None:
    if target.id == view.live.mailbox.id:
        view.live.is_stale = True


def uid_code(target: Mailbox, copied: list[Copied]) -> bytes:
    """COPYUID; nothing if no message was copied (RFC 4315 3)."""
    if not copied:
        return b""
    pairs = sorted((each.source_uid, each.uid) for each in copied)
    return codes.copy_uid(
        target.uid_validity, [source for source, _ in pairs], [uid for _, uid in pairs]
    )


HANDLERS: dict[type[Command], Handler] = {Copy: answer_copy, Move: answer_move}
