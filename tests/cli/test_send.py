"""`correo send` builds messages or takes them ready-made, and says by its exit code what came of it."""

import io
import json
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from correo.base.errors import Refusal, UsageError
from correo.cli.send import app
from correo.cli.send_compose import Options, letters
from correo.intake.api import Role
from correo.message.headers import first
from correo.testing.sink import Received, ThreadedSink

READY = b"From: Ana <ana@a.test>\nTo: bob@b.test\nBcc: zoe@b.test\nSubject: ready\n\n.dot\n"


@pytest.fixture
def sink() -> Iterator[ThreadedSink]:
    made = ThreadedSink(role=Role.SUBMISSION)
    yield made
    made.close()


def run(sink: ThreadedSink, *arguments: str, pipe: bytes = b"") -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments, "--server", sink.server], input=pipe)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def recipients(received: Received) -> list[str]:
    return [address for address, _ in received.recipients]


def test_a_text_from_a_pipe_is_sent(sink: ThreadedSink) -> None:
    code, output = run(
        sink, "bob@b.test", "-f", "Ana <ana@a.test>", "-s", "qué tal", pipe="hola ñ\n".encode()
    )
    assert code == 0
    assert "bob@b.test: 250" in output
    [received] = sink.received
    assert (received.reverse_path, recipients(received)) == ("ana@a.test", ["bob@b.test"])
    assert first(received.content, b"subject") == b"=?utf-8?q?qu=C3=A9_tal?="
    assert first(received.content, b"date")
    assert first(received.content, b"message-id")


def test_files_and_html_go_along_and_blind_copies_are_not_shown(
    sink: ThreadedSink, tmp_path: Path
) -> None:
    page, picture = tmp_path / "page.html", tmp_path / "dot.png"
    page.write_text("<p>hola</p>")
    picture.write_bytes(b"\x89PNG")
    code, _ = run(
        sink, "--to", "bob@b.test, eve@b.test", "--cc", "cid@b.test", "--bcc", "zoe@b.test",
        "--from", "ana@a.test", "--text", "hola", "--html", str(page), "--attach", str(picture),
        "--header", "X-Thing: yes",
    )  # fmt: skip
    assert code == 0
    [received] = sink.received
    assert recipients(received) == ["bob@b.test", "eve@b.test", "cid@b.test", "zoe@b.test"]
    content = received.content
    assert b"zoe@b.test" not in content
    assert b"multipart/alternative" in content
    assert b"Content-Type: image/png" in content
    assert first(content, b"x-thing") == b"yes"


@pytest.mark.parametrize("way", ["pipe", "file"])
def test_a_ready_made_message_goes_as_it_is_to_those_it_names(
    sink: ThreadedSink, way: str, tmp_path: Path
) -> None:
    path = tmp_path / "ready.eml"
    path.write_bytes(READY)
    code, _ = run(sink, "--message", "-" if way == "pipe" else str(path), pipe=READY)
    assert code == 0
    [received] = sink.received
    assert recipients(received) == ["bob@b.test", "zoe@b.test"]
    assert received.content == (
        b"From: Ana <ana@a.test>\r\nTo: bob@b.test\r\nSubject: ready\r\n\r\n.dot\r\n"
    )


def test_several_messages_share_a_connection(sink: ThreadedSink, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.eml" for number in range(3)]
    for path in paths:
        path.write_bytes(READY)
    arguments = [argument for path in paths for argument in ("-m", str(path))]
    code, _ = run(sink, *arguments, "only@b.test", "--tls", "none")  # else it may look first
    assert code == 0
    assert [recipients(each) for each in sink.received] == [["only@b.test"]] * 3
    assert sink.sink.connections == 1


def test_a_large_message_goes_whole(sink: ThreadedSink, tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(range(256)) * 4000)
    code, _ = run(sink, "bob@b.test", "-f", "ana@a.test", "--text", "x", "-a", str(path))
    assert code == 0
    assert len(sink.received[0].content) > 1_000_000


EXITS = [
    # id              refusal                              code
    ("for ever", Refusal("5.1.1", "no such user"), 1),
    ("for now", Refusal("4.2.1", "asleep", reply=450), 75),
]


@pytest.mark.parametrize(("refusal", "code"), [pytest.param(r, c, id=i) for i, r, c in EXITS])
def test_the_exit_code_says_whether_trying_again_makes_sense(
    sink: ThreadedSink, refusal: Refusal, code: int
) -> None:
    sink.sink.refusals["bad@b.test"] = refusal
    exit_code, output = run(
        sink, "bad@b.test", "ok@b.test", "-f", "ana@a.test", "--text", "x", "--json"
    )
    assert exit_code == code
    first_line, second_line = (json.loads(line) for line in output.splitlines())
    assert (first_line["recipient"], first_line["accepted"]) == ("bad@b.test", False)
    assert refusal.text in first_line["reply"]
    assert second_line["accepted"]
    assert len(sink.received) == 1


def test_nobody_at_home_may_be_there_later(sink: ThreadedSink) -> None:
    arguments = ["bob@b.test", "-f", "a@a.test", "--text", "x", "--server", "127.0.0.1:1"]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, Refusal)
    assert result.exception.is_temporary
    assert "127.0.0.1:1" in result.exception.text


def test_eight_bits_are_mended_for_a_server_of_seven() -> None:
    without = frozenset({"8BITMIME", "SMTPUTF8"})
    sink = ThreadedSink(role=Role.SUBMISSION, without=without)
    try:
        ready = "From: a@a.test\nTo: b@b.test\nSubject: ñ\n\nñ\n".encode()
        code, _ = run(sink, "-m", "-", pipe=ready)
        assert code == 0
        assert sink.received[0].content.isascii()
    finally:
        sink.close()


def test_reports_are_asked_for(sink: ThreadedSink) -> None:
    code, _ = run(
        sink, "bob@b.test", "-f", "a@a.test", "--text", "x", "--notify", "success,delay",
        "--envelope-from", "<>",
    )  # fmt: skip
    assert code == 0
    [received] = sink.received
    assert received.reverse_path == ""
    assert received.recipients[0][1].notify == {"SUCCESS", "DELAY"}


WRONG = [
    # id                     options                                            words
    ("nobody sends", {"to": ["b@b.test"], "text": "x"}, "--from"),
    ("nobody gets it", {"sender": "a@a.test", "text": "x"}, "no recipient"),
    ("nothing to say", {"sender": "a@a.test", "to": ["b@b.test"]}, "say something"),
    ("no address", {"sender": "a@a.test", "to": ["bob"], "text": "x"}, "'bob' is not an address"),
    ("two kinds", {"message": ["-"], "subject": "x"}, "ready-made"),
    ("no pipe", {"message": ["-"]}, "pipe"),
    ("odd report", {"sender": "a@a.test", "to": ["b@b.test"], "text": "x", "notify": "often"},
     "--notify"),
    ("odd field", {"sender": "a@a.test", "to": ["b@b.test"], "text": "x", "header": ["x"]},
     "--header"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "words"), [pytest.param(g, w, id=i) for i, g, w in WRONG])
def test_what_is_missing_is_said_in_one_sentence(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        letters(Options(hostname="here", **given), None)


def test_an_mbox_line_in_front_is_left_out() -> None:
    [letter] = letters(
        Options(hostname="h", message=["-"]), io.BytesIO(b"From ana@a.test Thu Jan 1\n" + READY)
    )
    assert isinstance(letter.content, bytes)
    assert letter.content.startswith(b"From: Ana")


def test_direct_mail_goes_to_the_recipient_s_own_server(
    sink: ThreadedSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("correo.delivery.exchangers.SMTP_PORT", sink.sink.port)
    arguments = ["bob@[127.0.0.1]", "-f", "ana@a.test", "--text", "x", "--direct"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert recipients(sink.received[0]) == ["bob@[127.0.0.1]"]


def test_direct_mail_to_a_server_that_is_down_may_work_later(
    sink: ThreadedSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("correo.delivery.exchangers.SMTP_PORT", 1)
    arguments = ["bob@[127.0.0.1]", "-f", "ana@a.test", "--text", "x", "--direct"]
    assert CliRunner().invoke(app, arguments).exit_code == 75


@pytest.mark.parametrize(("greeting", "code"), [("554 5.7.1 not you", 1), ("421 4.3.2 busy", 75)])
def test_direct_mail_to_a_server_that_turns_us_away_ends_as_it_says(
    monkeypatch: pytest.MonkeyPatch, greeting: str, code: int
) -> None:
    class Doorman(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(f"{greeting}\r\n".encode())

    with socketserver.TCPServer(("127.0.0.1", 0), Doorman) as server:
        monkeypatch.setattr("correo.delivery.exchangers.SMTP_PORT", server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        arguments = ["bob@[127.0.0.1]", "-f", "ana@a.test", "--text", "x", "--direct"]
        result = CliRunner().invoke(app, arguments)
        server.shutdown()
        thread.join()
    assert result.exit_code == code
    assert greeting in result.output


def test_direct_and_a_server_contradict_each_other(sink: ThreadedSink) -> None:
    with pytest.raises(UsageError, match="--direct"):
        run(sink, "bob@b.test", "-f", "ana@a.test", "--text", "x", "--direct")
