"""What was worked out once is remembered, and never of a message that is gone."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.mailbox.conftest import Filled

from correo.mailbox import criteria as c
from correo.mailbox import derived
from correo.mailbox.derived import derive, of_column
from correo.mailbox.live import LiveMailbox
from correo.mailbox.search import search
from correo.mailbox.sort import SortKey, SortOrder, sort
from correo.store.model import INBOX, Column
from correo.testing.contracts.scene import new_message
from correo.testing.imap_world import message

BIG = c.Between(Column.SIZE, 300, None)
PLANS = c.HeaderHolds("Subject", "PLAN")


def asked(live: LiveMailbox) -> list[list[int]]:
    """Every list of UIDs the store is asked for from now on."""
    found: list[list[int]] = []
    original = live.account.fetch

    def fetch(mailbox: int, uids: Sequence[int], columns: Sequence[Column]) -> object:
        found.append(list(uids))
        return original(mailbox, uids, columns)  # type: ignore[arg-type]

    live.account.fetch = fetch  # type: ignore[method-assign, assignment]
    return found


def test_a_second_search_asks_for_what_is_new_alone(filled: Filled) -> None:
    async def run() -> None:
        live = await filled([(message("plan"), ""), (message("other", "x" * 300), "")])
        questions = asked(live)
        for _ in range(2):
            uids = live.uids.tolist()
            assert await search(live, uids, PLANS) == [1]
            assert await search(live, uids, BIG) == [2]
        await live.account.append(INBOX, [new_message("x", size=400)])
        await live.refresh()
        uids = live.uids.tolist()
        assert await search(live, uids, BIG) == [2, 3]
        assert sorted(await sort(live, uids, [SortOrder(SortKey.SIZE)])) == [1, 2, 3]
        assert [each for each in questions if each] == [[1, 2], [1, 2], [3]]

    asyncio.run(run())


def test_what_is_remembered_goes_with_the_messages(filled: Filled) -> None:
    async def run() -> None:
        live = await filled([(message("plan"), ""), (message("a plan"), "")])
        assert await search(live, [1, 2], PLANS) == [1, 2]
        await live.account.expunge(INBOX, [1], only_deleted=False)
        await live.refresh()
        assert not live.derived
        assert await search(live, [2], PLANS) == [2]

    asyncio.run(run())


def test_of_a_very_large_mailbox_nothing_is_remembered(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived, "MOST_REMEMBERED", 1)

    async def run() -> None:
        live = await filled([(message("plan"), ""), (message("a plan"), "")])
        assert dict(await derive(live, [1], of_column(Column.SIZE))).keys() == {1}
        assert await search(live, [1, 2], PLANS) == [1, 2]
        assert not live.derived

    asyncio.run(run())


def test_a_very_long_field_is_searched_and_not_remembered(filled: Filled) -> None:
    everybody = ", ".join([*[f"a{number}@many.test" for number in range(99)], "last@one.test"])

    async def run() -> None:
        live = await filled([(message("plan"), ""), (message("many", To=everybody), "")])
        for _ in range(2):
            assert await search(live, [1, 2], c.HeaderHolds("To", "LAST@one.test")) == [2]
            assert await search(live, [1, 2], c.HeaderHolds("To", "")) == [1, 2]
        assert list(live.derived.values()) == [{1: "bob@correo.test", 2: ...}]

    asyncio.run(run())
