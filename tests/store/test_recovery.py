"""A power cut takes what was not synced; the journal gives it back, with the UIDs it had."""

import asyncio
import fcntl
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correo.store.blobs.files import FileBlobStore
from correo.store.bus import Bus
from correo.store.model import INBOX, INLINE_LIMIT, AccountId, Column, FlagMode
from correo.store.sqlite.group_commit import GroupCommit
from correo.store.sqlite.journal import CommitJournal
from correo.store.sqlite.recovery import recover
from correo.store.sqlite.redo import Redo, RedoLetter, encode, read_segment
from correo.store.sqlite.store import SqliteStore, place_of
from correo.store.sqlite.threads import StorageThreads
from correo.testing.clock import FakeClock
from correo.testing.contracts.scene import real_message

ANA = AccountId("ana")
Listing = list[tuple[object, ...]]
COLUMNS = (Column.UID, Column.MODSEQ, Column.FLAGS, Column.SIZE, Column.PREVIEW, Column.ENVELOPE)


class PowerCut:
    """Deliveries to an account, and its data directory as the disk may have it after the cut.

    The account's file is that of before the deliveries; of its write-ahead log, which nobody has
    synced, any part may have reached the disk. The journal is whole, for it was synced.
    """

    def __init__(self, folder: Path) -> None:
        self.running = folder / "running"
        self.running.mkdir()
        self.folder = folder
        self.before: Listing = []

    async def deliver(
        self, count: int, *, large: int = -1, flags_after: int = -1, is_crowded: bool = False
    ) -> None:
        threads = StorageThreads(1, open_limit=1)
        group_commit = GroupCommit(threads, CommitJournal(self.running / "journal"))
        store = SqliteStore(self.running, threads, Bus(), FakeClock(), group_commit)
        await store.create(ANA)
        account = await store.open(ANA)
        await account.append(INBOX, [real_message("before")])  # opens it, so it is synced
        for number in range(count):
            size = INLINE_LIMIT + 1 if number == large else 300
            await account.append(
                INBOX, [real_message(f"number {number}", size=size, flags="\\Seen")]
            )
            if is_crowded:
                await self.use_others(store)
                async with asyncio.timeout(10):
                    while account._database.connection is not None:
                        await asyncio.sleep(0)
            if number == flags_after:
                await account.store_flags(INBOX, [1], FlagMode.ADD, "\\Flagged")
        self.before = await listing(store)
        shutil.copytree(self.running, self.folder / "image")
        await store.close()
        threads.close()

    async def use_others(self, store: SqliteStore) -> None:
        """So that the account's file is closed in a hurry, its log left as it is."""
        for name in ("bob", "eva"):
            other = AccountId(name)
            if not place_of(self.running / "accounts", other).exists():
                await store.create(other)
            await (await store.open(other)).append(INBOX, [real_message("for another")])

    def disk(self, name: str, *, log_octets: int | None = None) -> Path:
        """The data directory after the cut; so much of the log is there, None for all."""
        disk = self.folder / name
        shutil.copytree(self.folder / "image", disk)
        path = place_of(disk / "accounts", ANA)
        path.with_name(path.name + "-shm").unlink(missing_ok=True)
        if log_octets is not None:
            log = path.with_name(path.name + "-wal")
            log.write_bytes(log.read_bytes()[:log_octets])
        return disk

    @property
    def log_size(self) -> int:
        path = place_of(self.folder / "image" / "accounts", ANA)
        return path.with_name(path.name + "-wal").stat().st_size


async def listing(store: SqliteStore) -> Listing:
    account = await store.open(ANA)
    uids = (await account.snapshot(INBOX)).uids
    rows: Listing = []
    async for batch in account.fetch(INBOX, uids, COLUMNS):
        rows += batch
    mailbox = await account.mailbox("INBOX")
    return [*rows, (mailbox.messages, mailbox.uid_next, mailbox.highest_modseq, mailbox.unseen)]


def recovered(disk: Path) -> tuple[int, Listing]:
    async def main() -> tuple[int, Listing]:
        threads = StorageThreads(1)
        store = SqliteStore(disk, threads, Bus(), FakeClock())
        filed = recover(disk, store.blobs)
        found = await listing(store)
        await store.close()
        threads.close()
        return filed, found

    return asyncio.run(main())


@pytest.fixture
def cut(tmp_path: Path) -> PowerCut:
    return PowerCut(tmp_path)


def test_every_message_is_back_when_its_file_was_closed_meanwhile(cut: PowerCut) -> None:
    asyncio.run(cut.deliver(5, is_crowded=True))
    filed, found = recovered(cut.disk("disk", log_octets=logged_before(cut)))
    assert filed == 5
    assert found == cut.before


def test_every_message_is_back_when_the_log_is_lost(cut: PowerCut) -> None:
    asyncio.run(cut.deliver(5, large=3))
    filed, found = recovered(cut.disk("disk", log_octets=logged_before(cut)))
    assert filed == 5
    assert found == cut.before


def logged_before(cut: PowerCut) -> int:
    """Octets of the log that held the account and its first message: those were synced."""
    for octets in range(0, cut.log_size + 1, 4096 + 24):
        _, found = recovered_without_journal(cut, 32 + octets)
        if found and len(found) == 2:
            return 32 + octets
    raise AssertionError("the first message is nowhere in the log")


def recovered_without_journal(cut: PowerCut, log_octets: int) -> tuple[int, Listing]:
    disk = cut.disk(f"bare-{log_octets}", log_octets=log_octets)
    shutil.rmtree(disk / "journal")
    try:
        return recovered(disk)
    except Exception:
        return 0, []
    finally:
        shutil.rmtree(disk)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(lost=st.floats(0, 1))
def test_any_part_of_the_log_may_be_lost(cuts: tuple[PowerCut, int], lost: float) -> None:
    cut, first = cuts
    octets = int(first + lost * (cut.log_size - first))
    disk = cut.disk(f"disk-{octets}", log_octets=octets)
    try:
        assert recovered(disk)[1] == cut.before
    finally:
        shutil.rmtree(disk)


@pytest.fixture
def cuts(tmp_path: Path) -> tuple[PowerCut, int]:
    cut = PowerCut(tmp_path)
    asyncio.run(cut.deliver(8, large=2))
    return cut, logged_before(cut)


def test_nothing_is_filed_twice_when_nothing_was_lost(cut: PowerCut) -> None:
    asyncio.run(cut.deliver(4))
    disk = cut.disk("disk")
    assert recovered(disk) == (0, cut.before)
    assert list((disk / "journal").iterdir()) == []


def test_a_change_of_another_kind_takes_the_deliveries_before_it_to_the_disk(
    cut: PowerCut,
) -> None:
    asyncio.run(cut.deliver(4, flags_after=3))
    assert recovered(cut.disk("disk")) == (0, cut.before)


def redo(number: int, text: str, written_at: int, uid: int = 2) -> Redo:
    octets = real_message(text).octets
    assert isinstance(octets, bytes)
    return Redo(written_at, ANA, INBOX, uid, number, 100, [RedoLetter("", 100, octets)])


def leave(disk: Path, name: str, *redos: Redo, tail: bytes = b"") -> None:
    (disk / "journal").mkdir(exist_ok=True)
    (disk / "journal" / name).write_bytes(b"".join(map(encode, redos)) + tail)


def made_disk(folder: Path) -> tuple[Path, int]:
    """A data directory with one message, and the number of its last change."""

    async def main() -> int:
        threads = StorageThreads(1)
        store = SqliteStore(folder, threads, Bus(), FakeClock())
        account = await store.create(ANA)
        [appended] = await account.append(INBOX, [real_message("before")])
        await store.close()
        threads.close()
        return appended.modseq

    return folder, asyncio.run(main())


def previews(found: Listing) -> list[object]:
    return [row[4] for row in found[:-1]]


def test_of_two_records_with_one_number_the_later_one_counts(tmp_path: Path) -> None:
    disk, last = made_disk(tmp_path)
    leave(disk, "1-a-1.log", redo(last + 1, "acknowledged", written_at=2))
    leave(disk, "2-b-1.log", redo(last + 1, "never committed", written_at=1))
    filed, found = recovered(disk)
    assert filed == 1
    assert previews(found) == ["before", "acknowledged"]


def test_records_of_several_processes_are_filed_in_the_order_of_their_numbers(
    tmp_path: Path,
) -> None:
    disk, last = made_disk(tmp_path)
    leave(disk, "1-a-1.log", redo(last + 2, "second", 2, uid=3))
    leave(disk, "2-b-1.log", redo(last + 1, "first", 1, uid=2))
    _, found = recovered(disk)
    assert previews(found) == ["before", "first", "second"]


def test_a_gap_of_what_was_never_acknowledged_leaves_its_uid_unused(tmp_path: Path) -> None:
    disk, last = made_disk(tmp_path)
    leave(disk, "1-a-1.log", redo(last + 3, "third", 3, uid=4))
    _, found = recovered(disk)
    assert [row[:2] for row in found[:-1]] == [(1, last), (4, last + 3)]
    assert found[-1] == (2, 5, last + 3, 2)


def test_the_records_of_an_account_that_is_gone_are_passed_over(tmp_path: Path) -> None:
    disk, last = made_disk(tmp_path)
    gone = redo(5, "gone", 1)
    gone.account = "nobody"
    leave(disk, "1-a-1.log", gone, redo(last + 1, "there", 2))
    filed, found = recovered(disk)
    assert filed == 1
    assert previews(found) == ["before", "there"]
    assert list((disk / "journal").iterdir()) == []


def test_a_damaged_account_keeps_the_journal_until_its_copy_is_in_place(tmp_path: Path) -> None:
    disk, last = made_disk(tmp_path)
    path = place_of(disk / "accounts", ANA)
    sound = path.read_bytes()
    leave(disk, "1-a-1.log", redo(last + 1, "there", 2))
    path.write_bytes(b"this is no database" * 1000)
    assert recover(disk, FileBlobStore(disk / "blobs", FakeClock())) == 0
    path.write_bytes(sound)
    filed, found = recovered(disk)
    assert filed == 1
    assert previews(found) == ["before", "there"]


def test_the_segment_of_a_process_that_lives_is_left_to_it(tmp_path: Path) -> None:
    disk, last = made_disk(tmp_path)
    leave(disk, "1-a-1.log", redo(last + 1, "theirs", 2))
    with (disk / "journal" / "1-a-1.log").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert recovered(disk)[0] == 0
    filed, found = recovered(disk)
    assert filed == 1
    assert previews(found) == ["before", "theirs"]


def test_a_record_that_is_cut_off_ends_the_segment(tmp_path: Path) -> None:
    disk, last = made_disk(tmp_path)
    whole = encode(redo(last + 2, "torn", 2, uid=3))
    leave(disk, "1-a-1.log", redo(last + 1, "whole", 1), tail=whole[:-1])
    _, found = recovered(disk)
    assert previews(found) == ["before", "whole"]


@given(octets=st.binary(max_size=300))
def test_any_octets_are_a_segment_with_some_records(
    octets: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("journal") / "1.log"
    path.write_bytes(encode(redo(1, "whole", 1)) + octets)
    assert next(iter(read_segment(path))).number == 1
