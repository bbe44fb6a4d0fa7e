"""`correo trace` shows dialogues line by line and messages step by step."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from correo.base.errors import NotFound, UsageError
from correo.cli.trace import app
from correo.testing.clock import FakeClock
from correo.trace.journey import Journal
from correo.trace.recorder import Tracer
from correo.trace.ring import Ring


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "node.db").touch()
    ring, clock = Ring(tmp_path / "trace"), FakeClock()
    recorder = Tracer(ring, clock).recorder(
        "smtp", is_server=True, peer=("192.0.2.1", 5), local=("127.0.0.1", 25)
    )
    recorder.sent(b"220 hi\r\n")
    recorder.received(b"QUIT\r\n")
    recorder.ended()
    journal = Journal(ring, clock)
    journal.note("M1", "accepted", sender="zoe@b.test")
    journal.note("M1", "relayed", host="mx.b.test", reply="250 ok")
    ring.close()
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments, "--data", str(folder)])
    assert result.exit_code == 0, result.output
    return result.output


def test_dialogues_are_listed_and_shown(folder: Path) -> None:
    [line] = run(folder, "list").splitlines()
    assert line.endswith("smtp <- 192.0.2.1:5  2 lines")
    name = line.split()[0]
    shown = run(folder, "show", name).splitlines()
    assert [each.split("  ", 1)[1] for each in shown] == [
        "smtp <- 192.0.2.1:5", "S: 220 hi", "C: QUIT", "-- end --",
    ]  # fmt: skip


def test_dialogues_are_listed_where_no_command_is_given(folder: Path) -> None:
    assert run(folder) == run(folder, "list")
    assert run(folder, "--json") == run(folder, "list", "--json")
    result = CliRunner().invoke(app, ["--data", str(folder), "show", "M1"])
    assert isinstance(result.exception, UsageError)


def test_messages_are_listed_and_shown(folder: Path) -> None:
    assert "accepted -> relayed" in run(folder, "list", "--messages")
    assert "relayed  host=mx.b.test  reply=250 ok" in run(folder, "show", "M1")


def test_both_are_to_be_had_for_programs(folder: Path) -> None:
    [listed] = [json.loads(line) for line in run(folder, "list", "--json").splitlines()]
    assert [each["text"] for each in listed["records"][1:3]] == ["220 hi", "QUIT"]
    steps = [json.loads(line) for line in run(folder, "show", "M1", "--json").splitlines()]
    assert [each["text"] for each in steps] == ["accepted", "relayed"]


def test_the_list_is_narrowed_by_words(folder: Path) -> None:
    assert run(folder, "list", "--messages", "--match", "mx.b.test")
    assert run(folder, "list", "--messages", "--match", "nowhere") == ""


def test_what_is_not_there_is_said(folder: Path) -> None:
    result = CliRunner().invoke(app, ["show", "M9", "--data", str(folder)])
    assert isinstance(result.exception, NotFound)
    result = CliRunner().invoke(app, ["list", "--data", str(folder / "other")])
    assert isinstance(result.exception, NotFound)
