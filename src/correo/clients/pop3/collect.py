"""Bring the new messages of a maildrop into a folder, and delete them on the server if asked to.

Nothing is deleted that is not on this machine's disk: the copy is synced, then remembered, and
only then marked; and the marks count only with QUIT, at the end. A session that breaks loses
nothing and fetches nothing twice.

RFC 1939    8        the two ways of working: keep with UIDL, or delete
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from correo.clients.folders import Draft, Folder
from correo.clients.pop3.client import Pop3Client
from correo.clients.pop3.errors import Pop3ReplyError
from correo.clients.pop3.seen import SeenFile

__all__ = ["Collected", "Plan", "collect", "make_plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a session will do.

    unique_ids, sizes: by message-number, of all that is there; unique_ids is empty on a server
        without UIDL.
    wanted: numbers to retrieve, in order.
    """

    unique_ids: dict[int, str]
    sizes: dict[int, int]
    wanted: list[int]

    @property
    def octets(self) -> int:
        """How much is to be retrieved."""
        return sum(self.sizes.get(number, 0) for number in self.wanted)

    def name(self, number: int) -> str:
        """A name for a file: its unique-id, or its number."""
        return self.unique_ids.get(number, f"message-{number}")


@dataclass(frozen=True, slots=True)
class Collected:
    """One message: where it is now, or why not (then path is None)."""

    number: int
    unique_id: str
    size: int
    path: Path | None
    refusal: str = ""


async def make_plan(client: Pop3Client, seen: SeenFile, *, keep: bool) -> Plan:
    """Look at the maildrop.

    Raises:
        Pop3ReplyError: messages shall be kept, and the server has no UIDL to know them by.
    """
    sizes = await client.sizes()
    try:
        unique_ids = await client.unique_ids()
    except Pop3ReplyError:
        if keep:
            raise
        unique_ids = {}
    wanted = [number for number in sizes if unique_ids.get(number, "") not in seen]
    return Plan(unique_ids, sizes, wanted)


async def collect(
    client: Pop3Client, plan: Plan, folder: Folder, seen: SeenFile, *, keep: bool
) -> AsyncIterator[Collected]:
    """Carry a plan out; ends the session with QUIT.

    Raises:
        OSError: the folder cannot take more; nothing is deleted then.
        Pop3ConnectionError, Pop3ReplyError: the session broke; nothing is deleted then.
    """
    wanted = set(plan.wanted)
    here = [number for number in plan.sizes if number not in wanted]
    drafts: list[Draft] = []

    def begin(number: int) -> Draft:
        draft = folder.begin(plan.name(number))
        drafts.append(draft)
        return draft

    try:
        async for each in client.retrieve_many(plan.wanted, begin):
            unique_id = plan.unique_ids.get(each.number, "")
            if not each.reply.ok:
                yield Collected(each.number, unique_id, 0, None, each.reply.text)
                continue
            path = await asyncio.to_thread(keep_safe, each.receiver, seen, unique_id)
            drafts.remove(each.receiver)
            here.append(each.number)
            yield Collected(each.number, unique_id, each.reply.size, path)
    finally:
        for draft in drafts:
            draft.abort()
    await leave(client, plan, seen, [] if keep else here)


def keep_safe(draft: Draft, seen: SeenFile, unique_id: str) -> Path:
    path = draft.finish()
    if unique_id:
        seen.add(unique_id)
    return path


async def leave(client: Pop3Client, plan: Plan, seen: SeenFile, gone: Sequence[int]) -> None:
    """Delete what is to go, say QUIT, and forget what the server then has no more."""
    await client.delete(gone)
    await client.quit()
    removed = set(gone)
    left = [each for number, each in plan.unique_ids.items() if number not in removed]
    await asyncio.to_thread(seen.keep_only, left)
