"""What every QueueStore must do, whatever keeps it; each backend's test subclasses this.

A subclass gives `store()`: an empty QueueStore as an async context manager.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from correo.base.errors import NotFound
from correo.store.model import StoredBlob
from correo.store.queue import (
    Fate,
    Progress,
    QueueCounts,
    QueuedMessage,
    QueuedRecipient,
    QueueStore,
    RecipientState,
)

__all__ = ["QueueStoreContract", "queued"]

NOW = 1_800_000_000.0
RELAYED = RecipientState.RELAYED


def queued(
    name: str,
    *recipients: str,
    content: bytes | StoredBlob = b"Subject: x\r\n\r\nx\r\n",
    due: float = NOW,
    owner: str = "",
) -> QueuedMessage:
    """A waiting message; one recipient if none is named."""
    return QueuedMessage(
        id=name,
        reverse_path="ana@correo.test",
        recipients=[QueuedRecipient(each) for each in recipients or ("zoe@remote.test",)],
        content=content,
        arrived=NOW,
        expires=NOW + 1000,
        due=due,
        owner=owner,
    )


class QueueStoreContract:
    """Sentences about a waiting room."""

    def store(self) -> AbstractAsyncContextManager[QueueStore]:
        raise NotImplementedError

    def run(self, body: Callable[[QueueStore], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with self.store() as store:
                await body(store)

        asyncio.run(whole())

    def test_a_claimed_message_is_what_was_added(self) -> None:
        message = replace(
            queued("m", "zoe@remote.test", "josé@münchen.test"),
            recipients=[
                QueuedRecipient(
                    "zoe@remote.test",
                    notify=frozenset({"SUCCESS", "FAILURE"}),
                    orcpt="rfc822;Zoe+1@remote.test",
                ),
                QueuedRecipient(
                    "josé@münchen.test", state=RELAYED, status="2.1.5", diagnostic="250 ok",
                    host="mx.test", tried_at=NOW - 5, is_told=True,
                ),
            ],
            smtputf8=True, body="8BITMIME", ret="HDRS", envid="QQ314159", attempts=3,
            is_delay_told=True,
        )  # fmt: skip

        async def body(store: QueueStore) -> None:
            await store.add([message])
            assert await store.claim(NOW, "me", 10) == [replace(message, owner="me")]

        self.run(body)

    def test_a_claimed_message_is_claimed_once(self) -> None:
        async def body(store: QueueStore) -> None:
            await store.add([queued("m")])
            assert len(await store.claim(NOW, "me", 10)) == 1
            assert await store.claim(NOW, "you", 10) == []
            assert await store.next_due() is None

        self.run(body)

    def test_what_is_due_longest_is_claimed_first_and_not_more_than_asked(self) -> None:
        async def body(store: QueueStore) -> None:
            await store.add([queued(str(n), due=NOW - n) for n in range(5)])
            await store.add([queued("later", due=NOW + 60)])
            assert [m.id for m in await store.claim(NOW, "me", 3)] == ["4", "3", "2"]
            assert [m.id for m in await store.claim(NOW, "me", 9)] == ["1", "0"]
            assert await store.next_due() == NOW + 60

        self.run(body)

    def test_a_message_added_with_an_owner_is_not_to_be_claimed(self) -> None:
        async def body(store: QueueStore) -> None:
            await store.add([queued("m", owner="me")])
            assert await store.claim(NOW, "you", 10) == []

        self.run(body)

    def test_a_large_content_comes_back_by_its_name(self) -> None:
        blob = StoredBlob("ab" * 32, 1_000_000)

        async def body(store: QueueStore) -> None:
            await store.add([queued("m", content=blob)])
            assert (await store.claim(NOW, "me", 1))[0].content == blob
            assert await store.content("m") == blob

        self.run(body)

    def test_a_deferred_message_remembers_each_recipient_and_comes_back_when_due(self) -> None:
        served = QueuedRecipient("a@x.test", state=RELAYED, status="2.0.0", host="mx.x.test")
        failing = QueuedRecipient(
            "b@x.test", status="4.2.2", diagnostic="452 full", host="mx.x.test", tried_at=NOW
        )

        async def body(store: QueueStore) -> None:
            await store.add([queued("m", "a@x.test", "b@x.test", owner="me")])
            await store.record([Progress("m", Fate.KEPT, [(0, served)])])
            assert await store.claim(NOW + 99, "you", 1) == []
            await store.record(
                [Progress("m", Fate.DEFERRED, [(1, failing)], due=NOW + 60, attempts=1)]
            )
            assert await store.claim(NOW + 59, "you", 1) == []
            [message] = await store.claim(NOW + 60, "you", 1)
            assert message.recipients == [served, failing]
            assert (message.attempts, message.waiting) == (1, [1])

        self.run(body)

    def test_a_finished_message_is_gone_and_its_report_is_there_instead(self) -> None:
        async def body(store: QueueStore) -> None:
            await store.add([queued("m", owner="me"), queued("n", owner="me")])
            await store.record(
                [Progress("m", Fate.DONE, added=[queued("report")]), Progress("n", Fate.DONE)]
            )
            assert [m.id for m in await store.messages()] == ["report"]
            with pytest.raises(NotFound):
                await store.content("m")

        self.run(body)

    def test_a_message_dropped_on_its_way_gives_no_report(self) -> None:
        async def body(store: QueueStore) -> None:
            await store.add([queued("m", owner="me")])
            assert await store.drop(["m"]) == 1
            await store.record([Progress("m", Fate.DONE, added=[queued("report")])])
            assert await store.messages() == []

        self.run(body)

    def test_leases_of_the_dead_are_released_and_those_of_the_living_kept(self) -> None:
        async def body(store: QueueStore) -> None:
            await store.add([queued("a", owner="dead"), queued("b", owner="alive")])
            assert await store.release_leases(lambda owner: owner == "alive") == 1
            assert [m.id for m in await store.claim(NOW, "me", 10)] == ["a"]

        self.run(body)

    def test_a_held_message_waits_until_it_is_released(self) -> None:
        async def body(store: QueueStore) -> None:
            await store.add([queued("m"), queued("n")])
            assert await store.hold(["m", "unknown"], held=True) == 1
            assert [m.id for m in await store.claim(NOW, "me", 10)] == ["n"]
            assert await store.hold(None, held=False) == 2
            assert [m.id for m in await store.claim(NOW, "me", 10)] == ["m"]

        self.run(body)

    def test_a_message_held_on_its_way_stays_held_when_it_is_deferred(self) -> None:
        async def body(store: QueueStore) -> None:
            await store.add([queued("m", owner="me")])
            await store.hold(["m"], held=True)
            await store.record([Progress("m", Fate.DEFERRED, due=NOW, attempts=1)])
            assert await store.claim(NOW, "me", 10) == []
            assert (await store.messages())[0].is_held

        self.run(body)

    def test_a_retried_message_is_due_now(self) -> None:
        async def body(store: QueueStore) -> None:
            await store.add([queued("m", due=NOW + 9), queued("n", due=NOW + 9)])
            assert await store.retry(["n"], NOW) == 1
            assert [m.id for m in await store.claim(NOW, "me", 10)] == ["n"]
            assert await store.retry(None, NOW) == 2
            assert [m.id for m in await store.claim(NOW, "me", 10)] == ["m"]

        self.run(body)

    def test_messages_are_listed_in_order_of_arrival_without_their_octets(self) -> None:
        async def body(store: QueueStore) -> None:
            await store.add([queued(n, content=b"x" * 7, due=NOW - int(n)) for n in "012"])
            listed = await store.messages()
            assert [m.id for m in listed] == ["0", "1", "2"]
            assert listed[0].content == StoredBlob("", 7)
            assert [m.id for m in await store.messages(["2", "0"])] == ["0", "2"]
            assert [m.id for m in await store.messages(limit=1)] == ["0"]

        self.run(body)

    def test_counts_say_how_full_it_is(self) -> None:
        async def body(store: QueueStore) -> None:
            assert await store.counts() == QueueCounts(0, 0, 0, 0)
            await store.add([queued("a", content=b"12345"), queued("b", owner="me", content=b"67")])
            await store.hold(["a"], held=True)
            assert await store.counts() == QueueCounts(2, 1, 1, 7)

        self.run(body)

    def test_dropping_all_leaves_nothing(self) -> None:
        async def body(store: QueueStore) -> None:
            await store.add([queued("a"), queued("b")])
            assert await store.drop(None) == 2
            assert await store.counts() == QueueCounts(0, 0, 0, 0)

        self.run(body)
