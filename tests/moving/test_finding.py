"""What is found in folders and archives of other programs, and what it means."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from correo.base.errors import CorreoError
from correo.moving.finding import Survey, survey
from correo.moving.mbox_reader import read_mbox
from correo.moving.model import Broken, FoundMessage
from correo.moving.names import mailbox_name, maildir_levels, mbox_levels, under
from correo.moving.trees import ZipTree, open_tree

LETTER = b"Subject: one\n\nHola\n"
CRLF = b"Subject: one\r\n\r\nHola\r\n"


def put(path: Path, octets: bytes = LETTER, *, moment: int | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    if moment is not None:
        os.utime(path, (moment, moment))


def everything(found: Survey) -> dict[str, list[FoundMessage | Broken]]:
    return {box.mailbox: list(box.messages()) for box in found.boxes}


def look(path: Path) -> dict[str, list[FoundMessage | Broken]]:
    return everything(survey(open_tree(path)))


def test_a_maildir_gives_flags_keywords_dates_and_folders(tmp_path: Path) -> None:
    put(tmp_path / "cur" / "1.a:2,FRSTa", moment=1_500_000_000)
    put(tmp_path / "new" / "2.b", CRLF)
    put(tmp_path / "tmp" / "3.half")
    put(tmp_path / "dovecot-keywords", b"0 work\n1 home\n")
    put(tmp_path / "dovecot-uidlist", b"3 V1\n")
    put(tmp_path / ".Work.A&APE-o" / "cur" / "4.d:2,P")
    found = survey(open_tree(tmp_path))
    boxes = everything(found)
    assert list(boxes) == ["INBOX", "Work/Año"]
    first, second = boxes["INBOX"]
    assert isinstance(first, FoundMessage)
    assert (first.octets, first.internal_date) == (CRLF, 1_500_000_000)
    assert set(first.flags) == {"\\Flagged", "\\Answered", "\\Seen", "\\Deleted", "work"}
    assert isinstance(second, FoundMessage)
    assert (second.octets, second.flags) == (CRLF, ())
    assert boxes["Work/Año"][0].flags == ("$Forwarded",)  # type: ignore[union-attr]
    assert found.others == ["dovecot-keywords", "dovecot-uidlist"]


def test_eml_files_and_mbox_files_lie_side_by_side(tmp_path: Path) -> None:
    dated = b"Received: by x; Mon, 2 Jan 2006 15:04:05 -0700\r\nDate: x\r\n\r\n"
    put(tmp_path / "a.eml", dated)
    put(tmp_path / "Trips" / "b.EML", moment=1_400_000_000)
    put(tmp_path / "Old.sbd" / "1999", b"From a Sat Jan  1 00:00:00 2000\n" + LETTER)
    put(tmp_path / "notes.txt", b"From here on\n"[5:])
    boxes = look(tmp_path)
    assert list(boxes) == ["INBOX", "Old/1999", "Trips"]
    dates = [boxes[name][0].internal_date for name in boxes]  # type: ignore[union-attr]
    assert dates == [1_136_239_445, 946_684_800, 1_400_000_000]


def test_a_file_named_alone_goes_to_inbox_as_mbox_or_message(tmp_path: Path) -> None:
    put(tmp_path / "archive.mbox", b"From a Sat Jan  1 00:00:00 2000\n" + LETTER)
    put(tmp_path / "letter", LETTER)
    assert list(look(tmp_path / "archive.mbox")) == ["INBOX"]
    assert [one.octets for one in look(tmp_path / "letter")["INBOX"]] == [CRLF]  # type: ignore[union-attr]


def test_an_archive_is_read_as_the_folder_it_was_made_of(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "mail.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Mail/cur/1467049122.x:2,S", LETTER)
        archive.writestr("Mail/.Sent/new/1467049123.x", LETTER)
        archive.writestr("__MACOSX/Mail/cur/._1", b"\x00")
        archive.writestr("eml/a.eml", LETTER)
    boxes = look(tmp_path / "mail.zip")
    assert list(boxes) == ["Mail", "Mail/Sent", "eml"]
    assert boxes["Mail"][0].internal_date == 1467049122  # type: ignore[union-attr]


def test_a_damaged_archive_is_a_sentence_and_a_damaged_member_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "mail.zip"
    path.write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(CorreoError, match="no zip archive"):
        ZipTree(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.eml", LETTER)
        archive.writestr("b.eml", b"Subject: two\n\n")
    path.write_bytes(path.read_bytes().replace(b"Hola", b"Hole"))
    broken, sound = look(path)["INBOX"]
    assert isinstance(broken, Broken)
    assert "CRC" in broken.reason
    assert isinstance(sound, FoundMessage)


BROKEN = [
    ("empty", b"", "it is empty"),
    ("blank", b"\n \n", "it is empty"),
    ("a web page", b"<html>\n", "it does not begin with a header, so it is no message"),
]


@pytest.mark.parametrize(("octets", "reason"), [pytest.param(o, r, id=i) for i, o, r in BROKEN])
def test_a_file_that_is_no_message_is_broken_and_the_next_is_read(
    tmp_path: Path, octets: bytes, reason: str
) -> None:
    put(tmp_path / "a.eml", octets)
    put(tmp_path / "b.eml")
    broken, sound = look(tmp_path)["INBOX"]
    assert broken == Broken("a.eml", reason)
    assert isinstance(sound, FoundMessage)


def test_links_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere.eml")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "a.eml").symlink_to(tmp_path / "elsewhere.eml")
    assert survey(open_tree(tmp_path / "mail")).boxes == []


MBOX = b"""From ana@x.example Sat Jan  1 00:00:00 2000
Status: RO
X-Status: A
X-Keywords: work $Label1
Subject: one

>From the start
>>From quoted twice

From the start, without a date, at the begin of a paragraph

From 1234@xxx Sat Jan 01 00:00:01 +0000 2000
X-Gmail-Labels: Inbox,Starred,Unread
Subject: two

From MAILER-DAEMON Sat Jan  1 00:00:02 2000
X-IMAP: 1 2
Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA

x

From - Sat Jan  1 00:00:03 2000
X-Mozilla-Status: 0005
Subject: four

last line without its end"""


def test_an_mbox_is_taken_apart_where_messages_begin() -> None:
    first, second, fourth = read_mbox(io.BytesIO(MBOX), "old")
    assert isinstance(first, FoundMessage)
    assert first.octets == (
        b"Subject: one\r\n\r\nFrom the start\r\n>From quoted twice\r\n\r\n"
        b"From the start, without a date, at the begin of a paragraph\r\n"
    )
    assert first.flags == ("\\Seen", "\\Answered", "work", "$Label1")
    assert isinstance(second, FoundMessage)
    assert (second.flags, second.internal_date) == (("\\Flagged",), 946_684_801)
    assert isinstance(fourth, FoundMessage)
    assert fourth.flags == ("\\Seen", "\\Flagged")
    assert fourth.octets.endswith(b"\r\n\r\nlast line without its end")
    assert fourth.origin == "old, message 4"


def test_what_stands_before_the_first_message_of_an_mbox_is_broken() -> None:
    mbox = b"rubbish\n\nFrom a Sat Jan  1 00:00:00 2000\n" + LETTER
    broken, sound = read_mbox(io.BytesIO(mbox), "old")
    assert isinstance(broken, Broken)
    assert isinstance(sound, FoundMessage)


NAMES = [
    (mailbox_name([]), "INBOX"),
    (mailbox_name(["inbox", "x"]), "INBOX/x"),
    (mailbox_name(["a/b", "", "c\x00d"]), "a_b/c_d"),
    (mailbox_name(["#x"]), "_x"),
    (mailbox_name(["Shared", "x"]), "Shared/x"),
    (mailbox_name(["Shared", "ana@correo.test", "x"]), "Shared_ana@correo.test/x"),
    (mailbox_name(maildir_levels(".a\\2eb.c")), "a.b/c"),
    (mailbox_name(maildir_levels("x/R&D")), "x/R&D"),
    (mailbox_name(mbox_levels("Work.mbox/mbox")), "Work"),
    (under("INBOX", "Old"), "Old"),
    (under("Sent", "Old"), "Old/Sent"),
]


@pytest.mark.parametrize(("given", "name"), NAMES)
def test_folders_become_names_a_mailbox_can_have(given: str, name: str) -> None:
    assert given == name


def test_a_message_in_a_maildir_is_one_whatever_its_name(tmp_path: Path) -> None:
    put(tmp_path / "cur" / "1.a:2,S")
    put(tmp_path / "cur" / "saved.eml")
    assert len(look(tmp_path)["INBOX"]) == 2


def test_what_never_ends_is_not_waited_for(tmp_path: Path) -> None:
    put(tmp_path / "cur" / "1.a:2,S")
    os.mkfifo(tmp_path / "cur" / "2.b:2,S")
    os.mkfifo(tmp_path / "control")
    assert len(look(tmp_path)["INBOX"]) == 1


def test_a_file_that_is_no_mail_is_none_though_the_folder_has_no_other(tmp_path: Path) -> None:
    put(tmp_path / "notes.txt", b"Remember: the milk\n")
    found = survey(open_tree(tmp_path))
    assert (found.boxes, found.others) == ([], ["notes.txt"])


def test_folders_that_are_not_looked_into_are_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "mail" / "cur" / "1.a:2,S")
    put(tmp_path / "elsewhere" / "cur" / "2.b:2,S")
    (tmp_path / "mail" / ".Linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "mail" / ".Closed").mkdir()
    scan = os.scandir

    def scan_some(path: str) -> object:
        if path.endswith(".Closed"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_some)
    found = survey(open_tree(tmp_path / "mail"))
    assert sorted((each.origin, each.reason) for each in found.unreadable) == [
        (".Closed", "Permission denied"),
        (".Linked", "it is a symbolic link, which is not followed"),
    ]
