"""`correo queue` steers what waits, from outside, and says in one sentence what it cannot do."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from correo.app.premises import opened
from correo.base.errors import NotFound
from correo.cli.queue import app, distance
from correo.store.queue import QueuedRecipient
from correo.store.sqlite.queue import SqliteQueue
from correo.testing.contracts.queue_store import queued


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    async def fill() -> None:
        async with opened(tmp_path / "data", make=True) as premises:
            queue = SqliteQueue(tmp_path / "data" / "queue.db", premises.threads)
            failing = QueuedRecipient(
                "zoe@b.test", status="4.4.1", diagnostic="450 busy", host="mx.b.test", tried_at=9.0
            )
            blob = await premises.store.blobs.put(b"A large one.\r\n")
            later = time.time() + 3600.0
            await queue.add(
                [
                    replace(queued("M1", due=later), recipients=[failing]),
                    queued("M2", content=blob, due=later),
                ]
            )
            await queue.close()
            await premises.administration.domains()  # makes node.db

    asyncio.run(fill())
    return tmp_path / "data"


def run(folder: Path, *arguments: str, fails: bool = False) -> str:
    result = CliRunner().invoke(app, [*arguments, "--data", str(folder)])
    if not fails:
        assert result.exit_code == 0, result.output
    return result.output


def objects(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_the_list_shows_who_waits_and_why(folder: Path) -> None:
    output = run(folder, "list")
    assert "M1" in output
    assert "mx.b.test said: 450 busy" in output
    assert "2 messages, " in output


def test_the_list_is_to_be_had_for_programs(folder: Path) -> None:
    first, second = objects(run(folder, "list", "--json"))
    assert (first["id"], second["id"]) == ("M1", "M2")
    assert first["recipients"][0]["reply"] == "450 busy"


def test_one_message_is_shown_whole(folder: Path) -> None:
    assert "zoe@b.test: waiting" in run(folder, "show", "M1")
    assert "A large one." in run(folder, "show", "M2", "--content")


def test_an_unknown_message_is_named(folder: Path) -> None:
    result = CliRunner().invoke(app, ["show", "M9", "--data", str(folder)])
    assert isinstance(result.exception, NotFound)
    assert "M9" in str(result.exception)


def test_messages_are_held_and_released(folder: Path) -> None:
    assert run(folder, "hold", "M1") == "1 message held\n"
    assert [each["held"] for each in objects(run(folder, "list", "--json"))] == [True, False]
    assert run(folder, "release", "--all") == "2 messages released\n"
    assert [each["held"] for each in objects(run(folder, "list", "--json"))] == [False, False]


def test_messages_are_made_due(folder: Path) -> None:
    run(folder, "retry", "--all")
    assert all(each["due"] <= time.time() for each in objects(run(folder, "list", "--json")))


def test_a_held_message_is_not_said_to_be_tried(folder: Path) -> None:
    run(folder, "hold", "M1")
    said = run(folder, "retry", "--all")
    assert said.startswith("1 message to be tried now\n1 message held: ")
    assert "correo queue release" in said
    assert "0 messages to be tried now\n1 message held" in run(folder, "retry", "M1")
    run(folder, "release", "M1")
    assert all(each["due"] <= time.time() for each in objects(run(folder, "list", "--json")))


def test_messages_are_dropped(folder: Path) -> None:
    run(folder, "drop", "M2")
    assert [each["id"] for each in objects(run(folder, "list", "--json"))] == ["M1"]
    result = CliRunner().invoke(app, ["drop", "M1", "M2", "--data", str(folder)])
    assert isinstance(result.exception, NotFound)
    assert "1 of 2" in str(result.exception)
    assert run(folder, "list", "--json") == ""


def test_a_change_needs_names_or_all_and_not_both(folder: Path) -> None:
    assert "--all" in run(folder, "drop", fails=True)
    assert "--all" in run(folder, "drop", "M1", "--all", fails=True)
    assert len(objects(run(folder, "list", "--json"))) == 2


def test_a_running_server_hears_of_it(folder: Path) -> None:
    from correo.store.bus import Bus
    from correo.store.queue import QUEUE_NEWS

    async def listen() -> None:
        bus, heard = Bus(folder / "run" / "bus"), asyncio.Event()
        bus.start()
        bus.watch(QUEUE_NEWS, lambda _: heard.set())
        await asyncio.to_thread(run, folder, "retry", "M1")
        await asyncio.wait_for(heard.wait(), 5)
        bus.close()

    asyncio.run(listen())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "now"), (5, "in 5 s"), (90, "in 2 min"), (7200, "in 2 h"), (200_000, "in 2 d")],
)
def test_a_distance_in_time_is_one_number(seconds: float, words: str) -> None:
    assert distance(seconds) == words
