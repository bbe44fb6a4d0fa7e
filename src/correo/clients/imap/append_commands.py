"""Client commands that add messages to a mailbox.

RFC 9051    6.3.12 APPEND; RFC 3502 MULTIAPPEND; RFC 6855 4 UTF8; RFC 4315 3 APPENDUID
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from correo.base.blobs import BlobSlice
from correo.clients.imap.commands import Commands
from correo.clients.imap.model import NewMessage
from correo.clients.imap.picture import spans_of
from correo.clients.imap.text import flag_list
from correo.wire.imap.client import Literal
from correo.wire.imap.dates import format_date_time

__all__ = ["AppendCommands"]

LARGE = 256 * 1024  # octets that are sent in steps, so that the time limit sees them go


class Held:
    """A message in memory, as the `Blob` it is sent as."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.size = len(octets)

    async def read(self, offset: int, length: int) -> bytes:
        return self._octets[offset : offset + length]


class AppendCommands(Commands):
    """Part of `ImapClient`."""

    async def append(self, mailbox: str, message: NewMessage) -> int | None:
        """Add a message; its UID if the server says (UIDPLUS)."""
        uids = await self.append_all(mailbox, [message])
        return uids[0] if uids else None

    async def append_all(self, mailbox: str, messages: Iterable[NewMessage]) -> list[int]:
        """Add messages: all or none with MULTIAPPEND, else one by one; their UIDs if told."""
        batch = list(messages)
        if self.can("MULTIAPPEND") and len(batch) > 1:
            return await self._append(mailbox, batch)
        return [uid for message in batch for uid in await self._append(mailbox, [message])]

    async def _append(self, mailbox: str, batch: Sequence[NewMessage]) -> list[int]:
        arguments: list[bytes | Literal] = [self._name(mailbox)]
        for message in batch:
            if message.flags:
                arguments.append(flag_list(message.flags))
            if message.internal_date is not None:
                arguments.append(format_date_time(message.internal_date, message.zone))
            arguments.append(self._literal(message))
        status, _ = await self.connection.run("APPEND", *arguments)
        code = status.code
        if code is None or code.name != "APPENDUID" or len(code.values) != 2:
            return []
        return spans_of(code.values[1])

    def _literal(self, message: NewMessage) -> Literal:
        content = message.content
        if not isinstance(content, bytes):
            return Literal(BlobSlice(content, 0, content.size))
        literal = self._literal_of(content)
        if len(content) <= LARGE:
            return literal
        return replace(literal, content=BlobSlice(Held(content), 0, len(content)))

    def _literal_of(self, content: bytes) -> Literal:
        header = content.partition(b"\r\n\r\n")[0]
        if not header.isascii() and "UTF8=ACCEPT" in self.connection.engine.enabled:
            return Literal(content, is_binary=True, before=b"UTF8 (", after=b")")
        return Literal(content, is_binary=b"\x00" in content and self.can("BINARY", "IMAP4REV2"))
