"""Messages are sorted by what they say, and equals stay as they stand in the mailbox."""

import asyncio

import pytest
from tests.mailbox.conftest import Filled

from correo.mailbox.sort import SortKey, SortOrder, sort


def letter(
    sender: str, to: str, subject: str, day: int | None, *, cc: str = "", size: int = 0
) -> tuple[bytes, str]:
    date = f"Date: {day:02} Nov 2026 10:00:00 +0000\r\n" if day else "Date: who knows\r\n"
    copy = f"Cc: {cc}\r\n" if cc else ""
    fields = f"From: {sender}\r\nTo: {to}\r\n{copy}Subject: {subject}\r\n{date}"
    return f"{fields}\r\n{'x' * size}".encode(), ""


MAIL = [
    # UID 1 to 5
    letter("Zoe <bob@a.test>", "x@a.test", "Re: banana", 3, size=9),
    letter("ana@z.test", "Anton <y@a.test>", "apple", 1, cc="k@a.test", size=90),
    letter("Ähre <BOB@b.test>", "x@b.test", "[list] Banana", 3, size=500),
    letter("", "", "", None),
    letter("=?utf-8?q?Bert?= <carl@a.test>", "a@a.test", "Äpfel", 2, cc="J@a.test, x@a.test"),
]

ORDERS = [
    ("arrival", "ARRIVAL", [1, 2, 3, 4, 5]),
    ("newest first", "REVERSE ARRIVAL", [5, 4, 3, 2, 1]),
    ("what was sent, or came if that is unknown", "DATE", [4, 2, 5, 1, 3]),
    ("equals stand as in the mailbox, reversed too", "REVERSE DATE", [1, 3, 5, 2, 4]),
    ("base subjects", "SUBJECT", [4, 2, 5, 1, 3]),
    ("the local part of the first sender", "FROM", [4, 2, 1, 3, 5]),
    ("the local part of the first recipient", "TO", [4, 5, 1, 3, 2]),
    ("the local part of the first copy", "CC", [1, 3, 4, 5, 2]),
    ("size", "REVERSE SIZE", [3, 2, 5, 1, 4]),
    ("names as they are shown, marks behind letters", "DISPLAYFROM", [4, 2, 3, 5, 1]),
    ("names of recipients", "DISPLAYTO", [4, 5, 2, 1, 3]),
    ("one after the other", "SUBJECT REVERSE ARRIVAL", [4, 2, 5, 3, 1]),
    ("the first counts most", "REVERSE DATE REVERSE SIZE", [3, 1, 5, 2, 4]),
]


def orders(text: str) -> list[SortOrder]:
    words = text.split()
    return [
        SortOrder(SortKey(word), at > 0 and words[at - 1] == "REVERSE")
        for at, word in enumerate(words)
        if word != "REVERSE"
    ]


@pytest.mark.parametrize(
    ("order", "uids"), [pytest.param(order, uids, id=name) for name, order, uids in ORDERS]
)
def test_an_order_is_kept(filled: Filled, order: str, uids: list[int]) -> None:
    async def run() -> list[int]:
        live = await filled(MAIL)
        return await sort(live, live.uids.tolist(), orders(order))

    assert asyncio.run(run()) == uids


def test_only_what_was_found_is_sorted_and_what_is_gone_left_out(filled: Filled) -> None:
    async def run() -> list[int]:
        live = await filled(MAIL)
        await live.account.expunge(live.mailbox.id, [3], only_deleted=False)
        return await sort(live, [1, 3, 5], orders("REVERSE ARRIVAL"))

    assert asyncio.run(run()) == [5, 1]


def test_nothing_is_sorted_too(filled: Filled) -> None:
    async def run() -> list[int]:
        return await sort(await filled([]), [], orders("SUBJECT"))

    assert asyncio.run(run()) == []
