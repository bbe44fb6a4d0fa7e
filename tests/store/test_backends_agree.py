"""The fake and the real store, given the same commands, say the same."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from correo.base.errors import Refusal
from correo.store.api import AccountStore
from correo.store.bus import Bus
from correo.store.memory.store import MemoryStore
from correo.store.model import AccountId, Column, FlagMode, MailboxId, Quota, RightsMode
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads
from correo.testing.clock import FakeClock
from correo.testing.contracts.scene import new_message

IDENTIFIERS = [b"1@x", b"2@x", b"3@x", b"4@x"]
COLUMNS = [each for each in Column if each is not Column.OCTETS]

boxes = st.sampled_from(["INBOX", "Sent", "Trash", "a", "a/b", "b", "b/c/d"])
numbers = st.lists(st.integers(1, 12), max_size=6)
flags = st.sampled_from(["", "\\Seen", "\\Deleted", "\\Seen $Junk", "\\Answered \\Deleted x", "X"])
people = st.sampled_from(["bob", "-bob", "anyone"])
rights = st.sampled_from(["", "lr", "s", "w", "t", "st", "lrswipkxtea"])


@dataclass
class Step:
    """One command: its name, and what it is given."""

    name: str
    values: tuple[object, ...]


def step(name: str, *values: st.SearchStrategy[object]) -> st.SearchStrategy[Step]:
    return st.builds(lambda *given: Step(name, given), *values)


messages = st.lists(
    st.builds(
        lambda flags, own, subject, references, size: new_message(
            "text",
            size=size,
            flags=flags,
            subject=subject,
            message_id=own,
            references=references,
        ),
        flags,
        st.sampled_from([b"", *IDENTIFIERS]),
        st.sampled_from(["", "Plan"]),
        st.lists(st.sampled_from(IDENTIFIERS), max_size=2),
        st.integers(100, 300),
    ),
    min_size=1,
    max_size=3,
)

quotas = st.builds(
    Quota,
    st.none() | st.integers(0, 2000),
    st.none() | st.integers(0, 6),
    st.none() | st.integers(5, 10),
)

steps = st.lists(
    st.one_of(
        step("append", boxes, messages),
        step("append", boxes, messages),
        step("flags", boxes, numbers, st.sampled_from(FlagMode), flags),
        step("flags since", boxes, numbers, st.sampled_from(FlagMode), flags, st.integers(1, 40)),
        step("copy", boxes, numbers, boxes),
        step("move", boxes, numbers, boxes),
        step("expunge", boxes, st.none() | numbers, st.booleans()),
        step("create", boxes),
        step("delete", boxes),
        step("rename", boxes, boxes),
        step("subscribe", boxes, st.booleans()),
        step("acl", boxes, people, st.sampled_from(RightsMode), rights),
        step("flags within", boxes, numbers, st.sampled_from(FlagMode), flags, rights),
        step("quota", quotas),
    ),
    max_size=25,
)


async def perform(account: AccountStore, step: Step) -> object:
    """Do it; what it gives, or the kind of refusal."""

    async def box(at: int) -> MailboxId:
        return (await account.mailbox(str(step.values[at]))).id

    values: tuple[object, ...] = step.values
    commands: dict[str, Callable[..., object]] = {
        "append": lambda box, _, messages: account.append(box, messages),
        "flags": lambda box, _, *rest: account.store_flags(box, *rest),
        "flags since": lambda box, _, uids, mode, flags, since: account.store_flags(
            box, uids, mode, flags, unchanged_since=since
        ),
        "flags within": lambda box, _, uids, mode, flags, rights: account.store_flags(
            box, uids, mode, flags, rights=rights
        ),
        "acl": lambda box, _, *rest: account.change_acl(box, *rest),
        "expunge": lambda box, _, uids, only: account.expunge(box, uids, only_deleted=only),
        "create": account.create_mailbox,
        "delete": account.delete_mailbox,
        "rename": account.rename_mailbox,
        "subscribe": lambda name, yes: account.subscribe(name, subscribed=yes),
        "quota": account.set_quota,
    }
    try:
        if step.name in ("append", "flags", "flags since", "flags within", "acl", "expunge"):
            values = (await box(0), *values)
        if step.name in ("copy", "move"):
            doing = account.copy if step.name == "copy" else account.move
            uids: list[int] = step.values[1]  # type: ignore[assignment]  # as the strategy says
            return await doing(await box(0), uids, await box(2))
        return await commands[step.name](*values)  # type: ignore[misc]  # all are coroutines
    except Refusal as refusal:
        return type(refusal)


async def state(account: AccountStore) -> object:
    """Everything there is to see."""
    mailboxes = await account.mailboxes()
    contents = []
    for mailbox in mailboxes:
        snapshot = await account.snapshot(mailbox.id)
        rows = [
            row
            async for batch in account.fetch(mailbox.id, snapshot.uids, COLUMNS)
            for row in batch
        ]
        changes = [
            await account.changes_since(mailbox.id, since)
            for since in range(mailbox.highest_modseq + 1)
        ]
        contents.append((snapshot, rows, [(c.changed, c.vanished, c.uid_next) for c in changes]))
    lists = {mailbox.id: await account.acl(mailbox.id) for mailbox in mailboxes}
    assert await account.acls() == {key: acl for key, acl in lists.items() if acl}
    return mailboxes, contents, lists, await account.subscriptions(), await account.usage()


@given(steps)
@settings(max_examples=40, deadline=None)
def test_both_backends_say_the_same_to_the_same_commands(steps: list[Step]) -> None:
    async def main(folder: Path) -> None:
        clock = FakeClock()
        threads = StorageThreads(1)
        memory, sqlite = MemoryStore(clock), SqliteStore(folder, threads, Bus(), clock)
        fake = await memory.create(AccountId("ana"))
        real = await sqlite.create(AccountId("ana"))
        try:
            for step in steps:
                expected = await perform(fake, step)
                assert await perform(real, step) == expected
            assert await state(real) == await state(fake)
        finally:
            await sqlite.close()
            threads.close()

    with TemporaryDirectory() as folder:
        asyncio.run(main(Path(folder)))
