"""Criteria find the messages they mean."""

import asyncio
from datetime import date

import pytest

from correo.mailbox import criteria as c
from correo.mailbox.append import prepare
from correo.mailbox.criteria import Criterion
from correo.mailbox.live import LiveMailbox
from correo.mailbox.search import search
from correo.mailbox.texts import fold
from correo.message.collation import collation_key
from correo.store.memory.store import MemoryStore
from correo.store.model import INBOX, AccountId, Column, NewMessage
from correo.testing.clock import FakeClock
from correo.testing.imap_world import message

BASE64 = {"Content_Type": "text/plain; charset=utf-8", "Content_Transfer_Encoding": "base64"}
MAIL = [
    # UID 1 to 7
    (message("Lunch", "at noon\r\n"), "\\Seen work"),
    (message("=?utf-8?q?Caf=C3=A9?=", "Y2Fmw6kgY3J1ZG8=\r\n", **BASE64), "\\Seen \\Flagged"),
    (message("folded", "x\r\n", X_Long="one\r\n two", Cc="Z <zoe(who?) @ (at) far.example>"), ""),
    (message("late", Date="Tue, 24 Nov 2026 23:30:00 -0800"), "Work"),
    (message("undated", Date="sometime"), "\\Deleted"),
    (b"no header at all", ""),
    (
        message(
            "page", "<p class=hidden>th&eacute;<b>&acirc;tre</b></p>\r\n", Content_Type="text/html"
        ),
        "",
    ),
]
DAY = 86_400
START = 1_767_225_600

CRITERIA: list[tuple[str, Criterion, list[int]]] = [
    ("everything", c.Everything(), [1, 2, 3, 4, 5, 6, 7]),
    ("among", c.Among(frozenset({2, 9, 4})), [2, 4]),
    ("flag", c.HasFlag("\\seen"), [1, 2]),
    ("keyword in any case", c.HasFlag("WORK"), [1, 4]),
    ("not", c.Not(c.HasFlag("\\Seen")), [3, 4, 5, 6, 7]),
    ("all", c.All((c.HasFlag("\\Seen"), c.HasFlag("work"))), [1]),
    ("any", c.AnyOf((c.HasFlag("\\Deleted"), c.HasFlag("\\Flagged"))), [2, 5]),
    ("nothing", c.Not(c.Everything()), []),
    ("all of nothing", c.All(()), [1, 2, 3, 4, 5, 6, 7]),
    ("subject", c.HeaderHolds("Subject", "lunch"), [1]),
    ("encoded subject", c.HeaderHolds("SUBJECT", "CAFÉ"), [2]),
    ("field exists", c.HeaderHolds("X-Long", ""), [3]),
    ("across a fold", c.HeaderHolds("x-long", "one two"), [3]),
    ("address with comments within", c.HeaderHolds("Cc", "<Zoe@far.example>"), [3]),
    ("address as it is written", c.HeaderHolds("Cc", "zoe(who?) @"), [3]),
    ("body", c.BodyHolds("NOON"), [1]),
    ("encoded body", c.BodyHolds("crudo"), [2]),
    ("letters that stand for others", c.BodyHolds("ℂruᴰo"), [2]),
    ("HTML as it is read", c.BodyHolds("THÉÂTRE"), [7]),
    ("no tags of HTML", c.BodyHolds("hidden"), []),
    ("subject is no body", c.BodyHolds("lunch"), []),
    ("text in header", c.TextHolds("lunch"), [1]),
    ("text in encoded header", c.TextHolds("café"), [2]),
    ("text in body", c.TextHolds("no header"), [6]),
    ("sent on the day as written", c.SentWithin(date(2026, 11, 24), date(2026, 11, 25)), [4]),
    ("sent before", c.SentWithin(None, date(2026, 11, 24)), [1, 2, 3, 7]),
    ("sent since", c.SentWithin(date(2026, 11, 24), None), [4]),
    ("internal date", c.Between(Column.INTERNAL_DATE, START + 2, START + 4), [3, 4]),
    ("saved", c.Between(Column.SAVE_DATE, START, START + 1), [1, 2, 3, 4, 5, 6, 7]),
    ("size", c.Between(Column.SIZE, None, 20), [6]),
    ("modseq", c.Between(Column.MODSEQ, 0, 1), []),
    ("identifier", c.Is(Column.EMAIL_ID, "M0"), []),
    ("nested", c.All((c.Not(c.BodyHolds("noon")), c.AnyOf((c.HasFlag("work"),)))), [4]),
]


async def mailbox() -> LiveMailbox:
    store = MemoryStore(FakeClock(START))
    account = await store.create(AccountId("ana"))
    batch: list[NewMessage] = []
    for number, (octets, flags) in enumerate(MAIL):
        batch.append((await prepare(octets, store.blobs)).new(flags, START + number))
    await account.append(INBOX, batch)
    return LiveMailbox(account, await account.snapshot(INBOX))


@pytest.mark.parametrize(
    ("criterion", "found"), [pytest.param(each, found, id=name) for name, each, found in CRITERIA]
)
def test_a_criterion_finds_what_it_means(criterion: Criterion, found: list[int]) -> None:
    async def run() -> list[int]:
        live = await mailbox()
        return await search(live, live.uids.tolist(), criterion)

    assert asyncio.run(run()) == found


def test_texts_that_are_equal_by_unicode_casemap_are_found_by_each_other() -> None:
    characters = (chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    apart = [each for each in characters if fold(collation_key(each)) != fold(each)]
    assert apart == []


def test_only_the_messages_shown_are_searched() -> None:
    async def run() -> list[int]:
        return await search(await mailbox(), [2, 3], c.Not(c.HasFlag("\\Deleted")))

    assert asyncio.run(run()) == [2, 3]
