"""FETCH and UID FETCH: send what the client asks of its messages.

RFC 9051    6.4.5, 6.4.9   FETCH, UID FETCH; \\Seen is set unless the item says PEEK
RFC 7162    3.1.4    CHANGEDSINCE, MODSEQ; 3.2.6 VANISHED; 3.2.4 UID and MODSEQ with \\Seen
RFC 9394    3.3, 3.4 PARTIAL, which counts before CHANGEDSINCE does
RFC 4314    4        \\Seen is set only by those who may
RFC 9738             MESSAGELIMIT, also for the range of PARTIAL
RFC 2180    4.1.3    messages that are gone: the others are sent, the answer is NO

Cost: see `sending`.
"""

from correo.mailbox import flags
from correo.servers.imap import messagelimit
from correo.servers.imap.numbers import uids_of
from correo.servers.imap.refusals import Expunged, Misused
from correo.servers.imap.resync import vanished_lines
from correo.servers.imap.sending import Sender
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import FlagMode
from correo.wire.imap.commands import Command, Fetch
from correo.wire.imap.fetch_items import BinarySection, BodySection, FetchAttribute, FetchItem

__all__ = ["HANDLERS"]

SEEN = "\\Seen"


async def answer_fetch(session: ImapSession, command: Fetch) -> None:
    if command.changed_since is not None or FetchAttribute.MODSEQ in command.items:
        session.enable_condstore()
    named = await chosen(session, command)
    uids, limit_code = messagelimit.within(session, named), messagelimit.code_of(session, named)
    if command.vanished:
        await tell_vanished(session, command)
    items, seen_modseq = await with_seen(session, command, uids)
    sender = Sender(session, uids)
    await sender.send(items)
    if seen_modseq:
        session.view.is_own(seen_modseq)
    if sender.sent < len(uids) and not command.is_uid:
        await session.conclude_refused(command, Expunged(), expunges=False)
    else:
        await session.conclude(command, "fetched", limit_code, expunges=command.is_uid)


async def chosen(session: ImapSession, command: Fetch) -> list[int]:
    view = session.view
    uids = uids_of(view, command.messages, is_uid=command.is_uid)
    if command.partial is not None:
        messagelimit.check(session, command.partial.length)
        uids = list(command.partial.window(uids))
    if command.changed_since is None:
        return uids
    live, since = view.live, command.changed_since
    await live.refresh_if_stale()
    return [uid for uid in uids if (at := live.position(uid)) >= 0 and live.modseqs[at] > since]


async def tell_vanished(session: ImapSession, command: Fetch) -> None:
    """VANISHED (EARLIER), before any FETCH (RFC 7162 3.2.6)."""
    if "QRESYNC" not in session.engine.enabled:
        raise Misused("enable QRESYNC first")
    view = session.view
    live = view.live
    changes = await live.account.changes_since(live.mailbox.id, command.changed_since or 0)
    spans = command.messages.spans(view.uid_next - 1)
    session.engine.send_lines(vanished_lines(view, changes.vanished, spans))


async def with_seen(
    session: ImapSession, command: Fetch, uids: list[int]
) -> tuple[list[FetchItem], int]:
    """Set \\Seen where the items do; then the flags belong to the answer, whether asked or not.

    Returns:
        The items to send, and the mod-sequence of the change, 0 if there was none.
    """
    items = list(command.items)
    may_set_seen = "s" in session.flag_rights
    if not may_set_seen or not any(sets_seen(item) for item in items):
        return items, 0
    live = session.view.live
    await live.refresh_if_stale()
    unseen = [
        uid
        for uid in uids
        if (at := live.position(uid)) >= 0 and not flags.has(live.flags[at], SEEN)
    ]
    if not unseen:
        return items, 0
    stored = await live.account.store_flags(live.mailbox.id, unseen, FlagMode.ADD, SEEN)
    if not stored.changed:
        return items, 0
    live.is_stale = True
    told = [FetchAttribute.FLAGS]
    if "CONDSTORE" in session.engine.enabled:
        told = [FetchAttribute.UID, FetchAttribute.FLAGS, FetchAttribute.MODSEQ]
    answered = [*(item for item in told if item not in items), *items]
    return answered, stored.changed[0].modseq


def sets_seen(item: FetchItem) -> bool:
    return isinstance(item, BodySection | BinarySection) and not item.peek


HANDLERS: dict[type[Command], Handler] = {Fetch: answer_fetch}
