"""Client commands about messages: fetch, search, flags, copy, move, expunge.

RFC 9051    6.4      RFC 4731 ESEARCH; RFC 4315 UID EXPUNGE
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from correo.clients.imap.commands import Commands
from correo.clients.imap.connection import check
from correo.clients.imap.model import CopiedMessages
from correo.clients.imap.picture import copied
from correo.clients.imap.text import Messages, argument, flag_list, message_sets
from correo.wire.imap.client import Literal, LiteralSink
from correo.wire.imap.response_types import (
    ExtendedSearch,
    FetchData,
    Response,
    SearchResult,
    TaggedStatus,
)

__all__ = ["MessageCommands", "SinkMaker", "quoted"]

SinkMaker = Callable[[int, bytes, int], LiteralSink | None]
"""Asked with (sequence number, section label, size) when a large literal begins."""


class MessageCommands(Commands):
    """Part of `ImapClient`."""

    async def fetch(
        self,
        messages: Messages,
        items: str,
        *,
        by_uid: bool = True,
        changed_since: int | None = None,
        vanished: bool = False,
        sink: SinkMaker | None = None,
    ) -> AsyncIterator[FetchData]:
        """Parts of messages, as they arrive.

        Args:
            messages: UIDs, or sequence numbers with by_uid=False.
            items: as in RFC 9051 6.4.5: "(UID FLAGS BODY.PEEK[HEADER])".
            vanished: with changed_since, and QRESYNC enabled: tell the UIDs that are gone since
                then too; `mailbox.vanished` has them afterwards.
            sink: gives a place for large literals to stream to, which then do not lie in
                memory; called when one begins.

        Yields every FETCH response, also those the server sends of its own accord; several for
        one message are possible. Left early, the rest is thrown away before the next command.
        """
        command = "UID FETCH" if by_uid else "FETCH"
        with_vanished = " VANISHED" if vanished else ""
        since = f"(CHANGEDSINCE {changed_since}{with_vanished})".encode("ascii")
        modifier = [since] if changed_since else []
        for part in message_sets(messages):
            tag = await self.connection.begin(command, part, items.encode("utf-8"), *modifier)
            self.connection.engine.literal_sink = sink
            async for response in self.connection.answers(tag):
                if isinstance(response, FetchData):
                    yield response
                elif isinstance(response, TaggedStatus):
                    check(command, response)

    async def search(self, *criteria: str | bytes | Literal, by_uid: bool = True) -> list[int]:
        """Numbers of the messages that match, ascending.

        Args:
            criteria: keys of RFC 9051 6.4.4 as they go over the wire ("UNSEEN", "SINCE
                1-Feb-2024"), with texts made by `quoted`.
        """
        arguments: list[bytes | Literal] = []
        if self.can("ESEARCH", "IMAP4REV2"):
            arguments.append(b"RETURN (ALL)")
        if any(isinstance(key, Literal) for key in criteria):
            if "UTF8=ACCEPT" not in self.connection.engine.enabled:
                arguments.append(b"CHARSET UTF-8")
        arguments += [key.encode("ascii") if isinstance(key, str) else key for key in criteria]
        command = "UID SEARCH" if by_uid else "SEARCH"
        _, responses = await self.connection.run(command, *(arguments or [b"ALL"]))
        return found_numbers(responses)

    async def store(
        self,
        messages: Messages,
        flags: Sequence[str],
        *,
        mode: str = "+FLAGS",
        by_uid: bool = True,
    ) -> None:
        """Add flags ("+FLAGS"), remove them ("-FLAGS") or replace all ("FLAGS")."""
        command = "UID STORE" if by_uid else "STORE"
        for part in message_sets(messages):
            item = mode.encode("ascii") + b".SILENT"
            await self.connection.run(command, part, item, flag_list(flags))

    async def copy(self, messages: Messages, mailbox: str) -> list[CopiedMessages]:
        """Copy messages by UID."""
        return await self._transfer("UID COPY", messages, mailbox)

    async def move(self, messages: Messages, mailbox: str) -> list[CopiedMessages]:
        """Move messages by UID; by copy, mark and expunge where the server has no MOVE.

        Without MOVE and UIDPLUS the copies are made and the originals marked \\Deleted, but
        not expunged, since that would remove others too (RFC 9051 6.4.8).
        """
        if self.can("MOVE", "IMAP4REV2"):
            return await self._transfer("UID MOVE", messages, mailbox)
        chosen = list(message_sets(messages))
        results = []
        for part in chosen:
            uids = part.decode("ascii")
            results += await self._transfer("UID COPY", uids, mailbox)
            await self.store(uids, ["\\Deleted"])
            await self.expunge(uids)
        return results

    async def _transfer(
        self, command: str, messages: Messages, mailbox: str
    ) -> list[CopiedMessages]:
        results = []
        for part in message_sets(messages):
            status, responses = await self.connection.run(command, part, self._name(mailbox))
            results.append(copied([status, *responses]))
        return results

    async def expunge(self, messages: Messages | None = None) -> None:
        """Remove what is marked \\Deleted: all of it, or of these UIDs (needs UIDPLUS)."""
        if messages is None:
            await self.connection.run("EXPUNGE")
        elif self.can("UIDPLUS", "IMAP4REV2"):
            for part in message_sets(messages):
                await self.connection.run("UID EXPUNGE", part)


def quoted(text: str) -> str | Literal:
    """A text for `search`: quoted, or a literal if it has to be."""
    ready = argument(text)
    if isinstance(ready, Literal):
        return ready
    return ready.decode("ascii") if ready.startswith(b'"') else f'"{ready.decode("ascii")}"'


def found_numbers(responses: Iterable[Response]) -> list[int]:
    numbers: list[int] = []
    for response in responses:
        if isinstance(response, SearchResult):
            numbers += response.numbers
        elif isinstance(response, ExtendedSearch) and response.every:
            for low, high in response.every:
                numbers += range(low, high + 1)
    return sorted(numbers)
