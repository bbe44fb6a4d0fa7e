"""`correo imap` as somebody at a terminal or a script meets it, against a running server."""

import contextlib
import io
import json
import os
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from correo.cli import main
from correo.testing.process import ServerProcess, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running("dev", tmp_path_factory.mktemp("correo")) as process:
        yield process


class Done(NamedTuple):
    code: int
    stdout: bytes
    stderr: str


class Terminal:
    """Runs the command for one user."""

    def __init__(self, server: ServerProcess) -> None:
        listener = server.listeners["imaps"]
        self.address = f"imaps://localhost:{listener.port}"
        self.authority = server.ca_certificate
        self.user = "bob@correo.test"
        self.password = "correo"

    def arguments(self, *arguments: str) -> list[str]:
        options = ["--server", self.address, "--user", self.user, "--ca", self.authority]
        return ["imap", *options, *arguments]

    def run(self, *arguments: str, given: bytes = b"") -> Done:
        """As a process of its own would, without the time it takes to start one."""
        said, complained = io.BytesIO(), io.StringIO()
        output = io.TextIOWrapper(said, "utf-8", write_through=True)
        with pytest.MonkeyPatch.context() as here, contextlib.redirect_stderr(complained):
            here.setattr(sys, "argv", ["correo", *self.arguments(*arguments)])
            here.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
            here.setattr(sys, "stdout", output)
            here.setenv("CORREO_PASSWORD", self.password)
            with pytest.raises(SystemExit) as ended:
                main()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, said.getvalue(), complained.getvalue())

    def output(self, *arguments: str, given: bytes = b"") -> str:
        done = self.run(*arguments, given=given)
        assert done.code == 0, done.stderr
        return done.stdout.decode()

    def rows(self, *arguments: str, given: bytes = b"") -> list[dict[str, Any]]:
        return [
            json.loads(line) for line in self.output(*arguments, "--json", given=given).splitlines()
        ]


@pytest.fixture
def terminal(server: ServerProcess) -> Terminal:
    return Terminal(server)


LETTER = (
    "From: Ana Núñez <ana@correo.test>\r\nTo: bob@correo.test\r\n"
    "Subject: =?utf-8?q?A=C3=B1o_nuevo?=\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
    "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    "\r\nFeliz a=F1o\r\n--b\r\nContent-Type: application/octet-stream\r\n"
    'Content-Disposition: attachment; filename="../../x y.bin"\r\n'
    "Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n"
).encode()


def file_letter(terminal: Terminal, mailbox: str) -> None:
    terminal.output("mkdir", mailbox)
    (row,) = terminal.rows("append", mailbox, "-", given=LETTER)
    assert row == {"file": "-", "uid": 1}


def test_ls_shows_the_mailboxes_and_their_counts(terminal: Terminal) -> None:
    (inbox,) = terminal.rows("ls", "INBOX")
    assert inbox["messages"] == 1
    table = terminal.output("ls").splitlines()
    assert table[0].split() == ["mailbox", "messages", "unseen", "size"]
    assert table[1].startswith("INBOX")


def test_headers_shows_decoded_names_and_subjects(terminal: Terminal) -> None:
    file_letter(terminal, "Headers")
    (row,) = terminal.rows("headers", "Headers")
    assert row["subject"] == "Año nuevo"
    assert row["from"] == ["Ana Núñez <ana@correo.test>"]
    assert row["size"] == len(LETTER)
    assert "Año nuevo" in terminal.output("headers", "Headers", "1:*")


def test_fetch_gives_the_octets_as_they_were_stored(terminal: Terminal, tmp_path: Path) -> None:
    file_letter(terminal, "Fetch")
    assert terminal.run("fetch", "Fetch", "1").stdout == LETTER
    terminal.output("fetch", "Fetch", "1:*", "-o", str(tmp_path / "new"))
    assert (tmp_path / "new" / "1.eml").read_bytes() == LETTER
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "1.eml"]


def test_fetch_gives_one_part_decoded(terminal: Terminal, tmp_path: Path) -> None:
    file_letter(terminal, "Parts")
    assert terminal.output("fetch", "Parts", "1", "--text").strip() == "Feliz año"
    assert terminal.run("fetch", "Parts", "1", "--part", "2").stdout == b"\0\1\2"
    header = terminal.run("fetch", "Parts", "1", "--header").stdout
    assert header == LETTER[: LETTER.index(b"\r\n\r\n") + 4]
    terminal.output("fetch", "Parts", "1", "--part", "2", "-o", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["1-_.._x y.bin"]


def test_fetch_leaves_messages_unread_unless_told(terminal: Terminal) -> None:
    file_letter(terminal, "Seen")
    terminal.run("fetch", "Seen", "1")
    assert terminal.rows("headers", "Seen")[0]["flags"] == []
    terminal.run("fetch", "Seen", "1", "--seen")
    assert terminal.rows("headers", "Seen")[0]["flags"] == ["\\Seen"]


def test_a_large_message_comes_back_as_it_went(terminal: Terminal, tmp_path: Path) -> None:
    large = b"Subject: large\r\n\r\n" + b"0123456789abcdef\r\n" * 40_000
    (tmp_path / "large.eml").write_bytes(large.replace(b"\r\n", b"\n"))
    terminal.output("mkdir", "Large")
    terminal.output("append", "Large", str(tmp_path / "large.eml"), "--flag", "\\Seen")
    terminal.output("fetch", "Large", "1", "-o", str(tmp_path))
    assert (tmp_path / "1.eml").read_bytes() == large
    assert terminal.run("fetch", "Large", "1").stdout == large


def test_search_finds_by_what_people_remember(terminal: Terminal) -> None:
    file_letter(terminal, "Search")
    assert terminal.rows("search", "Search", "--subject", "año", "--unseen") == [{"uid": 1}]
    assert terminal.output("search", "Search", "--keys", "OR SEEN FROM ana").split() == ["1"]
    assert terminal.output("search", "Search", "--since", "2020-01-01").split() == ["1"]
    nothing = terminal.run("search", "Search", "--from", "nobody")
    assert (nothing.code, nothing.stdout) == (1, b"")


def test_move_moves_and_makes_the_target_if_told(terminal: Terminal) -> None:
    file_letter(terminal, "Move")
    assert terminal.run("move", "Move", "1", "Moved/Año").code == 1
    (moved,) = terminal.rows("move", "Move", "1", "Moved/Año", "--create")
    assert moved == {"uid": 1, "new_uid": 1}
    assert terminal.rows("ls", "Move")[0]["messages"] == 0
    terminal.output("move", "Moved/Año", "1", "Move", "--copy")
    assert terminal.rows("ls", "Moved/Año")[0]["messages"] == 1


def test_moving_what_is_not_there_is_no_success(terminal: Terminal) -> None:
    file_letter(terminal, "Nothing to move")
    missing = terminal.run("move", "Nothing to move", "999", "Elsewhere", "--create")
    assert (missing.code, missing.stderr) == (1, "correo: no message 999 in Nothing to move\n")
    assert terminal.run("ls", "Elsewhere").code == 1


def test_watch_shows_what_arrives(terminal: Terminal, server: ServerProcess) -> None:
    watching = subprocess.Popen(
        [
            *[sys.executable, "-m", "correo"],
            *terminal.arguments("watch", "INBOX", "--count", "1", "--for", "60", "--json"),
        ],
        stdout=subprocess.PIPE,
        env={**os.environ, "CORREO_PASSWORD": "correo"},
    )
    try:
        listener = server.listeners["submission"]
        with smtplib.SMTP(listener.host, listener.port, timeout=20) as client:
            while watching.poll() is None:  # until one arrives after the watching began
                client.sendmail("ana@correo.test", ["bob@correo.test"], LETTER)
                try:
                    watching.wait(0.5)
                except subprocess.TimeoutExpired:
                    continue
        assert watching.stdout is not None
        row = json.loads(watching.stdout.readline())
        assert row["subject"] == "Año nuevo"
        assert watching.returncode == 0
    finally:
        watching.kill()
        watching.wait()
        if watching.stdout is not None:
            watching.stdout.close()


FAILURES = [
    ("no such mailbox", ["headers", "Nowhere"], 1, "no mailbox"),
    ("no such message", ["fetch", "INBOX", "4000000"], 1, "no message 4000000 in INBOX"),
    ("no such part", ["fetch", "INBOX", "1", "--part", "9"], 1, "no part 9"),
    ("no set of UIDs", ["fetch", "INBOX", "abc"], 2, "abc is no set of UIDs"),
    ("two kinds of part", ["fetch", "INBOX", "1", "--text", "--header"], 2, "choose one"),
    ("no day", ["search", "INBOX", "--since", "yesterday"], 2, "no day"),
    ("no file", ["append", "INBOX", "/nowhere/x.eml"], 1, "/nowhere/x.eml"),
    ("no flag", ["append", "INBOX", "-", "--flag", "\\Foo"], 2, "unknown system flag"),
    ("an empty message", ["append", "INBOX", "-"], 1, "is empty"),
]


@pytest.mark.parametrize(
    ("arguments", "code", "words"), [pytest.param(a, c, w, id=i) for i, a, c, w in FAILURES]
)
def test_what_cannot_be_done_is_one_sentence_and_an_exit_code(
    terminal: Terminal, arguments: list[str], code: int, words: str
) -> None:
    done = terminal.run(*arguments)
    said = " ".join(done.stderr.split())
    assert (done.code, words in said) == (code, True), said
    assert "Traceback" not in said


def test_a_wrong_password_is_1_and_an_unreachable_server_75(terminal: Terminal) -> None:
    terminal.password = "wrong"
    assert terminal.run("ls").code == 1
    terminal.address = "localhost:9"
    assert terminal.run("ls").code == 75


def test_the_port_says_how_tls_begins(terminal: Terminal, server: ServerProcess) -> None:
    terminal.address = f"localhost:{server.listeners['imap'].port}"
    assert terminal.rows("ls", "INBOX")
    terminal.authority = os.devnull
    failed = terminal.run("ls")
    assert failed.code != 0
