"""One POP3 session at a time has a maildrop, whichever process it is in."""

import subprocess
import sys
from pathlib import Path

import pytest

from correo.base.errors import DamagedStore
from correo.store.maildrop_lock import FileMaildropLocks, MaildropLocks, MemoryMaildropLocks
from correo.store.model import AccountId

ANA, BOB = AccountId("ana"), AccountId("bob")


@pytest.fixture(params=["file", "memory"])
def locks(request: pytest.FixtureRequest, tmp_path: Path) -> MaildropLocks:
    if request.param == "memory":
        return MemoryMaildropLocks()
    return FileMaildropLocks(tmp_path / "run" / "maildrops")


def test_a_maildrop_has_one_owner_until_it_is_given_back(locks: MaildropLocks) -> None:
    first = locks.acquire(ANA)
    assert first is not None
    assert locks.acquire(ANA) is None
    other = locks.acquire(BOB)
    assert other is not None
    first.release()
    first.release()
    again = locks.acquire(ANA)
    assert again is not None
    assert locks.acquire(ANA) is None


def test_no_file_is_left_when_nobody_has_a_maildrop(tmp_path: Path) -> None:
    locks = FileMaildropLocks(tmp_path)
    for _ in range(3):
        lock = locks.acquire(ANA)
        assert lock is not None
        lock.release()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_removed_under_ones_hands_is_no_lock(tmp_path: Path) -> None:
    locks = FileMaildropLocks(tmp_path)
    first = locks.acquire(ANA)
    assert first is not None
    (tmp_path / ANA).unlink()
    second = locks.acquire(ANA)  # on a new file of that name
    assert second is not None
    first.release()  # must not remove the second one's
    assert locks.acquire(ANA) is None


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DamagedStore, match="file/x"):
        FileMaildropLocks(tmp_path / "file").acquire(AccountId("x"))


HOLDER = """
import sys, pathlib
from correo.store.maildrop_lock import FileMaildropLocks
lock = FileMaildropLocks(pathlib.Path(sys.argv[1])).acquire("ana")
print("mine" if lock else "busy", flush=True)
sys.stdin.read()
"""


def test_a_lock_of_another_process_counts_and_goes_when_that_is_killed(tmp_path: Path) -> None:
    locks = FileMaildropLocks(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"mine\n"
        assert locks.acquire(ANA) is None
        holder.kill()
        holder.wait()
    assert locks.acquire(ANA) is not None
