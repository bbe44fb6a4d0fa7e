"""Sections are written for what they cost: each part is decoded once."""

import asyncio

import pytest

from correo.base.blobs import Chunk
from correo.mailbox import sections
from correo.message.scan import scan
from correo.message.structure import Structure
from correo.servers.imap import body
from correo.store.model import Octets
from correo.wire.imap.fetch_items import BinarySection, BinarySize

MESSAGE = b"Content-Transfer-Encoding: base64\r\n\r\naG9sYQ==\r\n"


def test_many_partials_of_one_part_decode_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[tuple[int, ...]] = []
    decode = sections.binary

    async def counted(octets: Octets, tree: Structure, part: tuple[int, ...]) -> bytes | None:
        decoded.append(part)
        return await decode(octets, tree, part)

    async def play() -> list[Chunk]:
        letters = [BinarySection((1,), (at, 1), True, b"BINARY[1]<%d>" % at) for at in range(4)]
        items: list[body.BodyItem] = [*letters, BinarySize((1,), b"BINARY.SIZE[1]")]
        row = (scan(MESSAGE).structure, MESSAGE)
        return await body.sections_of(b"* 1 FETCH (", items, row)

    monkeypatch.setattr(sections, "binary", counted)
    assert asyncio.run(play()) == [
        b"* 1 FETCH (BINARY[1]<0> {1}\r\nh BINARY[1]<1> {1}\r\no BINARY[1]<2> {1}\r\nl"
        b" BINARY[1]<3> {1}\r\na BINARY.SIZE[1] 4)\r\n"
    ]
    assert decoded == [(1,)]
