"""What would hold up the event loop is indexed in another thread."""

import asyncio
from collections.abc import Callable

import pytest

from correo.mailbox.append import MANY_PARTS, THREAD_LIMIT, Prepared, prepare
from correo.message.index import MessageIndex
from correo.store.memory.blobs import MemoryBlobStore
from correo.testing.clock import FakeClock

CASES = [
    ("small", b"Subject: x\r\n\r\nhello\r\n", False),
    ("large", b"Subject: x\r\n\r\n" + b"z" * THREAD_LIMIT, True),
    ("of many parts", b"Subject: x\r\n\r\n" + b"\n--b" * (MANY_PARTS + 1), True),
]


@pytest.mark.parametrize(
    ("octets", "elsewhere"), [pytest.param(octets, e, id=name) for name, octets, e in CASES]
)
def test_a_message_is_indexed_where_it_holds_up_nobody(
    octets: bytes, elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[bytes] = []

    async def to_thread(call: Callable[[bytes], MessageIndex], octets: bytes) -> MessageIndex:
        given.append(octets)
        return call(octets)

    monkeypatch.setattr(asyncio, "to_thread", to_thread)

    async def main() -> Prepared:
        return await prepare(octets, MemoryBlobStore(FakeClock()))

    assert asyncio.run(main()).index.size == len(octets)
    assert given == ([octets] if elsewhere else [])
