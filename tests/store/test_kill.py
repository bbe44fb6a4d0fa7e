"""kill -9 amid acknowledged writes of two processes: nothing acknowledged is lost or doubled."""

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from correo.base.blobs import Blob
from correo.store.bus import Bus
from correo.store.model import INBOX, AccountId, Column
from correo.store.sqlite.account import SqliteAccountStore
from correo.store.sqlite.recovery import recover
from correo.store.sqlite.store import SqliteStore
from correo.store.sqlite.threads import StorageThreads
from correo.testing.clock import FakeClock
from correo.testing.contracts.scene import real_message

pytestmark = pytest.mark.slow  # processes that are killed

VICTIM = Path(__file__).with_name("kill_victim.py")
ACCOUNTS = 3

Said = dict[tuple[str, int], str]


@pytest.mark.parametrize("lines", [1, 50, 400, 1500])
def test_what_was_acknowledged_before_the_kill_is_there_once(tmp_path: Path, lines: int) -> None:
    asyncio.run(make_accounts(tmp_path))
    said: Said = {}
    for round_number in range(2):
        said.update(kill_after(tmp_path, lines, seed=str(round_number)))
        asyncio.run(check(tmp_path, said))


def kill_after(folder: Path, lines: int, seed: str) -> Said:
    """Start two writers, kill both when the first has said this much; all that they said."""
    victims = [
        subprocess.Popen(
            [sys.executable, str(VICTIM), str(folder), f"{seed}{number}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    output = victims[0].stdout
    assert output is not None
    heard = [output.readline() for _ in range(lines)]
    for victim in victims:
        victim.kill()
    for victim in victims:
        assert victim.stdout is not None
        heard += victim.stdout.readlines()
        victim.wait()
        victim.stdout.close()
    said: Said = {}
    for line in heard:
        if line.endswith("\n"):  # the last one may be cut
            account, uid, text = line.split()
            said[account, int(uid)] = text
    return said


def running_store(folder: Path) -> tuple[SqliteStore, StorageThreads]:
    threads = StorageThreads(2)
    return SqliteStore(folder, threads, Bus(), FakeClock()), threads


async def make_accounts(folder: Path) -> None:
    store, threads = running_store(folder)
    for number in range(ACCOUNTS):
        await store.create(AccountId(f"account{number}"))
    await store.close()
    threads.close()


async def check(folder: Path, said: Said) -> None:
    store, threads = running_store(folder)
    recover(folder, store.blobs)
    for number in range(ACCOUNTS):
        name = f"account{number}"
        account = await store.open(AccountId(name))
        mine = {uid: text for (each, uid), text in said.items() if each == name}
        await check_account(account, mine)
    await store.close()
    threads.close()


async def check_account(account: SqliteAccountStore, said: dict[int, str]) -> None:
    there = await texts(account)
    for uid, text in said.items():
        if uid < 0:
            assert -uid not in there
        elif -uid not in said:
            assert there.get(uid) == text or was_being_expunged(uid, text, there)
    assert max(Counter(there.values()).values(), default=0) <= 1
    mailbox = await account.mailbox("INBOX")
    assert mailbox.messages == len(there)
    assert mailbox.uid_next > max((*there, *map(abs, said)), default=0)
    assert (await account.usage())[1] == len(there)
    verdict = await account._read(lambda c: c.execute("PRAGMA integrity_check").get)
    assert verdict == "ok"


def was_being_expunged(uid: int, text: str, there: dict[int, str]) -> bool:
    """Every fifth message is expunged; the kill may have come before that could be said."""
    return uid not in there and int(text.rpartition("-")[2]) % 5 == 0


async def texts(account: SqliteAccountStore) -> dict[int, str]:
    """UID to the text in the message, which must be whole."""
    found = {}
    uids = (await account.snapshot(INBOX)).uids
    columns = [Column.UID, Column.PREVIEW, Column.SIZE, Column.OCTETS]
    async for batch in account.fetch(INBOX, uids, columns):
        for uid, preview, size, value in batch:
            assert isinstance(uid, int)
            assert isinstance(size, int)
            octets = value if isinstance(value, bytes) else await read_all(value, size)
            assert octets == real_message(str(preview), size=size).octets
            found[uid] = str(preview)
    return found


async def read_all(blob: object, size: int) -> bytes:
    reader: Blob = blob  # type: ignore[assignment]  # whatever is not bytes in this column
    return await reader.read(0, size)
