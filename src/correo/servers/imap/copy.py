"""COPY and MOVE: put messages into another mailbox, or take them there.

RFC 9051    6.4.7, 6.4.8   COPY, MOVE; all or none; COPYUID, TRYCREATE
RFC 6851    4.3, 4.4 COPYUID comes before the expunges it causes
RFC 4314    4        "i" in the target; flags that the user has no right to set are left out
RFC 9738             MESSAGELIMIT: COPY is refused, MOVE does a part
RFC 2180    4.4      what is gone, and the client cannot know, makes a COPY by number fail

Departures: a MOVE into another account is two commits, the copies made first: a crash leaves both.

Cost: two to three thread hops, one of them the commit; one statement whatever the number. Into
another account, or without the right to set all flags, see `mailbox.transfer`.
"""

from correo.base.errors import NotFound
from correo.mailbox.live import LiveMailbox
from correo.mailbox.transfer import transfer
from correo.servers.imap import messagelimit
from correo.servers.imap.numbers import uids_of
from correo.servers.imap.places import Place
from correo.servers.imap.refusals import Expunged, NoTarget, ReadOnly
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import FLAG_RIGHTS, Copied
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import Command, Copy, Move

__all__ = ["HANDLERS"]


async def answer_copy(session: ImapSession, command: Copy) -> None:
    uids = await named(session, command)
    if uids is None:
        return
    messagelimit.check(session, len(uids))
    target = await session.targets.find(command, command.mailbox)
    try:
        copied = await copy(session, uids, target)
    except NotFound:
        raise NoTarget from None
    session.attention.filed(target, [each.uid for each in copied])
    await session.conclude(command, "copied", uid_code(target, copied))


async def answer_move(session: ImapSession, command: Move) -> None:
    if session.is_read_only:
        raise ReadOnly
    view = session.view
    uids = await named(session, command)
    if uids is None:
        return
    target = await session.targets.find(command, command.mailbox)
    try:
        moved = await move(session, messagelimit.within(session, uids), target)
    except NotFound:
        raise NoTarget from None
    view.live.is_stale = True
    session.attention.filed(target, [each.uid for each in moved])
    if moved:
        session.engine.send_lines([responses.ok_line(uid_code(target, moved), "moved")])
    await session.conclude(command, "moved", messagelimit.code_of(session, uids))


async def copy(session: ImapSession, uids: list[int], target: Place) -> list[Copied]:
    live = session.view.live
    if is_entry_enough(live, target):
        return await live.account.copy(live.mailbox.id, uids, target.mailbox.id)
    source, into = (live.account, live.mailbox.id), (target.account, target.mailbox.id)
    blobs = session.services.store.blobs
    return await transfer(source, uids, into, blobs, rights=target.rights)


async def move(session: ImapSession, uids: list[int], target: Place) -> list[Copied]:
    live = session.view.live
    if is_entry_enough(live, target):
        return await live.account.move(live.mailbox.id, uids, target.mailbox.id)
    copied = await copy(session, uids, target)
    gone = [each.source_uid for each in copied]
    await live.account.expunge(live.mailbox.id, gone, only_deleted=False)
    return copied


def is_entry_enough(live: LiveMailbox, target: Place) -> bool:
    """Whether the target's account has the message already, and its flags may be set there."""
    is_same_account = target.account.account_id == live.account.account_id
    return is_same_account and set(FLAG_RIGHTS).issubset(target.rights)


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


def uid_code(target: Place, copied: list[Copied]) -> bytes:
    """COPYUID; nothing if no message was copied (RFC 4315 3)."""
    if not copied:
        return b""
    pairs = sorted((each.source_uid, each.uid) for each in copied)
    return codes.copy_uid(
        target.mailbox.uid_validity, [source for source, _ in pairs], [uid for _, uid in pairs]
    )


HANDLERS: dict[type[Command], Handler] = {Copy: answer_copy, Move: answer_move}
