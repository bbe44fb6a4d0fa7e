"""APPEND and REPLACE: put messages into a mailbox as they are.

RFC 9051    6.3.12   APPEND; APPENDUID, TRYCREATE
RFC 3502             several messages, all or none
RFC 4315    3        APPENDUID
RFC 4314    4        "i"; flags that the user has no right to set are left out
RFC 8508             REPLACE and UID REPLACE: file one and remove another, both or neither
RFC 3516    4.4      literal8: binary content is kept as it is
RFC 6855    4        UTF8 (~{n})
RFC 9738             MESSAGELIMIT
RFC 7889    5.2      TOOBIG is the engine's
RFC 4469             CATENATE: its URLs are answered in `catenate`

Departures: RFC 6855 4 has 8-bit header fields refused from clients that enabled nothing. They are
taken: clients that move mailboxes bring such messages, and nobody is to lose mail over them. A
REPLACE into another account is two commits, the message filed first: a crash leaves both.

Cost: one thread hop, the commit, and another for the first into a mailbox; the index 100 microseconds for 2 KB.
"""

from collections.abc import Coroutine
from typing import Any

from correo.base.errors import NotFound, Refusal
from correo.mailbox import flags
from correo.mailbox.append import prepare
from correo.mailbox.spool import Spool
from correo.servers.imap import messagelimit
from correo.servers.imap.filing import Filing, Incoming
from correo.servers.imap.places import Place
from correo.servers.imap.refusals import Expunged, Misused, NoTarget, ReadOnly
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import Appended, NewMessage
from correo.store.rights import permitted
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import (
    AppendAborted,
    AppendComplete,
    AppendMessage,
    Command,
    Replaced,
)
from correo.wire.imap.sequence import STAR

__all__ = ["HANDLERS"]

UTF8_MODES = frozenset({"UTF8=ACCEPT", "IMAP4REV2"})


def answer_message(
    session: ImapSession, command: AppendMessage
) -> Coroutine[Any, Any, None] | None:
    """A message is about to come: say no now, or give it room."""
    if session.filing is None:
        target = session.targets.known(command.mailbox)
        if target is None:
            return answer_first(session, command)
        begin(session, command, target)
    give_room(session, command)
    return None


async def answer_first(session: ImapSession, command: AppendMessage) -> None:
    """As `answer_message`, for a mailbox that has to be looked up."""
    begin(session, command, await session.targets.find(command, command.mailbox))
    give_room(session, command)


def begin(session: ImapSession, command: AppendMessage, target: Place) -> None:
    replaced = uid_replaced(session, command.replaced) if command.replaced else None
    session.filing = Filing(target, replaced)


def give_room(session: ImapSession, command: AppendMessage) -> None:
    if command.is_utf8 and UTF8_MODES.isdisjoint(session.engine.enabled):
        raise Refusal("5.5.4", "enable UTF8=ACCEPT first")
    assert session.filing is not None
    messagelimit.check(session, len(session.filing.messages) + 1)
    canonical = permitted(flags.canonical(command.flags), session.filing.target.rights)
    spool = Spool(session.services.store.blobs)
    session.filing.messages.append(Incoming(spool, canonical, command.internal_date))
    session.engine.accept_message(spool)


async def answer_complete(session: ImapSession, command: AppendComplete) -> None:
    """All of them are here: file them."""
    filing, session.filing = session.filing, None
    assert filing is not None
    blobs = session.services.store.blobs
    try:
        if not filing.target.is_own:  # its owner may have thought better of it meanwhile
            filing.target = await session.places.find(command, command.mailbox)
        batch = [
            (await prepare(message.spool, blobs)).new(message.flags, message.internal_date)
            for message in filing.messages
        ]
        target = filing.target
        if filing.replaced is None:
            appended = await target.account.append(target.mailbox.id, batch)
        else:
            appended = [await replace(session, filing, batch[0])]
    except NotFound:
        if filing.target.is_own:
            raise NoTarget from None
        raise
    finally:
        filing.abort()
    session.attention.filed(target, [each.uid for each in appended])
    code = codes.append_uid(target.mailbox.uid_validity, [each.uid for each in appended])
    if filing.replaced is not None:
        session.engine.send_lines([responses.ok_line(code, "the new one is there")])  # 3.2
        code = b""
    await session.conclude(command, "done", code)


def uid_replaced(session: ImapSession, replaced: Replaced) -> int:
    """Which message is to go. Raises ReadOnly, Misused, Expunged."""
    view = session.view
    if session.is_read_only:
        raise ReadOnly
    if replaced.number == STAR:
        if not view.exists:
            raise Misused("there are no messages")
        return view.last_uid
    if replaced.is_uid:
        if view.position(replaced.number) < 0:
            raise Expunged
        return replaced.number
    if replaced.number > view.exists:
        raise Misused(f"there are {view.exists} messages")
    return view.uids[replaced.number - 1]


async def replace(session: ImapSession, filing: Filing, message: NewMessage) -> Appended:
    """Raises NotFound for the mailbox, Expunged for the message."""
    live, target, uid = session.view.live, filing.target, filing.replaced
    assert uid is not None
    try:
        if target.account.account_id == live.account.account_id:
            appended = await live.account.replace(live.mailbox.id, uid, target.mailbox.id, message)
        else:
            await live.refresh()
            if live.position(uid) < 0:
                raise Expunged
            [appended] = await target.account.append(target.mailbox.id, [message])
            await live.account.expunge(live.mailbox.id, [uid], only_deleted=False)
    except NotFound:
        await live.refresh()
        if live.position(uid) < 0:
            raise Expunged from None
        raise
    live.is_stale = True
    return appended


def answer_aborted(session: ImapSession, _command: AppendAborted) -> None:
    session.abort_filing()


HANDLERS: dict[type[Command], Handler] = {
    AppendMessage: answer_message,
    AppendComplete: answer_complete,
    AppendAborted: answer_aborted,
}
