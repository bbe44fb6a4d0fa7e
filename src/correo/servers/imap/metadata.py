"""GETMETADATA and SETMETADATA: what clients note of mailboxes and of the account.

RFC 5464    4.2      MAXSIZE and DEPTH; LONGENTRIES
            4.3      all or none are set; MAXSIZE, TOOMANY
            3.3      /shared entries of the server itself (mailbox "") are the operator's;
                     rights in another user's mailbox, and "w" besides to set what all share
RFC 9590    3        LIST RETURN (METADATA ...)

Departures: clients are told of what others note after NOTIFY only (4.1 leaves that open).

Cost: microseconds to read, one commit to change.
"""

from collections.abc import Iterable

from correo.base.errors import Refusal
from correo.servers.imap.notes import annotate, notes_in
from correo.servers.imap.places import Place
from correo.servers.imap.refusals import NotPermitted
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import Command, GetMetadata, SetMetadata

__all__ = ["HANDLERS", "metadata_line"]

VALUE_LIMIT = 64 * 1024  # octets; ours


async def answer_get_metadata(session: ImapSession, command: GetMetadata) -> None:
    notes = await readable(session, command)
    wanted = [
        entry
        for entry in notes
        if any(is_below(entry, top, command.depth) for top in command.entries)
    ]
    limit = command.max_size
    told = [entry for entry in wanted if limit is None or len(notes[entry]) <= limit]
    longest = max((len(notes[entry]) for entry in wanted if entry not in told), default=0)
    if told:
        values = {entry: notes[entry] for entry in told}
        utf8 = session.engine.is_utf8
        session.engine.send_lines([responses.metadata(command.mailbox, values, utf8=utf8)])
    code = codes.metadata_long_entries(longest) if longest else b""
    await session.conclude(command, "that is what was noted", code)


def is_below(entry: str, top: str, depth: int | None) -> bool:
    """Whether an entry is `top`, or at most so many levels below it."""
    if entry == top:
        return True
    below = entry.removeprefix(top + "/")
    return below != entry and (depth is None or below.count("/") < depth)


async def readable(session: ImapSession, command: GetMetadata) -> dict[str, bytes]:
    """What the user may read of a mailbox, or of the account itself. Raises NotFound."""
    if command.mailbox:
        place = await session.places.find(command, command.mailbox)
        return await notes_in(session.account, place)
    return await session.account.annotations(None)


async def answer_set_metadata(session: ImapSession, command: SetMetadata) -> None:
    place = None
    if command.mailbox:
        place = await session.places.find(command, command.mailbox)
    is_for_all = any(entry.startswith("/shared/") for entry in command.notes)
    if place is None and is_for_all:
        raise NotPermitted("what is shared by all accounts is noted by the operator only")
    if place is not None and is_for_all and "w" not in place.rights:
        raise NotPermitted("its owner does not let you note what others shall see")
    if any(len(value) > VALUE_LIMIT for value in command.notes.values() if value is not None):
        code = codes.metadata_max_size(VALUE_LIMIT)
        refusal = Refusal("5.3.4", f"a value has more than {VALUE_LIMIT} octets")
        await session.conclude_refused(command, refusal, code)
        return
    session.attention.changing(place.mailbox.name if place is not None else "")
    if place is None:
        await session.account.annotate(None, command.notes)
    else:
        await annotate(session.account, place, command.notes)
    await session.conclude(command, "noted")


async def metadata_line(session: ImapSession, place: Place, entries: Iterable[str]) -> bytes:
    """These entries of a mailbox, NIL for those it has not (RFC 9590 3)."""
    notes = await notes_in(session.account, place)
    values = {entry: notes.get(entry) for entry in entries}
    return responses.metadata(place.mailbox.name, values, utf8=session.engine.is_utf8)


HANDLERS: dict[type[Command], Handler] = {
    GetMetadata: answer_get_metadata,
    SetMetadata: answer_set_metadata,
}
