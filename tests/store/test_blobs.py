"""Blob stores, held to the contract, and what only files can get wrong."""

import asyncio
import os
from pathlib import Path

import pytest

from correo.base.errors import DamagedStore, StorageFull
from correo.store.blobs.files import FileBlobStore
from correo.store.memory.blobs import MemoryBlobStore
from correo.testing.clock import FakeClock
from correo.testing.contracts.blobs import BlobsContract, BlobsScenario, collected
from correo.testing.full_disk import no_file_larger_than


class TestMemoryBlobs(BlobsContract):
    def run(self, play: BlobsScenario) -> None:
        clock = FakeClock()
        asyncio.run(run_coroutine(play, MemoryBlobStore(clock), clock))


class TestFileBlobs(BlobsContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "blobs"

    def run(self, play: BlobsScenario) -> None:
        clock = FakeClock()
        blobs = FileBlobStore(self.folder, clock)
        asyncio.run(run_coroutine(play, blobs, clock))
        blobs.close()
        assert list(self.folder.glob("new/*")) == []

    def test_a_blob_cut_short_is_damage_until_it_is_put_again(self) -> None:
        async def play(blobs: FileBlobStore, clock: FakeClock) -> None:
            name = await blobs.put(b"x" * 100_000)
            os.truncate(blobs.path_of(name), 10)
            with pytest.raises(DamagedStore, match="10 octets, not 100000"):
                await blobs.read_all(name)
            with pytest.raises(DamagedStore):
                blobs.keep(name)
            await blobs.put(b"x" * 100_000)
            assert await blobs.read_all(name) == b"x" * 100_000

        self.run(play)

    def test_what_a_crash_left_half_written_is_removed_after_an_hour(self) -> None:
        async def play(blobs: FileBlobStore, clock: FakeClock) -> None:
            await blobs.put(b"whole")
            left = self.folder / "new" / "left"
            left.write_bytes(b"half")
            os.utime(left, (clock.now(), clock.now()))
            await collected(blobs)
            assert left.exists()
            await clock.advance(3601)
            await collected(blobs)
            assert not left.exists()

        self.run(play)

    def test_an_open_blob_is_read_to_its_end_though_it_is_collected(self) -> None:
        async def play(blobs: FileBlobStore, clock: FakeClock) -> None:
            blob = blobs.open(await blobs.put(b"x" * 1000))
            assert await blob.read(0, 10) == b"x" * 10
            await clock.advance(3601)
            assert await collected(blobs) == 1
            assert await blob.read(990, 99) == b"x" * 10

        self.run(play)

    def test_the_same_body_put_by_many_at_once_is_stored_once(self) -> None:
        async def play(blobs: FileBlobStore, clock: FakeClock) -> None:
            names = await asyncio.gather(*(blobs.put(b"shared" * 1000) for _ in range(20)))
            assert len(set(names)) == 1
            assert len(list(self.folder.glob("??/*"))) == 1

        self.run(play)

    def test_a_full_disk_is_told_by_the_commit_and_leaves_nothing(self) -> None:
        async def play(blobs: FileBlobStore, clock: FakeClock) -> None:
            await blobs.put(b"small")
            with no_file_larger_than(50_000):
                writer = blobs.writer()
                for _ in range(10):
                    writer.write(b"x" * 10_000)
                assert writer.size == 100_000
                with pytest.raises(StorageFull):
                    await writer.commit()
                with pytest.raises(StorageFull):
                    await blobs.put(b"x" * 100_000)
            assert len(list(self.folder.glob("*/*"))) == 1

        self.run(play)

    def test_a_directory_that_cannot_be_written_is_damage(self) -> None:
        async def play(blobs: FileBlobStore, clock: FakeClock) -> None:
            self.folder.write_text("a file where the directory should be")
            with pytest.raises(DamagedStore, match="blobs"):
                await blobs.put(b"x")
            self.folder.unlink()

        self.run(play)


async def run_coroutine(
    play: BlobsScenario, blobs: FileBlobStore | MemoryBlobStore, clock: FakeClock
) -> None:
    await play(blobs, clock)
