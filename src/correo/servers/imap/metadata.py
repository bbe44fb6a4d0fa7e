"""GETMETADATA and SETMETADATA: what clients note of mailboxes and of the account.

RFC 5464    4.2      MAXSIZE and DEPTH; LONGENTRIES
            4.3      all or none are set; MAXSIZE, TOOMANY
            3.3      /shared entries of the server itself (mailbox "") are the operator's
RFC 9590    3        LIST RETURN (METADATA ...)

Departures: clients are not told of what others note (4.1 leaves that open).

Cost: microseconds to read, one commit to change.
"""

from collections.abc import Iterable

from correo.base.errors import Refusal
from correo.mailbox import names
from correo.servers.imap.refusals import NotPermitted
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import MailboxId
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import Command, GetMetadata, SetMetadata

__all__ = ["HANDLERS", "metadata_line"]

VALUE_LIMIT = 64 * 1024  # octets; ours


async def answer_get_metadata(session: ImapSession, command: GetMetadata) -> None:
    notes = await session.account.annotations(await place(session, command.mailbox))
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


async def place(session: ImapSession, name: str) -> MailboxId | None:
    """None for the account itself. Raises NotFound."""
    return (await session.account.mailbox(names.canonical(name))).id if name else None


async def answer_set_metadata(session: ImapSession, command: SetMetadata) -> None:
    where = await place(session, command.mailbox)
    if where is None and any(entry.startswith("/shared/") for entry in command.notes):
        raise NotPermitted("what is shared by all accounts is noted by the operator only")
    if any(len(value) > VALUE_LIMIT for value in command.notes.values() if value is not None):
        code = codes.metadata_max_size(VALUE_LIMIT)
        refusal = Refusal("5.3.4", f"a value has more than {VALUE_LIMIT} octets")
        await session.conclude_refused(command, refusal, code)
        return
    await session.account.annotate(where, command.notes)
    await session.conclude(command, "noted")


async def metadata_line(
    session: ImapSession, name: str, mailbox: MailboxId, entries: Iterable[str]
) -> bytes:
    """These entries of a mailbox, NIL for those it has not (RFC 9590 3)."""
    notes = await session.account.annotations(mailbox)
    values = {entry: notes.get(entry) for entry in entries}
    return responses.metadata(name, values, utf8=session.engine.is_utf8)


HANDLERS: dict[type[Command], Handler] = {
    GetMetadata: answer_get_metadata,
    SetMetadata: answer_set_metadata,
}
