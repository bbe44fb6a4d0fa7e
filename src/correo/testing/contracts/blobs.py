"""What every blob store must do; a backend's tests subclass this and say how to make one."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from correo.base.errors import DamagedStore, UsageError
from correo.store.api import BlobStore
from correo.store.model import StoredBlob
from correo.testing.clock import FakeClock

__all__ = ["BlobsContract", "BlobsScenario"]

BlobsScenario = Callable[[Any, FakeClock], Awaitable[None]]
BODY = bytes(range(256)) * 1000


def name_of(octets: bytes) -> StoredBlob:
    return StoredBlob(hashlib.sha256(octets).hexdigest(), len(octets))


async def collected(blobs: Any, *names: StoredBlob) -> int:
    """Collect while these are in use."""

    async def names_in_use() -> set[str]:
        return {name.digest for name in names}

    count: int = await blobs.collect(names_in_use)
    return count


class BlobsContract(ABC):
    """Subclass it, with `run` that makes an empty store and plays the scenario."""

    @abstractmethod
    def run(self, play: BlobsScenario) -> None:
        """Make an empty store and play the scenario with it."""

    @pytest.mark.parametrize("octets", [b"", b"x", BODY], ids=["empty", "one octet", "large"])
    def test_what_was_put_comes_back_under_its_digest(self, octets: bytes) -> None:
        async def play(blobs: BlobStore, _: FakeClock) -> None:
            name = await blobs.put(octets)
            assert name == name_of(octets)
            assert await blobs.read_all(name) == octets
            assert await blobs.put(octets) == name

        self.run(play)

    @pytest.mark.parametrize("step", [1, 7, 1000, 300_000])
    def test_what_was_written_in_pieces_is_the_same_as_at_once(self, step: int) -> None:
        octets = BODY[:3000] if step < 100 else BODY

        async def play(blobs: BlobStore, _: FakeClock) -> None:
            writer = blobs.writer()
            for start in range(0, len(octets), step):
                writer.write(octets[start : start + step])
            assert writer.size == len(octets)
            assert await writer.commit() == name_of(octets)
            assert await blobs.read_all(name_of(octets)) == octets

        self.run(play)

    def test_an_empty_body_can_be_written(self) -> None:
        async def play(blobs: BlobStore, _: FakeClock) -> None:
            assert await blobs.read_all(await blobs.writer().commit()) == b""

        self.run(play)

    @pytest.mark.parametrize(
        ("offset", "length"),
        [(0, 10), (100, 1), (255_990, 10), (255_990, 99), (256_000, 5), (999_999, 5), (0, 999_999)],
    )
    def test_a_range_is_read_as_far_as_there_is_something(self, offset: int, length: int) -> None:
        async def play(blobs: BlobStore, _: FakeClock) -> None:
            blob = blobs.open(await blobs.put(BODY))
            assert blob.size == len(BODY)
            assert await blob.read(offset, length) == BODY[offset : offset + length]

        self.run(play)

    def test_an_aborted_body_leaves_nothing_and_takes_nothing_more(self) -> None:
        async def play(blobs: BlobStore, _: FakeClock) -> None:
            writer = blobs.writer()
            writer.write(BODY)
            writer.abort()
            writer.abort()
            with pytest.raises(UsageError):
                writer.write(b"x")
            with pytest.raises(DamagedStore):
                await blobs.read_all(name_of(BODY))

        self.run(play)

    def test_a_missing_blob_is_damage(self) -> None:
        async def play(blobs: BlobStore, _: FakeClock) -> None:
            missing = name_of(b"?")
            with pytest.raises(DamagedStore, match=missing.digest[2:]):
                await blobs.read_all(missing)
            with pytest.raises(DamagedStore, match=missing.digest[2:]):
                await blobs.open(missing).read(0, 1)
            with pytest.raises(DamagedStore):
                blobs.keep(name_of(b"?"))

        self.run(play)

    def test_a_blob_that_nobody_names_is_collected_after_an_hour(self) -> None:
        async def play(blobs: BlobStore, clock: FakeClock) -> None:
            named, unnamed = await blobs.put(b"named"), await blobs.put(b"unnamed")
            assert await collected(blobs, named) == 0
            await clock.advance(3601)
            assert await collected(blobs, named) == 1
            assert await blobs.read_all(named) == b"named"
            with pytest.raises(DamagedStore):
                await blobs.read_all(unnamed)

        self.run(play)

    def test_a_blob_that_is_about_to_be_named_is_kept(self) -> None:
        async def play(blobs: BlobStore, clock: FakeClock) -> None:
            kept, put_again = await blobs.put(b"kept"), await blobs.put(b"put again")
            await clock.advance(3601)
            blobs.keep(kept)
            await blobs.put(b"put again")
            assert await collected(blobs) == 0
            await clock.advance(3601)
            assert await collected(blobs) == 2
            assert put_again != kept

        self.run(play)

    def test_a_collected_blob_can_be_put_again(self) -> None:
        async def play(blobs: BlobStore, clock: FakeClock) -> None:
            name = await blobs.put(b"again")
            await clock.advance(3601)
            assert await collected(blobs) == 1
            assert await blobs.put(b"again") == name
            assert await blobs.read_all(name) == b"again"

        self.run(play)
