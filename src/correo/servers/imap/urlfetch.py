"""URLFETCH: give out what an authorized URL names, whosever it is.

RFC 4467    7, 8     NIL for what is not authorized, expired, or not there
RFC 5524    3        BODYPARTSTRUCTURE, BINARY, BODY; NIL for what cannot be decoded

Each URL is answered in a line of its own, so that no more than one is in memory.

Cost: that of `url_access`, and that of FETCH.
"""

from correo.base.blobs import Chunk
from correo.mailbox.sections import UnknownEncoding
from correo.message.structure import Structure
from correo.servers.imap.body import length_of
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.servers.imap.url_access import Opened
from correo.servers.imap.url_parts import binary_of, in_memory, structure_of
from correo.store.model import Octets
from correo.wire.imap import responses
from correo.wire.imap.commands import Command, UrlAsked, UrlFetch, UrlItem
from correo.wire.imap.fetch_items import BodySection
from correo.wire.imap.strings import literal
from correo.wire.imap.url import BadUrl

__all__ = ["HANDLERS"]


async def answer_url_fetch(session: ImapSession, command: UrlFetch) -> None:
    for asked in command.urls:
        session.engine.send_lines(await lines_of(session, asked))
        await session.connection.drain()
    await session.conclude(command, "fetched")


async def lines_of(session: ImapSession, asked: UrlAsked) -> list[Chunk]:
    head = responses.url_fetch(asked.url)
    try:
        opened = await session.services.urls.open(asked.url, session.account.account_id)
        chunk = await opened.chunk()
        if asked.items:
            return [head, *await items_of(asked, opened, chunk), b"\r\n"]
    except BadUrl:
        return [head + b"NIL\r\n"]
    return [head, *as_literal(chunk), b"\r\n"]


def as_literal(chunk: Chunk) -> list[Chunk]:
    """Never literal8 (RFC 4467 9: nstring), as FETCH BODY[] has it."""
    return [b"{%d}\r\n" % length_of(chunk), chunk]


async def items_of(asked: UrlAsked, opened: Opened, chunk: Chunk) -> list[Chunk]:
    """The metadata elements. Raises BadUrl."""
    section, message = opened.url.section, await opened.message()
    wants_binary = UrlItem.BINARY in asked.items
    binary = await binary_or_none(section, message, chunk) if wants_binary else None
    written: list[Chunk] = []
    for item in asked.items:
        written.append(b"%b(%b " % (b" " if written else b"", item.value))
        if item is UrlItem.BODY:
            written.extend(as_literal(chunk))
        elif item is UrlItem.BINARY:
            written.append(b"NIL" if binary is None else literal(binary))
        else:
            octets = await in_memory(chunk) if binary is None else binary
            is_decoded = binary is not None
            written.append(await structure_of(section, message, octets, is_decoded=is_decoded))
        written.append(b")")
    return written


async def binary_or_none(
    section: BodySection, message: tuple[Structure, Octets], chunk: Chunk
) -> bytes | None:
    """None if the transfer encoding is not known."""
    try:
        return await binary_of(section, message, chunk)
    except UnknownEncoding:
        return None


HANDLERS: dict[type[Command], Handler] = {UrlFetch: answer_url_fetch}
