"""Mail comes into an account, and goes out of it again, unchanged and once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from correo.base.errors import CorreoError, OverQuota
from correo.moving.exporting import Departure, Writer, take_out
from correo.moving.filing import BATCH, possible_flags
from correo.moving.finding import Box, survey
from correo.moving.importing import Arrival, bring_in
from correo.moving.maildir_writer import MaildirWriter
from correo.moving.mbox_writer import MboxWriter
from correo.moving.model import Broken, FoundMessage
from correo.moving.trees import open_tree
from correo.store.memory.store import MemoryStore
from correo.store.model import AccountId, Column, FlagMode, Quota
from correo.testing.clock import FakeClock

ANA, BOB = AccountId("ana"), AccountId("bob")
LETTER = b"Subject: one\r\n\r\nFrom here\r\n.\r\n>From there\r\n"
LARGE = b"Subject: large\r\n\r\n" + b"From x\r\n" * 20_000
ODD = b"Subject: no line end\r\n\r\nlast"

Contents = dict[str, list[tuple[bytes, str, int]]]


def box(mailbox: str, *messages: FoundMessage | Broken) -> Box:
    return Box(mailbox, 0, lambda: iter(messages))


def letter(octets: bytes, *flags: str, moment: int = 1_500_000_000) -> FoundMessage:
    return FoundMessage("somewhere", octets, flags, moment)


async def bring(store: MemoryStore, account: AccountId, boxes: Sequence[Box]) -> list[object]:
    mail = await store.create(account)
    return [one async for one in bring_in(mail, store.blobs, boxes)]


async def contents(store: MemoryStore, account: AccountId) -> Contents:
    mail = await store.create(account)
    columns = (Column.OCTETS, Column.FLAGS, Column.INTERNAL_DATE)
    found: Contents = {}
    for mailbox in await mail.mailboxes():
        uids = (await mail.snapshot(mailbox.id)).uids
        async for rows in mail.fetch(mailbox.id, uids, columns):
            for octets, flags, moment in rows:
                if not isinstance(octets, bytes):
                    octets = await octets.read(0, octets.size)  # type: ignore[attr-defined]
                found.setdefault(mailbox.name, []).append((octets, flags, moment))  # type: ignore[arg-type]
    return found


BOXES = [
    box("INBOX", letter(LETTER, "\\Seen", "work"), letter(LARGE), letter(LETTER, "\\Seen", "work")),
    box("Año/v1.0", letter(ODD, "\\Draft", moment=1_600_000_000)),
]


def test_what_is_brought_in_has_its_flags_dates_and_folders() -> None:
    async def main() -> None:
        store = MemoryStore(FakeClock())
        told = await bring(store, ANA, BOXES)
        assert [one.uid for one in told if isinstance(one, Arrival)] == [1, 2, 3, 1]
        found = await contents(store, ANA)
        assert found["INBOX"][0] == (LETTER, "\\Seen work", 1_500_000_000)
        assert found["Año/v1.0"] == [(ODD, "\\Draft", 1_600_000_000)]
        assert "Año/v1.0" in await (await store.open(ANA)).subscriptions()

    asyncio.run(main())


def test_an_import_that_is_repeated_files_nothing_twice_and_keeps_twins() -> None:
    async def main() -> None:
        store = MemoryStore(FakeClock())
        await bring(store, ANA, BOXES)
        before = await contents(store, ANA)
        told = await bring(store, ANA, BOXES)
        assert [one.is_new for one in told if isinstance(one, Arrival)] == [False] * 4
        assert await contents(store, ANA) == before
        told = await bring(store, ANA, [box("INBOX", *[letter(LETTER)] * 3)])
        assert [one.is_new for one in told if isinstance(one, Arrival)] == [False, False, True]

    asyncio.run(main())


def test_an_import_stopped_by_the_quota_goes_on_where_it_stopped() -> None:
    async def main() -> None:
        store = MemoryStore(FakeClock())
        messages = [letter(b"Subject: %d\r\n\r\n" % number) for number in range(BATCH + 10)]
        mail = await store.create(ANA)
        size = sum(len(each.octets) for each in messages)
        await mail.set_quota(Quota(size - 20))
        with pytest.raises(OverQuota):
            await bring(store, ANA, [box("INBOX", *messages)])
        assert (await mail.usage())[1] == BATCH
        await mail.set_quota(Quota())
        told = await bring(store, ANA, [box("INBOX", *messages)])
        assert sum(one.is_new for one in told if isinstance(one, Arrival)) == 10

    asyncio.run(main())


def test_a_broken_message_is_told_of_and_the_others_are_filed() -> None:
    async def main() -> None:
        store = MemoryStore(FakeClock())
        broken = Broken("a.eml", "it is empty")
        told = await bring(store, ANA, [box("INBOX", letter(ODD), broken, letter(LETTER))])
        assert broken in told
        assert len((await contents(store, ANA))["INBOX"]) == 2

    asyncio.run(main())


def test_flags_that_cannot_be_here_are_left_out() -> None:
    assert possible_flags(["\\seen", "\\Recent", "\\Odd", "a b", "work"]) == [
        "\\seen",
        "\\Recent",
        "work",
    ]


async def export(store: MemoryStore, account: AccountId, writer: Writer) -> Sequence[object]:
    told = [one async for one in take_out(await store.open(account), writer)]
    writer.close()
    return told


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_what_goes_out_comes_in_again_the_same(tmp_path: Path, kind: str) -> None:
    async def main() -> None:
        store = MemoryStore(FakeClock())
        await bring(store, ANA, BOXES)
        writer: Writer = MaildirWriter(tmp_path) if kind == "maildir" else MboxWriter(tmp_path)
        await export(store, ANA, writer)
        await bring(store, BOB, survey(open_tree(tmp_path)).boxes)
        before, after = await contents(store, ANA), await contents(store, BOB)
        if kind == "mbox":  # there, every message ends with its line
            before = {name: [(whole(o), f, d) for o, f, d in rows] for name, rows in before.items()}
        assert {name: sorted(rows) for name, rows in after.items()} == {
            name: sorted(rows) for name, rows in before.items()
        }

    asyncio.run(main())


def whole(octets: bytes) -> bytes:
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"


def test_a_maildir_export_that_is_repeated_adds_what_is_new_and_follows_the_flags(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        store = MemoryStore(FakeClock())
        await bring(store, ANA, [box("INBOX", letter(LETTER))])
        await export(store, ANA, MaildirWriter(tmp_path))
        [name] = [path.name for path in (tmp_path / "cur").iterdir()]
        mail = await store.open(ANA)
        inbox = await mail.mailbox("INBOX")
        await mail.store_flags(inbox.id, [1], FlagMode.ADD, "\\Seen")
        await bring(store, ANA, [box("INBOX", letter(LETTER), letter(ODD))])
        told = await export(store, ANA, MaildirWriter(tmp_path))
        assert [one.is_new for one in told if isinstance(one, Departure)] == [False, True]
        names = {path.name for path in (tmp_path / "cur").iterdir()}
        assert f"{name}S" in names
        assert len(names) == 2

    asyncio.run(main())


def test_keywords_beyond_the_letters_of_a_maildir_are_told_of(tmp_path: Path) -> None:
    async def main() -> None:
        store = MemoryStore(FakeClock())
        words = [f"word{number:02}" for number in range(27)]
        await bring(store, ANA, [box("INBOX", letter(LETTER, *words))])
        told = await export(store, ANA, MaildirWriter(tmp_path))
        assert told[1:] == [Broken("INBOX", "a Maildir has no letter left for the keyword word26")]

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_mailboxes_with_names_no_file_has_go_out_each_to_its_own_place(
    tmp_path: Path, kind: str
) -> None:
    names = [
        "Work", "Work.mbox", "Work.mbox/Sub", "...", "_..", "a/..", "tmp", "cur", "INBOX/Sub",
        "d" * 200 + "/" + "d" * 250, "d" * 200 + "/" + "d" * 251, "漢" * 300, "漢" * 301,
    ]  # fmt: skip

    async def main() -> None:
        store = MemoryStore(FakeClock())
        boxes = [box(name, letter(b"Subject: %d\r\n\r\n" % at)) for at, name in enumerate(names)]
        await bring(store, ANA, boxes)
        writer: Writer = MaildirWriter(tmp_path) if kind == "maildir" else MboxWriter(tmp_path)
        told = [one async for one in take_out(await store.open(ANA), writer)]
        writer.close()
        assert [one for one in told if isinstance(one, Broken)] == []
        again = survey(open_tree(tmp_path)).boxes
        found = [message.octets for each in again for message in each.messages()]  # type: ignore[union-attr]
        assert sorted(set(found)) == sorted(b"Subject: %d\r\n\r\n" % at for at in range(len(names)))
        assert len(found) == len(names)

    asyncio.run(main())


def test_an_mbox_that_is_there_already_is_not_added_to(tmp_path: Path) -> None:
    async def main() -> None:
        store = MemoryStore(FakeClock())
        await bring(store, ANA, BOXES)
        await export(store, ANA, MboxWriter(tmp_path))
        with pytest.raises(CorreoError, match=r"INBOX\.mbox is there already"):
            await export(store, ANA, MboxWriter(tmp_path))

    asyncio.run(main())
