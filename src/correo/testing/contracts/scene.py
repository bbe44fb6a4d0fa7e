"""What the contract suites of the store play in: a store, an account, a clock, and messages."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from correo.message.index import MessageIndex
from correo.message.scan import scan
from correo.store.api import AccountStore, Store
from correo.store.model import (
    INBOX,
    Appended,
    Column,
    MailboxId,
    NewMessage,
    StoredBlob,
)
from correo.testing.clock import FakeClock

__all__ = ["Scenario", "Scene", "StoreContract", "new_message", "real_message", "scenario"]


@dataclass
class Scene:
    """A store with one fresh account, and short ways to say what tests say often."""

    store: Store
    account: AccountStore
    clock: FakeClock

    async def append(
        self, *flags: str, mailbox: MailboxId = INBOX, size: int = 200
    ) -> list[Appended]:
        """One message per set of flags; no two are alike."""
        batch = [new_message(f"<{each}>", size=size, flags=each) for each in flags or ("",)]
        return await self.account.append(mailbox, batch)

    async def rows(
        self, uids: Iterable[int], *columns: Column, mailbox: MailboxId = INBOX
    ) -> list[tuple[object, ...]]:
        """All rows, of all batches."""
        found = []
        async for batch in self.account.fetch(mailbox, list(uids), columns):
            found.extend(batch)
        return found

    async def flags(self, mailbox: MailboxId = INBOX) -> dict[int, str]:
        """UID to flags."""
        snapshot = await self.account.snapshot(mailbox)
        return dict(zip(snapshot.uids, snapshot.flags, strict=True))

    async def named(self, name: str) -> MailboxId:
        return (await self.account.mailbox(name)).id

    async def modseq(self, mailbox: MailboxId = INBOX) -> int:
        return (await self.account.snapshot(mailbox)).mailbox.highest_modseq

    async def settle(self) -> None:
        """Let what is announced arrive."""
        for _ in range(10):
            await asyncio.sleep(0)


Scenario = Callable[[Scene], Awaitable[None]]


class StoreContract:
    """Subclass a suite, with `run` that makes an empty store with an account "ana" and plays."""

    def run(self, play: Scenario) -> None:
        raise NotImplementedError


def scenario(play: Callable[..., Awaitable[None]]) -> Callable[[StoreContract], None]:
    """Make a coroutine method that takes a scene a test."""

    def test(self: StoreContract) -> None:
        self.run(lambda scene: play(self, scene))

    test.__name__ = play.__name__
    test.__doc__ = play.__doc__
    return test


def new_message(
    text: str = "",
    *,
    size: int = 200,
    flags: str = "",
    internal_date: int | None = None,
    subject: str = "",
    message_id: bytes = b"",
    in_reply_to: Sequence[bytes] = (),
    references: Sequence[bytes] = (),
    blob: StoredBlob | None = None,
) -> NewMessage:
    """A message of this size with a made-up index; `blob` names octets that are stored already."""
    header = f"Subject: {subject}\r\nX-Text: {text}\r\n\r\n".encode()
    octets = header.ljust(size, b"z")
    index = MessageIndex(
        size=len(octets) if blob is None else blob.size,
        header_size=len(header),
        envelope=b'(NIL "%s" NIL)' % subject.encode(),
        bodystructure=b'("TEXT" "PLAIN" NIL)',
        body=b'("TEXT")',
        structure=b"\x01structure",
        sent_date=1_700_000_000,
        base_subject=subject,
        message_id=message_id,
        in_reply_to=tuple(in_reply_to),
        references=tuple(references),
        preview=text,
        has_attachment=False,
    )
    return NewMessage(octets if blob is None else blob, index, flags, internal_date)


def real_message(text: str, *, size: int = 200, flags: str = "") -> NewMessage:
    """A message of this size whose index the scanner made, and whose preview is the text."""
    octets = f"Subject: {text}\r\nX-Filler: ".encode()
    end = f"\r\n\r\n{text}".encode()
    octets = octets.ljust(size - len(end), b"z") + end
    return NewMessage(octets, scan(octets), flags)
