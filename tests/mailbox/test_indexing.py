"""A search finds the same with a full-text index, without one, and with a part of one."""

import asyncio
import base64
import io
import tempfile
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.mailbox import criteria as c
from correo.mailbox.append import prepare
from correo.mailbox.criteria import Criterion
from correo.mailbox.indexing import Indexing, index_account, index_some
from correo.mailbox.live import LiveMailbox
from correo.mailbox.search import search
from correo.store.api import AccountStore
from correo.store.bus import Bus
from correo.store.model import INBOX, AccountId, MessageRuns
from correo.store.sqlite import fulltext
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads
from correo.testing.clock import FakeClock
from correo.testing.imap_world import message

FILLER = [message(f"number {number}", f"filler {number}\r\n") for number in range(60)]
FILE = (
    b"Subject: files\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee there\r\n"
    b"--b\r\nContent-Type: application/pdf; name=invoice.pdf\r\n\r\nxyz\r\n--b--\r\n"
)


def word_file(text: str) -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", f"<document><p><t>{text}</t></p></document>")
    return octets.getvalue()


REPORT = (
    b"Subject: report\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nas discussed\r\n"
    b"--b\r\nContent-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(word_file("quarterly Überschuss discussed")).replace(b"\n", b"\r\n")
    + b"\r\n--b--\r\n"
)
MAIL = [
    message("Lunch at noon", "Bring the hello-world book\r\n"),
    message("=?utf-8?q?Caf=C3=A9?=", "Y2Fmw6kgY3J1ZG8=\r\n", Content_Transfer_Encoding="base64"),
    message("page", "<p class=hidden>th&eacute;<b>&acirc;tre</b></p>", Content_Type="text/html"),
    FILE,
    message("long", "A" * 500 + "needle" + "B" * 500 + "\r\n"),
    message("large", "word " * 300_000 + "haystack\r\n"),
    message("blob", "x" * 70_000 + " albatross\r\n"),
    b"no header at all",
    REPORT,
]
PIECES = [
    "hello", "HELLO-W", "o-w", "ello world", "lo", "noon", "café", "rudo", "THÉÂTRE", "hidden",
    "invoice.pdf", "voice", "needle", "A" * 40, "AneedleB", "haystack", "albatross", "no header",
    "filler 1", "filler 11", "number", "-", " ", "", "zzz", '"', "subject: lunch", "albatros", "haystak",
    "quarterly", "quartely", "überschuss", "discussed überschuss", "as discussed",
]  # fmt: skip

Play = Callable[[AccountStore], Awaitable[None]]


@pytest.fixture
def played(tmp_path: Path) -> Callable[[Play], None]:
    """Plays a scene with an empty account."""

    async def run(play: Play) -> None:
        threads = StorageThreads(1)
        store = SqliteStore(tmp_path, threads, Bus(tmp_path / "bus"), FakeClock())
        try:
            account = await store.create(AccountId("ana"))
            for octets in FILLER + MAIL:
                await file(store, account, octets)
            await play(account)
        finally:
            await store.close()
            threads.close()

    return lambda play: asyncio.run(run(play))


async def file(store: SqliteStore, account: AccountStore, octets: bytes) -> None:
    await account.append(INBOX, [(await prepare(octets, store.blobs)).new("")])


async def found(account: AccountStore, criterion: Criterion) -> list[int]:
    live = LiveMailbox(account, await account.snapshot(INBOX))
    return await search(live, live.uids.tolist(), criterion)


async def all_found(account: AccountStore) -> list[list[int]]:
    return [
        await found(account, criterion)
        for piece in PIECES
        for criterion in (
            c.BodyHolds(piece),
            c.TextHolds(piece),
            c.HeaderHolds("Subject", piece),
            c.TextHolds(piece, is_near=True),
            c.HeaderHolds("Subject", piece, is_near=True),
        )
    ]


def test_the_answer_is_the_same_with_and_without_an_index(
    played: Callable[[Play], None],
) -> None:
    async def play(account: AccountStore) -> None:
        expected = await all_found(account)
        assert [66] in expected  # the message that has too much text for the index
        assert await index_some(account) > 0
        assert await all_found(account) == expected
        assert await index_account(account) > 0
        assert await all_found(account) == expected
        assert await index_some(account) == 0
        await account.drop_text_index()
        assert await all_found(account) == expected

    played(play)


@pytest.mark.parametrize("is_indexed", [False, True])
def test_words_of_an_attached_document_are_found_by_what_is_near_only(
    played: Callable[[Play], None], is_indexed: bool
) -> None:
    async def play(account: AccountStore) -> None:
        if is_indexed:
            await index_account(account)
        report = [60 + len(MAIL)]
        for text in ("quarterly", "überschuss"):
            assert await found(account, c.BodyHolds(text)) == []
            assert await found(account, c.TextHolds(text)) == []
            assert await found(account, c.BodyHolds(text, is_near=True)) == report
            assert await found(account, c.TextHolds(text, is_near=True)) == report
            assert await found(account, c.HeaderHolds("Subject", text, is_near=True)) == []
        assert await found(account, c.BodyHolds("discussed")) == report
        assert (
            await found(account, c.TextHolds("report quarterly discussed", is_near=True)) == report
        )

    played(play)


def test_an_index_of_another_form_is_begun_anew(
    played: Callable[[Play], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(account: AccountStore) -> None:
        with monkeypatch.context() as before:
            before.setattr(fulltext, "FORM", fulltext.FORM - 1)
            await account.index_texts(0, [MessageRuns(1, frozenset(), frozenset({"old"}))])
        assert await index_account(account) == 60 + len(MAIL)
        assert await found(account, c.BodyHolds("old")) == []

    played(play)


def test_an_index_of_before_forms_were_told_apart_is_begun_anew(
    played: Callable[[Play], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(account: AccountStore) -> None:
        near = c.BodyHolds("quarterly", is_near=True)
        with monkeypatch.context() as before:
            tables = fulltext.TABLES.replace(" attached,", "").replace(
                ",\n    form INTEGER NOT NULL", ""
            )
            before.setattr(fulltext, "TABLES", tables)
            before.setattr(fulltext, "add", add_as_before)
            await account.index_texts(0, [MessageRuns(1, frozenset(), frozenset({"old"}))])
        assert await found(account, near) == [60 + len(MAIL)]
        assert await index_account(account) == 60 + len(MAIL)
        assert await found(account, near) == [60 + len(MAIL)]
        assert await found(account, c.BodyHolds("old")) == []

    def add_as_before(connection: apsw.Connection, after: int, batch: list[MessageRuns]) -> None:
        connection.execute(fulltext.TABLES)
        connection.execute("INSERT INTO text_index (rowid, header, body) VALUES (1, '', 'old')")
        connection.execute("INSERT INTO text_state VALUES (1, 68)")

    played(play)


def test_a_single_word_is_answered_without_reading_a_message(
    played: Callable[[Play], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(account: AccountStore) -> None:
        await index_account(account)
        skipped = await found(account, c.BodyHolds("haystack"))
        monkeypatch.setattr("correo.mailbox.search.text_test", lambda _: nothing_is_there)
        assert await found(account, c.BodyHolds("hello")) == [61]
        assert await found(account, c.BodyHolds("haystack")) == []
        assert skipped == [66]

    async def nothing_is_there(octets: object, structure: object) -> bool:
        return False

    played(play)


def test_runs_too_common_to_be_looked_up_are_read(
    played: Callable[[Play], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("correo.store.sqlite.fulltext.TERMS_LIMIT", 3)

    async def play(account: AccountStore) -> None:
        expected = await all_found(account)
        await index_account(account)
        assert await all_found(account) == expected

    played(play)


def test_messages_that_are_gone_are_out_of_the_index(played: Callable[[Play], None]) -> None:
    async def play(account: AccountStore) -> None:
        await index_account(account)
        await account.expunge(INBOX, [61], only_deleted=False)
        assert await found(account, c.BodyHolds("hello")) == []

    played(play)


def test_an_index_made_by_another_process_meanwhile_is_left_alone(
    played: Callable[[Play], None],
) -> None:
    async def play(account: AccountStore) -> None:
        late = await account.unindexed()
        await index_account(account)
        expected = await all_found(account)
        await account.index_texts(late.after, [])
        assert await index_some(account) == 0
        assert await all_found(account) == expected

    played(play)


def test_a_search_that_had_to_read_gets_an_index_in_the_background(
    played: Callable[[Play], None],
) -> None:
    async def play(account: AccountStore) -> None:
        indexing = Indexing()
        live = LiveMailbox(account, await account.snapshot(INBOX))
        wanted = c.BodyHolds("hello")
        assert await search(live, live.uids, wanted, wants_index=indexing.want) == [61]
        while (await account.unindexed()).messages:
            await asyncio.sleep(0)
        await indexing.close()

    played(play)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_piece_of_any_text_is_found(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.text(max_size=80), min_size=1, max_size=4))
    chosen = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(chosen)))
    piece = chosen[start : start + data.draw(st.integers(0, 8))]

    async def play() -> None:
        with tempfile.TemporaryDirectory() as folder:
            threads = StorageThreads(1)
            store = SqliteStore(Path(folder), threads, Bus(Path(folder) / "bus"), FakeClock())
            account = await store.create(AccountId("ana"))
            for text in texts * 15:
                body = text.encode("utf-8", "surrogatepass")
                head = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
                await file(store, account, head + body)
            expected = await found(account, c.BodyHolds(piece))
            await index_account(account)
            assert await found(account, c.BodyHolds(piece)) == expected
            await store.close()
            threads.close()

    asyncio.run(play())
