"""SELECT, EXAMINE, CLOSE and UNSELECT: open a mailbox, resynchronise with it, leave it.

RFC 9051    6.3.2, 6.3.3   SELECT and EXAMINE; 6.4.1, 6.4.2 CLOSE, UNSELECT
RFC 3501    6.3.1    RECENT and UNSEEN, for IMAP4rev1 clients
RFC 7162    3.1.8    CONDSTORE; 3.2.5 QRESYNC; 3.2.11 CLOSED
RFC 8474    4.2      MAILBOXID
RFC 4314    4, 5.2   "e" for the expunge of CLOSE; READ-ONLY

Departures: nothing is ever \\Recent (RFC 9051 appendix E: "* 0 RECENT").

Cost: two thread hops; a mailbox that another session has open needs no list of its messages.
"""

from correo.base.errors import NotFound
from correo.mailbox.view import View
from correo.servers.imap import news, resync, uidonly
from correo.servers.imap.listing import attributes_of
from correo.servers.imap.refusals import Misused
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import SYSTEM_FLAGS, Mailbox
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import Close, Command, Select, Unselect
from correo.wire.imap.server import Condition

__all__ = ["HANDLERS"]


async def answer_select(session: ImapSession, command: Select) -> None:
    if command.qresync is not None and "QRESYNC" not in session.engine.enabled:
        raise Misused("enable QRESYNC first")
    if session.selected is not None:
        session.leave_mailbox()
        session.engine.send_lines([responses.ok_line(codes.CLOSED, "the mailbox is closed")])
    if command.condstore or command.qresync is not None:
        session.enable_condstore()
    place = await session.places.find(command, command.mailbox)
    mailbox = place.mailbox
    view = await session.services.mailboxes.select(place.account, mailbox, session.woken)
    session.enter_mailbox(view, place, read_only=command.read_only)
    session.services.indexing.want_if_large(place.account, view.exists)
    session.engine.send_lines(opening_lines(session, view, mailbox))
    if command.qresync is not None:
        await resync.tell_since(session, mailbox, command.qresync)
    code = codes.READ_ONLY if session.is_read_only else codes.READ_WRITE
    session.engine.finish(command.tag, Condition.OK, "selected", code)


def opening_lines(session: ImapSession, view: View, mailbox: Mailbox) -> list[bytes]:
    """What is told of a mailbox that is being opened."""
    flags, permanent_flags = news.flags_allowed(view, session.flag_rights)
    line = responses.ok_line
    lines = [
        flags,
        responses.exists(view.exists),
        line(codes.uid_validity(mailbox.uid_validity), "UIDs are valid"),
        line(codes.uid_next(view.uid_next), "next UID"),
        line(codes.highest_modseq(view.told_modseq), "highest mod-sequence"),
        permanent_flags,
        line(codes.mailbox_id(mailbox.object_id), "mailbox id"),
    ]
    if session.connection.is_tls:  # RFC 4467 10
        lines.append(line(codes.URLMECH_INTERNAL, "mechanisms for URLs"))
    if "IMAP4REV2" in session.engine.enabled:
        lines.append(
            responses.list_line(attributes_of(mailbox), mailbox.name, utf8=session.engine.is_utf8)
        )
        return lines
    lines.append(responses.recent(0))
    is_unseen_told = mailbox.unseen and not uidonly.is_enabled(session.engine)
    first = first_unseen(view) if is_unseen_told else 0
    if first:
        lines.append(line(b"UNSEEN %d" % first, "first unseen message"))
    return lines


def first_unseen(view: View) -> int:
    """The sequence number of the first message without \\Seen, 0 if there is none."""
    unseen = {flags for flags in view.live.known_flags() if SYSTEM_FLAGS[3] not in flags}
    for number, flags in enumerate(view.live.flags[: view.exists], 1):
        if flags in unseen:
            return number
    return 0


async def answer_close(session: ImapSession, command: Close) -> None:
    live = session.view.live
    if not session.is_read_only and "e" in session.rights:
        try:
            await live.account.expunge(live.mailbox.id, None)
        except NotFound:  # the mailbox is gone, and what was in it
            pass
    session.leave_mailbox()
    session.engine.finish(command.tag, Condition.OK, "closed")


def answer_unselect(session: ImapSession, command: Unselect) -> None:
    session.leave_mailbox()
    session.engine.finish(command.tag, Condition.OK, "no mailbox is selected")


HANDLERS: dict[type[Command], Handler] = {
    Select: answer_select,
    Close: answer_close,
    Unselect: answer_unselect,
}
