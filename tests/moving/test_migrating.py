"""A user moves from one IMAP server to another, over a real connection."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from correo.base.errors import CorreoError
from correo.clients.imap import ImapConnectionError
from correo.moving.checking import compare
from correo.moving.filing import BATCH
from correo.moving.finding import Box
from correo.moving.folder_plan import FolderPlan
from correo.moving.importing import Arrival, bring_in
from correo.moving.migrating import ATTEMPTS, FlagsFollowed, Migration
from correo.moving.model import Broken, FoundMessage
from correo.moving.record import MigrationRecord, Moved
from correo.moving.source_box import Fetched, Listed, Refused
from correo.store.api import AccountStore
from correo.store.memory.store import MemoryStore
from correo.store.model import AccountId, Column, FlagMode
from correo.testing.clock import FakeClock
from correo.testing.imap_port import ImapPort
from correo.testing.imap_world import ImapWorld, message

INBOX = FolderPlan("INBOX", "INBOX")
LARGE = b"Subject: large\r\n\r\n" + b"x" * 70 + b"\r\n" + b"y" * 200_000 + b"\r\n"


class House:
    """The old server with ana's mail, and the new account it moves to."""

    def __init__(self, port: ImapPort, folder: Path) -> None:
        self.port = port
        self.folder = folder
        self.store = MemoryStore(FakeClock())
        self.pauses: list[float] = []

    async def open(self) -> "House":
        self.old = await self.port.world.account("ana")
        self.new = await self.store.create(AccountId("new"))
        self.record = MigrationRecord(self.folder, "ana@old:993")
        self.migration = self.migrate()
        return self

    def migrate(self) -> Migration:
        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)

        return Migration(self.port.client, self.new, self.store.blobs, self.record, pause=pause)

    async def fill(self, *octets: bytes, mailbox: str = "INBOX", flags: Sequence[str] = ()) -> None:
        found = [FoundMessage("", each, tuple(flags), 1_500_000_000) for each in octets]
        boxes = [Box(mailbox, 0, lambda: iter(found))]
        async for _ in bring_in(self.old, self.port.world.store.blobs, boxes):
            pass

    async def move(self, plan: FolderPlan = INBOX) -> list[object]:
        return [one async for one in self.migration.move(plan)]

    async def contents(
        self, account: AccountStore, name: str = "INBOX"
    ) -> list[tuple[object, ...]]:
        mailbox = await account.mailbox(name)
        uids = (await account.snapshot(mailbox.id)).uids
        columns = (Column.FLAGS, Column.INTERNAL_DATE, Column.SIZE, Column.ENVELOPE)
        return [row async for rows in account.fetch(mailbox.id, uids, columns) for row in rows]


def in_house(folder: Path, work: object) -> None:
    async def main() -> None:
        async with asyncio.timeout(60), ImapPort(ImapWorld()) as port:
            house = await House(port, folder).open()
            try:
                await work(house)  # type: ignore[operator]
            finally:
                await house.migration.close()
                house.record.close()

    asyncio.run(main())


def letters(count: int, first: int = 0) -> list[bytes]:
    return [message(f"letter {number}") for number in range(first, first + count)]


def test_messages_flags_dates_and_folders_are_kept_and_proven(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.fill(*letters(3), LARGE, flags=["\\Seen", "work"])
        await house.fill(message("trip"), mailbox="Trips/2024")
        trips = FolderPlan("Trips/2024", "Trips/2024")
        assert await house.migration.missing(trips) == (1, len(message("trip")))
        assert len(await house.move()) == 4
        await house.move(trips)
        for name in ("INBOX", "Trips/2024"):
            assert await house.contents(house.new, name) == await house.contents(house.old, name)
        client = await house.migration.client()
        found = await compare(client, house.new, house.record, INBOX)
        assert (found.there, found.moved, found.same, found.is_good) == (4, 4, 4, True)

    in_house(tmp_path, work)


def test_a_second_run_fetches_only_what_is_new_and_follows_flags(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.fill(*letters(3), flags=["\\Flagged"])
        await house.move()
        inbox = await house.old.mailbox("INBOX")
        await house.old.store_flags(inbox.id, [1, 2], FlagMode.REPLACE, "\\Seen")
        await house.new.store_flags(
            (await house.new.mailbox("INBOX")).id, [1], FlagMode.ADD, "mine"
        )
        await house.fill(*letters(4), flags=["\\Flagged"])
        told = await house.move()
        assert told[0] == FlagsFollowed("INBOX", 2)
        assert [one.uid for one in told if isinstance(one, Arrival)] == [4]
        flags = [row[0] for row in await house.contents(house.new)]
        assert flags == ["\\Seen mine", "\\Seen", "\\Flagged", "\\Flagged"]
        assert await house.move() == []

    in_house(tmp_path, work)


def test_a_run_without_its_record_files_nothing_twice(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.fill(*letters(2), letters(1)[0])
        await house.move()
        house.record.close()
        (tmp_path / "ana@old_993.jsonl").unlink()
        house.record = MigrationRecord(tmp_path, "ana@old:993")
        house.migration = house.migrate()
        told = await house.move()
        assert [one.is_new for one in told if isinstance(one, Arrival)] == [False] * len(told)
        assert len(await house.contents(house.new)) == len(await house.contents(house.old))

    in_house(tmp_path, work)


def test_a_connection_that_breaks_is_made_again_and_nothing_comes_twice(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.fill(*letters(2 * BATCH + 50))
        cuts = 0
        async for one in house.migration.move(INBOX):
            if isinstance(one, Arrival) and one.uid == BATCH:
                house.port.cut()
                cuts += 1
        assert cuts == 1
        assert len(house.port.connections) == 2
        assert await house.contents(house.new) == await house.contents(house.old)

    in_house(tmp_path, work)


def test_a_server_that_stays_away_is_given_up_after_longer_and_longer_pauses(
    tmp_path: Path,
) -> None:
    async def work(house: House) -> None:
        async def nobody() -> None:
            raise ImapConnectionError("no connection to old:993: Connection refused")

        house.port.client = nobody  # type: ignore[method-assign, assignment]
        house.migration = house.migrate()
        with pytest.raises(ImapConnectionError):
            await house.move()
        assert house.pauses == [2.0**number for number in range(ATTEMPTS - 1)]

    in_house(tmp_path, work)


def test_a_message_the_server_cannot_give_is_told_of_and_the_others_come(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.fill(message("one"), LARGE, message("three"))
        store = house.port.world.store
        assert isinstance(store, MemoryStore)
        store.blobs._octets.clear()
        told = await house.move()
        [broken] = [one for one in told if isinstance(one, Broken)]
        assert broken == Broken("INBOX, UID 2", "the server breaks off instead of it")
        assert [one.origin for one in told if isinstance(one, Arrival)] == [
            "INBOX, UID 1",
            "INBOX, UID 3",
        ]
        assert house.pauses == [1.0, 2.0, 1.0]
        client = await house.migration.client()
        found = await compare(client, house.new, house.record, INBOX)
        assert found.missing == [2]
        found = await compare(client, house.new, house.record, INBOX, passed_over={2})
        assert found.is_good

    in_house(tmp_path, work)


def test_a_refused_message_is_told_of_once_though_the_connection_breaks_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[int]] = []

    async def fetch(
        _: object, wanted: Sequence[Listed], __: object
    ) -> AsyncIterator[Fetched | Refused]:
        asked.append([each.uid for each in wanted])
        for each in wanted:
            if each.uid == 1:
                yield Refused(1, "the server gives no octets of it")
                raise ImapConnectionError("gone")
            yield Fetched(each.uid, message("two"), None)

    monkeypatch.setattr("correo.moving.migrating.fetch_messages", fetch)

    async def work(house: House) -> None:
        await house.fill(message("one"), message("two"))
        told = await house.move()
        assert [one.origin for one in told if isinstance(one, Broken)] == ["INBOX, UID 1"]
        assert asked == [[1, 2], [2]]

    in_house(tmp_path, work)


def test_octets_that_differ_and_messages_removed_here_are_found(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.fill(*letters(3))
        await house.move()
        house.record.add([Moved("INBOX", 1, 1, "0" * 64, "")])
        inbox = await house.new.mailbox("INBOX")
        await house.new.expunge(inbox.id, [2], only_deleted=False)
        client = await house.migration.client()
        found = await compare(client, house.new, house.record, INBOX)
        assert (found.different, found.gone, found.same, found.is_good) == ([1], 1, 1, False)

    in_house(tmp_path, work)


def test_of_a_mailbox_that_shows_everything_only_the_rest_comes(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.fill(*letters(2))
        await house.fill(*letters(3), mailbox="All Mail")
        everything = FolderPlan("All Mail", "Archive", is_all=True)
        await house.move()
        told = await house.move(everything)
        assert [one.origin for one in told if isinstance(one, Arrival)] == ["All Mail, UID 3"]
        client = await house.migration.client()
        found = await compare(client, house.new, house.record, everything)
        assert (found.there, found.elsewhere, found.same, found.is_good) == (3, 2, 1, True)
        assert await house.move(everything) == []

    in_house(tmp_path, work)


def test_a_mailbox_made_anew_there_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        record = house.record
        record.box("INBOX", 7, "M1")
        record.add([Moved("INBOX", 1, 11, "aa", "")])
        assert record.taken("M1") == {11}
        assert record.box("INBOX", 7, "M1").messages[1].uid_here == 11
        assert record.box("INBOX", 8, "M1").messages == {}

    in_house(tmp_path, work)


def test_a_record_survives_and_a_half_written_line_does_no_harm(tmp_path: Path) -> None:
    record = MigrationRecord(tmp_path, "x")
    record.box("INBOX", 7, "M1")
    record.add([Moved("INBOX", 1, 11, "aa", "\\Seen")])
    with pytest.raises(CorreoError, match="another process is moving x just now"):
        take_lock_elsewhere(tmp_path)
    record.close()
    with (tmp_path / "x.jsonl").open("ab") as file:
        file.write(b'{"kind":"message","box":"INB')
    again = MigrationRecord(tmp_path, "x")
    assert again.box("INBOX", 7, "M1").messages == {1: Moved("INBOX", 1, 11, "aa", "\\Seen")}
    again.close()


def take_lock_elsewhere(folder: Path) -> None:
    """In another process, for a lock is its process's."""
    code = (
        "import sys; from pathlib import Path; from correo.moving.record import MigrationRecord\n"
        "from correo.base.errors import CorreoError\n"
        "try: MigrationRecord(Path(sys.argv[1]), 'x')\n"
        "except CorreoError as error: sys.exit(str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, check=False, text=True
    )
    if done.returncode:
        raise CorreoError(done.stderr.strip())
