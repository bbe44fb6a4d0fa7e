"""Bring the full-text indexes of accounts up to date, in the background, one account at a time.

A search that had to read messages asks for it, and so does whoever opens a large mailbox: then it
begins when nobody is at work. Accounts that nobody searches have no index and cost nothing.

Messages are taken in the order they came, some at a time. The index may lag behind, be dropped or
be filled by several processes at once: `search` reads what it does not know.

Attached documents (`documents`) are indexed beside the texts, for searches for what is near.

Cost: half a millisecond of a thread for a message of 2 KB, 1.5 for one of 10 KB.
"""

import asyncio
import time
from dataclasses import replace

from correo.base.errors import Refusal
from correo.mailbox.sections import read_range
from correo.mailbox.texts import Place, document_runs, places_of_text, text_at
from correo.message.structure import Structure
from correo.message.words import runs_of
from correo.store.api import AccountStore
from correo.store.model import AccountId, MessageRuns, UnindexedMessage, Where

__all__ = ["Indexing", "index_account"]

TEXT_LIMIT = 1024 * 1024  # octets of text of one message; one with more is read at each search
LARGE = 500  # messages of a mailbox that is worth an index before anybody has searched it
QUIET_S = 0.5  # without a command, and then it is quiet
WAITS = 120  # for quiet, before a piece is done all the same

Piece = tuple[Place, bytes]


class Indexing:
    """The indexing of a process. Make one per event loop, and close it."""

    def __init__(self) -> None:
        self._wanted: dict[AccountId, AccountStore] = {}
        self._is_urgent = False
        self._task: asyncio.Task[None] | None = None
        self.is_disturbed = False  # set by whoever is at work; then indexing that nobody
        # waits for holds back

    def want(self, account: AccountStore, *, is_urgent: bool = True) -> None:
        """Somebody would have an answer sooner if this account were indexed.

        Args:
            is_urgent: begin at once; otherwise when it is quiet.
        """
        self._wanted[account.account_id] = account
        self._is_urgent |= is_urgent
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    def want_if_large(self, account: AccountStore, messages: int) -> None:
        """A mailbox with so many messages was opened."""
        if messages >= LARGE:
            self.want(account, is_urgent=False)

    async def close(self) -> None:
        """Stop where it stands; what is missing is added another time."""
        self._wanted.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _work(self) -> None:
        try:
            while self._wanted:
                account_id, account = next(iter(self._wanted.items()))
                await self._index(account)
                del self._wanted[account_id]
        finally:
            self._task, self._is_urgent = None, False

    async def _index(self, account: AccountStore) -> None:
        try:
            await self._until_quiet()
            while await index_some(account):
                await self._until_quiet()
        except Refusal:  # no space, say, or the account is gone: searches do without
            return

    async def _until_quiet(self) -> None:
        for _ in range(WAITS):
            if self._is_urgent:
                await asyncio.sleep(0)
                return
            self.is_disturbed = False
            await asyncio.sleep(QUIET_S)
            if not self.is_disturbed:
                return


async def index_account(account: AccountStore) -> int:
    """Index all that is not indexed yet; returns how many messages that were."""
    count = 0
    while some := await index_some(account):
        count += some
    return count


async def index_some(account: AccountStore) -> int:
    """Index the next messages; returns how many, 0 if there is nothing left."""
    unindexed = await account.unindexed()
    if not unindexed.messages:
        return 0
    texts = [(each.number, await pieces_of(each)) for each in unindexed.messages]
    found = await asyncio.to_thread(runs_of_all, texts)
    batch = [
        await with_documents(runs, message)
        for runs, message in zip(found, unindexed.messages, strict=True)
    ]
    await account.index_texts(unindexed.after, batch)
    return len(texts)


async def with_documents(runs: MessageRuns, message: UnindexedMessage) -> MessageRuns:
    """The runs of the documents that are attached added, if a message can be indexed at all."""
    if runs.body is None:
        return runs
    attached = await document_runs(message.octets, Structure.decode(message.structure))
    return replace(runs, attached=attached) if attached else runs


async def pieces_of(message: UnindexedMessage) -> list[Piece] | None:
    """A message's texts as stored; None if they are too much, or cannot be found."""
    try:
        places = list(places_of_text(Structure.decode(message.structure)))
    except ValueError:  # damaged: whoever reads the message will hear of it
        return None
    if sum(place.range[1] for place in places) > TEXT_LIMIT:
        return None
    return [(place, await read_range(message.octets, place.range)) for place in places]


def runs_of_all(texts: list[tuple[int, list[Piece] | None]]) -> list[MessageRuns]:
    return [runs_of_message(number, pieces) for number, pieces in texts]


def runs_of_message(number: int, pieces: list[Piece] | None) -> MessageRuns:
    if pieces is None:
        return MessageRuns(number, None, None)
    header: set[str] = set()
    body: set[str] = set()
    for place, octets in pieces:
        found = header if place.where is Where.HEADER else body
        found |= runs_of(text_at(place, octets))
        time.sleep(0)  # let the event loop have the interpreter
    return MessageRuns(number, frozenset(header), frozenset(body))
