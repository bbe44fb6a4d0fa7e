"""Move a user from any IMAP server into an account here: folders, messages, flags, dates.

It can be broken off at any time and repeated: what is here stays and is not fetched again; new
messages, and flags that have changed there, are brought up to date. Nothing is changed there, and
what was deleted there later stays here. At the end `check` compares what is there with what is
here, by counts and by hashes of what the store gives back.

A connection that breaks is made again, as long as something is gained by it; a message before
which it breaks every time is told of and passed over.

RFC 9051    6.4.5 BODY.PEEK[] and INTERNALDATE; 2.3.1.1 UIDVALIDITY
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from correo.base.errors import NotFound
from correo.clients.imap import ImapClient, ImapConnectionError, ImapError, ImapReplyError
from correo.moving.filing import Filed, Target, mailbox_for
from correo.moving.folder_plan import FolderPlan
from correo.moving.importing import Arrival
from correo.moving.model import Broken
from correo.moving.record import BoxRecord, MigrationRecord, Moved
from correo.moving.source_box import Fetched, Listed, fetch_messages, list_messages, message_ids
from correo.store.api import AccountStore, BlobStore
from correo.store.flags import changed
from correo.store.model import Column, FlagMode, Mailbox

__all__ = ["Connector", "FlagsFollowed", "Migration"]

ATTEMPTS = 6  # connections in a row that bring nothing
BREAKS = 3  # connections that break before the same message; then it is passed over
FIRST_PAUSE_S = 1.0  # doubled each time

Connector = Callable[[], Awaitable[ImapClient]]


@dataclass(frozen=True, slots=True)
class FlagsFollowed:
    """So many messages of a mailbox have other flags now, as they were changed there."""

    mailbox: str
    count: int


class Migration:
    """One source and one account.

    Args:
        connect: makes a client that is logged in.
        pause: waits for so many seconds before another attempt.
    """

    def __init__(
        self,
        connect: Connector,
        account: AccountStore,
        blobs: BlobStore,
        record: MigrationRecord,
        *,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._connect = connect
        self._account = account
        self._blobs = blobs
        self._record = record
        self._pause = pause
        self._client: ImapClient | None = None
        self._breaks: Counter[tuple[str, int]] = Counter()  # by mailbox there and UID

    async def client(self) -> ImapClient:
        """The connection, made if there is none. Raises ImapError."""
        if self._client is None:
            self._client = await self._connect()
        return self._client

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.logout()

    async def missing(self, plan: FolderPlan) -> tuple[int, int]:
        """Messages that are to be fetched, and their octets; makes nothing. Raises ImapError."""
        client = await self.client()
        selected = await client.select(plan.source, read_only=True)
        try:
            target = (await self._account.mailbox(plan.target)).object_id
        except NotFound:
            target = ""
        known = self._record.known(plan.source, selected.uid_validity or 0, target)
        listed = await list_messages(client)
        wanted = [each.size for uid, each in listed.items() if uid not in known]
        return len(wanted), sum(wanted)

    async def move(self, plan: FolderPlan) -> AsyncIterator[Arrival | Broken | FlagsFollowed]:
        """Bring one mailbox up to date; each message is told of when it is durable here.

        Raises:
            ImapError: the server is gone for good, or does not let us in.
            OverQuota, StorageFull: what was told of is here.
        """
        failures = 0
        while True:
            try:
                async for one in self._move(plan):
                    failures = 0
                    yield one
                return
            except ImapError as error:
                failures += 1
                await self._let_go()
                if failures >= ATTEMPTS or not is_worth_a_try(error):
                    raise
            await self._pause(FIRST_PAUSE_S * 2 ** (failures - 1))

    # inside

    async def _let_go(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.connection.close()

    async def _open(self, plan: FolderPlan) -> tuple[dict[int, Listed], BoxRecord, Mailbox]:
        """What is there, what is known of it, and where it goes."""
        client = await self.client()
        selected = await client.select(plan.source, read_only=True)
        mailbox = await mailbox_for(self._account, plan.target)
        record = self._record.box(plan.source, selected.uid_validity or 0, mailbox.object_id)
        return await list_messages(client), record, mailbox

    async def _move(self, plan: FolderPlan) -> AsyncIterator[Arrival | Broken | FlagsFollowed]:
        listed, record, mailbox = await self._open(plan)
        count = await self._follow_flags(plan, listed, record, mailbox)
        if count:
            yield FlagsFollowed(mailbox.name, count)
        wanted = [each for uid, each in listed.items() if uid not in record.messages]
        if plan.is_all:
            wanted = await self._without_others(plan, wanted, mailbox)
        taken = self._record.taken(mailbox.object_id)
        target: Target[Listed] = Target(self._account, self._blobs, mailbox, taken)
        awaited = {each.uid: each for each in wanted if each.uid not in self._passed_over(plan)}
        try:
            async for one in fetch_messages(
                await self.client(), list(awaited.values()), self._blobs
            ):
                here = awaited.pop(one.uid)
                if not isinstance(one, Fetched):
                    self._breaks[plan.source, one.uid] = BREAKS  # told of once is enough
                    yield Broken(f"{plan.source}, UID {one.uid}", one.reason)
                    continue
                filed = await target.add(here, one.source, here.flags.split(), one.internal_date)
                for arrival in self._note(plan, filed, mailbox):
                    yield arrival
        except ImapConnectionError:
            for arrival in self._note(plan, await target.flush(), mailbox):
                yield arrival
            uid = next(iter(awaited), 0)
            if self._is_stuck(plan, uid):
                yield Broken(f"{plan.source}, UID {uid}", "the server breaks off instead of it")
            raise
        for arrival in self._note(plan, await target.flush(), mailbox):
            yield arrival

    def _passed_over(self, plan: FolderPlan) -> set[int]:
        return {
            uid
            for (source, uid), times in self._breaks.items()
            if source == plan.source and times >= BREAKS
        }

    def _is_stuck(self, plan: FolderPlan, uid: int) -> bool:
        """Whether this message has broken the connection as often as we let it."""
        self._breaks[plan.source, uid] += 1
        return self._breaks[plan.source, uid] >= BREAKS

    def _note(
        self, plan: FolderPlan, filed: Sequence[Filed[Listed]], mailbox: Mailbox
    ) -> list[Arrival]:
        self._record.add(
            Moved(plan.source, each.mark.uid, each.uid, each.digest, each.mark.flags)
            for each in filed
        )
        return [
            Arrival(
                f"{plan.source}, UID {each.mark.uid}",
                mailbox.name,
                each.uid,
                each.size,
                each.is_new,
            )
            for each in filed
        ]

    async def _follow_flags(
        self, plan: FolderPlan, listed: dict[int, Listed], record: BoxRecord, mailbox: Mailbox
    ) -> int:
        """Repeat here what has been done to flags there; changes made here stay."""
        steps: dict[tuple[FlagMode, str], list[int]] = {}
        followed = []
        for uid, each in listed.items():
            known = record.messages.get(uid)
            if known is None or known.flags == each.flags:
                continue
            followed.append(Moved(plan.source, uid, known.uid_here, known.digest, each.flags))
            gone = changed(known.flags, FlagMode.REMOVE, each.flags)
            new = changed(each.flags, FlagMode.REMOVE, known.flags)
            for mode, flags in ((FlagMode.REMOVE, gone), (FlagMode.ADD, new)):
                if flags and known.uid_here:
                    steps.setdefault((mode, flags), []).append(known.uid_here)
        for (mode, flags), uids in steps.items():
            await self._account.store_flags(mailbox.id, sorted(uids), mode, flags)
        self._record.add(followed)
        return len(followed)

    async def _without_others(
        self, plan: FolderPlan, wanted: list[Listed], mailbox: Mailbox
    ) -> list[Listed]:
        """Of a mailbox that shows all messages, those that lie in no other one here."""
        elsewhere = await self._everything_but(mailbox)
        names = await message_ids(await self.client(), [each.uid for each in wanted])
        known = [
            each
            for each in wanted
            if names.get(each.uid) and (each.size, names[each.uid]) in elsewhere
        ]
        self._record.add(Moved(plan.source, each.uid, 0, "", each.flags) for each in known)
        gone = {each.uid for each in known}
        return [each for each in wanted if each.uid not in gone]

    async def _everything_but(self, mailbox: Mailbox) -> set[tuple[object, object]]:
        columns = (Column.SIZE, Column.MESSAGE_ID)
        found: set[tuple[object, object]] = set()
        for each in await self._account.mailboxes():
            if each.id == mailbox.id:
                continue
            uids = (await self._account.snapshot(each.id)).uids
            async for rows in self._account.fetch(each.id, uids, columns):
                found.update((size, message_id) for size, message_id in rows)
        return found


def is_worth_a_try(error: ImapError) -> bool:
    """Whether another connection may do better."""
    return isinstance(error, ImapConnectionError) or (
        isinstance(error, ImapReplyError) and error.is_temporary
    )
