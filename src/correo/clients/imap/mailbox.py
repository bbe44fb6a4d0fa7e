"""Work with one mailbox: search, read, file, watch, in typed terms.

    async with account.open("INBOX") as mailbox:
        async for message in mailbox.messages(Q.unseen & Q.from_("ana")):
            print(message.envelope.subject)
            async for octets in mailbox.content(message.uid, "1"): ...

One task uses a mailbox at a time. Between two results of an iteration the connection is free, so
that other methods may be called in the body of the loop.

Methods raise ImapReplyError for a NO or BAD and ImapConnectionError when the connection is lost;
`watch` alone connects again.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from correo.clients.imap.changes import Change, Known
from correo.clients.imap.client import ImapClient
from correo.clients.imap.content import Decoder
from correo.clients.imap.errors import ImapConnectionError, ImapReplyError
from correo.clients.imap.messages import Message, Part, message_of
from correo.clients.imap.model import CopiedMessages, NewMessage, SelectedMailbox
from correo.clients.imap.query import Q, Query
from correo.clients.imap.text import Messages
from correo.clients.imap.watching import catch_up, is_due
from correo.wire.imap.sequence import format_set

if TYPE_CHECKING:
    from correo.clients.imap.account import ImapAccount

__all__ = ["Mailbox"]

SUMMARY = "(UID FLAGS RFC822.SIZE INTERNALDATE ENVELOPE)"
SUMMARY_WITH_PARTS = "(UID FLAGS RFC822.SIZE INTERNALDATE ENVELOPE BODYSTRUCTURE)"
BATCH = 1000  # messages asked for at once
PIECE = 256 * 1024  # octets of a part asked for at once
FIRST_PAUSE_S = 1.0  # before the second attempt to connect again; doubled for each further one
LONGEST_PAUSE_S = 60.0


class Mailbox:
    """An open mailbox; `ImapAccount.open` makes it."""

    def __init__(self, account: "ImapAccount", name: str, *, read_only: bool = False) -> None:
        self.account = account
        self.name = name
        self.read_only = read_only
        self._client: ImapClient | None = None

    async def connect(self) -> SelectedMailbox:
        """Connect and open the mailbox, again if need be."""
        await self.close()
        client = await self.account.connect()
        try:
            state = await client.select(self.name, read_only=self.read_only)
        except BaseException:
            client.connection.connection.abort()
            raise
        self._client = client
        return state

    async def close(self) -> None:
        """Log out; never raises."""
        client, self._client = self._client, None
        if client is not None:
            await client.logout()

    @property
    def client(self) -> ImapClient:
        """The connection, for commands that have no method here."""
        if self._client is None:
            raise ImapConnectionError("the mailbox is closed")
        return self._client

    @property
    def state(self) -> SelectedMailbox:
        """Counts, flags and UIDVALIDITY, as last told."""
        state = self.client.mailbox
        assert state is not None
        return state

    async def search(self, query: Query = Q.all) -> list[int]:
        """UIDs of the messages that match, ascending."""
        utf8 = "UTF8=ACCEPT" in self.client.connection.engine.enabled
        return await self.client.search(*query.arguments(utf8=utf8))

    async def messages(
        self, which: Query | Messages = Q.all, *, parts: bool = False
    ) -> AsyncIterator[Message]:
        """Summaries of messages, by UID ascending.

        Args:
            which: a query, or UIDs; UIDs that are not there are passed over.
            parts: whether to ask for the structure too.
        """
        items = SUMMARY_WITH_PARTS if parts else SUMMARY
        uids = await self._uids(which)
        for at in range(0, len(uids), BATCH):
            asked = uids[at : at + BATCH]
            batch = {
                data.uid: data
                async for data in self.client.fetch(format_set(asked).decode("ascii"), items)
                if data.uid is not None and data.envelope is not None
            }
            for uid in asked:
                if uid in batch:
                    yield message_of(batch[uid])

    async def _uids(self, which: Query | Messages) -> list[int]:
        if isinstance(which, Query):
            return await self.search(which)
        if isinstance(which, str):
            return await self.client.search(f"UID {which}")
        return [which] if isinstance(which, int) else sorted(set(which))

    async def content(
        self, uid: int, section: str | Part = "", *, decode: bool = True
    ) -> AsyncIterator[bytes]:
        """The octets of a part, or of the whole message, piece by piece.

        Args:
            section: a `Part` of the message's structure, or as FETCH names it ("1.2",
                "HEADER"); "" is the message.
            decode: undo the transfer encoding of a `Part`. Other sections come as they are.

        At most 256 KiB are in memory. Nothing is marked as seen. An absent message gives nothing.
        """
        name = section.section if isinstance(section, Part) else section
        encoding = section.encoding if decode and isinstance(section, Part) else ""
        decoder = Decoder(encoding)
        at = 0
        while True:
            piece = await self._piece(uid, name, at)
            octets = decoder.feed(piece)
            if octets:
                yield octets
            at += len(piece)
            if len(piece) < PIECE:
                break
        rest = decoder.end()
        if rest:
            yield rest

    async def _piece(self, uid: int, section: str, at: int) -> bytes:
        item = f"BODY.PEEK[{section}]<{at}.{PIECE}>"
        octets = b""
        async for data in self.client.fetch(uid, f"(UID {item})"):
            for value in data.sections.values():
                if data.uid == uid and isinstance(value, bytes):
                    octets = value
        return octets

    async def read(self, uid: int, section: str | Part = "", *, decode: bool = True) -> bytes:
        """As `content`, all at once."""
        return b"".join([piece async for piece in self.content(uid, section, decode=decode)])

    async def append(self, content: bytes, *, flags: Sequence[str] = ()) -> int | None:
        """Add a message; its UID, if the server says (UIDPLUS)."""
        return await self.client.append(self.name, NewMessage(content, flags=tuple(flags)))

    async def add_flags(self, messages: Messages, *flags: str) -> None:
        """Set flags on these messages. Raises ImapReplyError."""
        await self.client.store(messages, flags)

    async def remove_flags(self, messages: Messages, *flags: str) -> None:
        """Take flags from these messages. Raises ImapReplyError."""
        await self.client.store(messages, flags, mode="-FLAGS")

    async def copy(self, messages: Messages, mailbox: str) -> dict[int, int]:
        """Copy messages; old UIDs with the new ones, as far as the server says (UIDPLUS)."""
        return pairs(await self.client.copy(messages, mailbox))

    async def move(self, messages: Messages, mailbox: str) -> dict[int, int]:
        """Move messages, as `copy`; see `ImapClient.move` for servers without MOVE."""
        return pairs(await self.client.move(messages, mailbox))

    async def delete(self, messages: Messages) -> None:
        """Mark messages \\Deleted, and remove them where the server can do so alone (UIDPLUS)."""
        await self.client.store(messages, ["\\Deleted"])
        await self.client.expunge(messages)

    async def watch(self, *, reconnect: bool = True) -> AsyncIterator[Change]:
        """What happens from now on, for ever: by IDLE, or by asking every minute.

        "Now" is when the first change is asked for.

        Args:
            reconnect: after a lost connection connect again, and tell what happened meanwhile.
                The attempts go on until one succeeds; a login that is refused for good ends them.

        Raises:
            ImapLoginError, ImapReplyError; ImapConnectionError without `reconnect`.
        """
        known = Known(self.state.uid_validity)
        await self._compare(known, [])
        is_behind = False
        while True:
            changes: list[Change] = []
            try:
                if not is_behind:
                    await self.client.wait_for_change()
                await self._compare(known, changes)
                is_behind = False
            except ImapConnectionError:
                if not reconnect:
                    raise
                await self._connect_again()
                is_behind = True
            for change in changes:
                yield change

    async def _compare(self, known: Known, changes: list[Change]) -> None:
        """Add what is new, until the server has nothing more to say."""
        self.client.take_news()
        changes += await catch_up(self.client, known)
        while is_due(self.client.take_news()):
            changes += await catch_up(self.client, known)

    async def _connect_again(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            try:
                await self.connect()
            except (ImapConnectionError, ImapReplyError) as error:
                if isinstance(error, ImapReplyError) and not error.is_temporary:
                    raise
                await asyncio.sleep(pause)  # it is gone, or not ready yet (RFC 5530 UNAVAILABLE)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                return


def pairs(copies: Sequence[CopiedMessages]) -> dict[int, int]:
    return {old: new for one in copies for old, new in zip(one.source_uids, one.uids, strict=False)}
