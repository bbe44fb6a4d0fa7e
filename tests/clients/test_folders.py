"""Fetched messages on this machine: as other programs read them, whole or not at all."""

import mailbox
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.clients.folders import Draft, EmlFolder, Folder, Maildir, Mbox
from correo.clients.folders.mbox import FROM_LINE, FromQuoter

LETTER = b"Subject: one\r\n\r\nFrom here\r\n>From there\r\nfrom\r\n.\r\n\r\n"


def write(draft: Draft, octets: bytes, step: int = 7) -> None:
    for at in range(0, len(octets), step):
        draft.write(octets[at : at + step])


def test_a_maildir_is_read_by_others(tmp_path: Path) -> None:
    folder = Maildir(tmp_path / "mail" / "box")
    for _ in range(2):
        draft = folder.begin("x")
        write(draft, LETTER)
        path = draft.finish()
    assert path.read_bytes() == LETTER.replace(b"\r\n", b"\n")
    box = mailbox.Maildir(tmp_path / "mail" / "box")
    assert [message["Subject"] for message in box] == ["one", "one"]
    assert list((tmp_path / "mail" / "box" / "tmp").iterdir()) == []
    assert path.stat().st_mode & 0o777 == 0o600


def subjects(path: Path) -> list[str | None]:
    box = mailbox.mbox(path)
    found = [message["Subject"] for message in box]
    box.close()
    return found


def test_an_mbox_is_read_by_others_and_grows(tmp_path: Path) -> None:
    for _ in range(2):
        folder = Mbox(tmp_path / "box")
        for _ in range(2):
            draft = folder.begin("x")
            write(draft, LETTER)
            draft.finish()
        folder.close()
    assert subjects(tmp_path / "box") == ["one"] * 4
    text = (tmp_path / "box").read_bytes()
    assert text.count(b"\n>From here\n>>From there\nfrom\n.\n\n\n") == 4


def test_a_message_without_a_last_line_end_does_not_swallow_the_next(tmp_path: Path) -> None:
    folder = Mbox(tmp_path / "box")
    for octets in (b"Subject: a\r\n\r\nno end", b"", b"Subject: c\r\n\r\n"):
        draft = folder.begin("x")
        write(draft, octets)
        draft.finish()
    folder.close()
    assert subjects(tmp_path / "box") == ["a", None, "c"]


def test_eml_files_hold_the_octets_and_never_replace_one_another(tmp_path: Path) -> None:
    folder = EmlFolder(tmp_path / "mail")
    paths = []
    for name in ("id-1", "id-1", "../../etc/passwd", "..", "a b/ñ", "x" * 500):
        draft = folder.begin(name)
        write(draft, LETTER)
        paths.append(draft.finish())
    assert [path.read_bytes() for path in paths] == [LETTER] * 6
    assert len(set(paths)) == 6
    assert {path.parent for path in paths} == {tmp_path / "mail"}
    assert [path.name for path in paths[:2]] == ["id-1.eml", "id-1-2.eml"]


FOLDERS = [
    pytest.param(lambda path: Maildir(path), id="maildir"),
    pytest.param(lambda path: Mbox(path / "box"), id="mbox"),
    pytest.param(lambda path: EmlFolder(path), id="eml"),
]


def files(path: Path) -> dict[str, bytes]:
    return {
        os.path.join(base, name): Path(base, name).read_bytes()
        for base, _, names in os.walk(path)
        for name in names
    }


@pytest.mark.parametrize("make", FOLDERS)
def test_an_aborted_message_leaves_nothing(make: object, tmp_path: Path) -> None:
    folder: Folder = make(tmp_path)  # type: ignore[operator] # a parameter
    before = files(tmp_path)
    draft = folder.begin("x")
    write(draft, LETTER * 100_000, step=1 << 20)
    draft.abort()
    draft.abort()
    folder.close()
    assert files(tmp_path) == before


@pytest.mark.parametrize("make", FOLDERS)
def test_a_disk_that_is_full_at_the_end_leaves_nothing(
    make: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder: Folder = make(tmp_path)  # type: ignore[operator] # a parameter
    before = files(tmp_path)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    draft = folder.begin("x")
    write(draft, LETTER)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        draft.finish()
    draft.abort()
    folder.close()
    assert files(tmp_path) == before


PIECES = st.lists(st.sampled_from([b">", b"F", b"From ", b"rom ", b"\n", b"x", b" "])).map(b"".join)


@given(PIECES, st.integers(1, 9))
@settings(max_examples=200)
def test_from_lines_are_quoted_the_same_however_the_octets_are_split(
    octets: bytes, step: int
) -> None:
    quoter = FromQuoter()
    pieces = [octets[at : at + step] for at in range(0, len(octets), step)]
    quoted = b"".join(map(quoter.write, pieces)) + quoter.finish()
    assert quoted == FROM_LINE.sub(rb">\1", octets)
