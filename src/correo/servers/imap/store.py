"""STORE and UID STORE: change flags.

RFC 9051    6.4.6    STORE, .SILENT
RFC 7162    3.1.3    UNCHANGEDSINCE, MODIFIED; 3.2.4 UID and MODSEQ in the answers
RFC 4314    4        a right for each kind of flag; NO only if nothing can be done
RFC 9738             MESSAGELIMIT
RFC 2180    4.2      messages that are gone: the others are done, the answer is NO

A change that another session made, and this client has not been told of, is told in the answer:
otherwise the client would believe in flags that are not there.

Cost: two thread hops, one of them the commit; 10,000 answers 15 ms.
"""

from collections.abc import Callable, Sequence

from correo.mailbox import flags
from correo.mailbox.view import FlagUpdate, View
from correo.net.pace import Pace
from correo.servers.imap import messagelimit, news, uidonly
from correo.servers.imap.numbers import uids_of
from correo.servers.imap.refusals import Expunged, NotPermitted, ReadOnly
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import Change, FlagMode, FlagsStored
from correo.store.rights import permitted
from correo.wire.imap import codes
from correo.wire.imap.commands import Command, Store
from correo.wire.imap.server import ImapServerEngine

__all__ = ["HANDLERS"]

Lines = Callable[[ImapServerEngine, list[FlagUpdate]], list[bytes]]  # writes FETCH lines

PIECE = 1000  # lines sent before others get their turn; about a microsecond each


async def answer_store(session: ImapSession, command: Store) -> None:
    if session.is_read_only:
        raise ReadOnly
    if command.unchanged_since is not None:
        session.enable_condstore()
    view, rights = session.view, session.flag_rights
    named = uids_of(view, command.messages, is_uid=command.is_uid)
    uids, limit_code = messagelimit.within(session, named), messagelimit.code_of(session, named)
    mode, change = FlagMode(command.mode.value), flags.canonical(command.flags)
    if not can_change(mode, change, rights):
        raise NotPermitted("its owner does not let you change these flags")
    believed = view.believed_flags(uids) if command.silent else {}
    stored = await view.live.account.store_flags(
        view.live.mailbox.id,
        uids,
        mode,
        change,
        unchanged_since=command.unchanged_since,
        rights=rights,
    )
    view.note_stored(stored)
    after = {
        before: flags.changed(before, mode, change, rights) for before in set(believed.values())
    }
    expected = {uid: after[before] for uid, before in believed.items()}
    await tell_stored(session, command, stored, expected)
    code = modified_code(view, command, stored.conflicting)
    code = messagelimit.joined(session, code, limit_code)
    found = len(stored.changed) + len(stored.unchanged) + len(stored.conflicting)
    if found < len(uids) and not command.is_uid:
        await session.conclude_refused(command, Expunged(), code, expunges=False)
    else:
        await session.conclude(command, "stored", code, expunges=command.is_uid)


def can_change(mode: FlagMode, change: str, rights: str) -> bool:
    """Whether any of the flags meant may be changed; to replace them means all of them."""
    return (
        bool(rights) if mode is FlagMode.REPLACE else permitted(change, rights) != "" or not change
    )


async def tell_stored(
    session: ImapSession, command: Store, stored: FlagsStored, expected: dict[int, str]
) -> None:
    """FETCH for what the client asked to see, or does not know."""
    told = stored.changed
    if stored.unchanged:
        told = sorted([*stored.changed, *stored.unchanged], key=lambda change: change.uid)
    quiet: list[Change] = []
    if command.silent:
        known = [change for change in told if expected.get(change.uid) == change.flags]
        told = [change for change in told if expected.get(change.uid) != change.flags]
        if "CONDSTORE" in session.engine.enabled:
            changed = {change.uid for change in stored.changed}
            quiet = [change for change in known if change.uid in changed]
    await send(session, told, news.flags_lines)
    await send(session, quiet, modseq_lines)


async def send(session: ImapSession, changes: list[Change], lines: Lines) -> None:
    """Send the lines of many messages, and give others their turn between."""
    pace = Pace()
    for first in range(0, len(changes), PIECE):
        if first:
            await session.connection.drain()
            await pace.breathe()
        some = updates(session.view, changes[first : first + PIECE])
        session.engine.send_lines(lines(session.engine, some))


def updates(view: View, changes: Sequence[Change]) -> list[FlagUpdate]:
    numbers = view.numbers_of([change.uid for change in changes])
    return [
        (number, change.uid, change.flags, change.modseq)
        for number, change in zip(numbers, changes, strict=True)
    ]


def modseq_lines(engine: ImapServerEngine, quiet: list[FlagUpdate]) -> list[bytes]:
    """All that .SILENT leaves to be told (RFC 7162 3.1.3)."""
    if uidonly.is_enabled(engine):
        return [b"* %d UIDFETCH (MODSEQ (%d))\r\n" % (uid, modseq) for _, uid, _, modseq in quiet]
    return [
        b"* %d FETCH (UID %d MODSEQ (%d))\r\n" % (number, uid, modseq)
        for number, uid, _, modseq in quiet
    ]


def modified_code(view: View, command: Store, conflicting: list[int]) -> bytes:
    if not conflicting:
        return b""
    ascending = sorted(conflicting)
    return codes.modified(ascending if command.is_uid else view.numbers_of(ascending))


HANDLERS: dict[type[Command], Handler] = {Store: answer_store}
