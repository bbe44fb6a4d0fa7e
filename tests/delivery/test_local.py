"""Home delivery: one message, many mailboxes, each with its own end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from correo.delivery.local import LocalDelivery
from correo.mailbox.append import prepare
from correo.store.directory import Account
from correo.store.memory.store import MemoryStore
from correo.store.model import AccountId, Column
from correo.store.queue import RecipientState
from correo.testing.clock import FakeClock
from correo.testing.contracts.queue_store import queued

CONTENT = b"Received: by us\r\nSubject: hello\r\n\r\nHello.\r\n"
Body = Callable[[MemoryStore, LocalDelivery], Awaitable[None]]


def account(name: str, quota: int = 0) -> Account:
    return Account(AccountId(name), f"{name}@correo.test", quota=quota)


def run(body: Body) -> None:
    async def whole() -> None:
        store = MemoryStore(FakeClock())
        for name in ("ana", "bob"):
            await store.create(AccountId(name))
        await body(store, LocalDelivery(store))

    asyncio.run(whole())


async def inbox(store: MemoryStore, name: str) -> list[object]:
    opened = await store.open(AccountId(name))
    mailbox = await opened.mailbox("INBOX")
    uids = (await opened.snapshot(mailbox.id)).uids
    columns = [Column.OCTETS]
    return [row[0] async for rows in opened.fetch(mailbox.id, uids, columns) for row in rows]


def test_one_message_goes_to_many_and_each_failure_is_its_own() -> None:
    async def body(store: MemoryStore, local: LocalDelivery) -> None:
        message = await prepare(CONTENT, store.blobs)
        accounts = [account("ana"), account("newcomer"), account("bob", quota=10)]
        ana, newcomer, bob = await local.deliver(message, accounts)
        assert ana is None
        assert newcomer is None
        assert await inbox(store, "newcomer") == [CONTENT]
        assert bob is not None
        assert bob.status == "4.2.2"
        assert await inbox(store, "ana") == [CONTENT]
        assert await inbox(store, "bob") == []

    run(body)


def test_a_message_from_the_queue_gets_its_return_path() -> None:
    async def body(store: MemoryStore, local: LocalDelivery) -> None:
        message = queued("m", content=CONTENT)
        [verdict] = await local.bring_home(message, [account("ana")])
        assert verdict.state is RecipientState.DELIVERED
        await local.bring_home(replace(message, reverse_path=""), [account("ana")])
        first, second = await inbox(store, "ana")
        assert first == b"Return-Path: <ana@correo.test>\r\n" + CONTENT
        assert second == b"Return-Path: <>\r\n" + CONTENT

    run(body)


def test_a_large_message_from_the_queue_comes_home_whole() -> None:
    async def body(store: MemoryStore, local: LocalDelivery) -> None:
        content = CONTENT + b"x\r\n" * 100_000
        message = queued("m", content=await store.blobs.put(content))
        await local.bring_home(message, [account("ana"), account("bob")])
        [blob] = await inbox(store, "bob")
        octets = await blob.read(0, blob.size)  # type: ignore[attr-defined]  # a Blob
        assert octets == b"Return-Path: <ana@correo.test>\r\n" + content

    run(body)


def test_a_blob_that_is_gone_keeps_the_message_waiting() -> None:
    async def body(store: MemoryStore, local: LocalDelivery) -> None:
        blob = await MemoryStore(FakeClock()).blobs.put(b"elsewhere")
        [verdict] = await local.bring_home(queued("m", content=blob), [account("ana")])
        assert verdict.state is RecipientState.WAITING

    run(body)


def test_an_account_that_was_made_anew_gets_its_mail() -> None:
    async def body(store: MemoryStore, local: LocalDelivery) -> None:
        message = await prepare(CONTENT, store.blobs)
        await local.deliver(message, [account("ana")])
        await store.remove(AccountId("ana"))
        await store.create(AccountId("ana"))
        [reason] = await local.deliver(message, [account("ana")])
        assert reason is None
        assert await inbox(store, "ana") == [CONTENT]

    run(body)
