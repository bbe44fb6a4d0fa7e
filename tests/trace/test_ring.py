"""The ring on disk: bounded, shared by processes, read whole or as it grows."""

import asyncio
import os
from pathlib import Path

from correo.testing.clock import FakeClock
from correo.trace.journey import Journal
from correo.trace.record import Kind, Record
from correo.trace.recorder import Tracer
from correo.trace.ring import Ring, Tail, read_all


def test_records_come_back_in_order_of_time_whoever_wrote_them(tmp_path: Path) -> None:
    first, second = Ring(tmp_path), Ring(tmp_path)
    first.append(Record(1.0, Kind.SAID, "one"))
    second.append(Record(2.0, Kind.SAID, "two", details={"a": "b"}))
    first.append(Record(3.0, Kind.SAID, "drei ünd\n"))
    assert [each.text for each in read_all(tmp_path)] == ["one", "two", "drei ünd\n"]
    assert read_all(tmp_path)[1].details == {"a": "b"}
    first.close()
    second.close()


def test_old_records_go_when_the_limit_is_reached(tmp_path: Path) -> None:
    limit = 160_000
    ring = Ring(tmp_path, limit=limit)
    for number in range(5000):
        ring.append(Record(float(number), Kind.SAID, "x" * 100))
    ring.close()
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert limit // 2 < size <= limit
    kept = [each.at for each in read_all(tmp_path)]
    assert kept[-1] == 4999.0
    assert kept == sorted(kept)


def test_in_a_loop_records_are_written_together_and_no_timer_is_left(tmp_path: Path) -> None:
    async def run() -> None:
        ring = Ring(tmp_path)
        for number in range(3):
            ring.append(Record(float(number), Kind.SAID))
        assert read_all(tmp_path) == []
        timer = ring._timer
        assert timer is not None
        ring.flush()
        assert len(read_all(tmp_path)) == 3
        assert timer.cancelled()
        ring.close()

    asyncio.run(run())


def test_a_tail_gives_each_record_once_and_leaves_torn_lines_alone(tmp_path: Path) -> None:
    ring, tail = Ring(tmp_path), Tail(tmp_path)
    ring.append(Record(1.0, Kind.SAID, "one"))
    assert [each.text for each in tail.new()] == ["one"]
    assert tail.new() == []
    with (tmp_path / "9-9-9.jsonl").open("wb") as other:
        other.write(b'{"at":2,"kind":"said","te')
        other.flush()
        assert tail.new() == []
        other.write(b'xt":"two"}\nnonsense\n')
    assert [each.text for each in tail.new()] == ["two"]
    ring.close()


def test_a_folder_that_is_not_there_is_an_empty_trace(tmp_path: Path) -> None:
    assert read_all(tmp_path / "none") == []


def test_a_disk_that_takes_nothing_costs_records_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "trace"
    ring = Ring(folder)
    folder.rmdir()
    ring.append(Record(1.0, Kind.SAID))
    assert ring.lost == 1
    folder.mkdir()
    ring.append(Record(2.0, Kind.SAID))
    assert len(read_all(folder)) == 1
    ring.close()


def test_the_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    ring = Ring(tmp_path / "trace")
    ring.append(Record(1.0, Kind.SAID))
    assert os.stat(tmp_path / "trace").st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "trace").iterdir())
    ring.close()


def test_a_recorder_takes_down_both_sides_with_the_role_turned_right(tmp_path: Path) -> None:
    ring, clock = Ring(tmp_path), FakeClock()
    tracer = Tracer(ring, clock)
    server = tracer.recorder("smtp", is_server=True, peer=("192.0.2.1", 5), local=("::1", 25))
    server.sent(b"220 hi\r\n")
    server.received(b"QUIT\r\n")
    server.ended()
    server.ended()
    client = tracer.recorder("pop3", is_server=False, peer=("192.0.2.1", 110), local=("::1", 9))
    client.received(b"+OK\r\n")
    records = read_all(tmp_path)
    assert [(r.kind, r.side, r.text) for r in records] == [
        (Kind.OPENED, "", "server"),
        (Kind.SAID, "S", "220 hi"),
        (Kind.SAID, "C", "QUIT"),
        (Kind.ENDED, "", ""),
        (Kind.OPENED, "", "client"),
        (Kind.SAID, "S", "+OK"),
    ]
    assert records[0].details == {"protocol": "smtp", "peer": "192.0.2.1:5", "local": "::1:25"}
    assert len({r.session for r in records}) == 2
    ring.close()


def test_a_journey_leaves_out_what_is_empty(tmp_path: Path) -> None:
    ring, clock = Ring(tmp_path), FakeClock()
    Journal(ring, clock).note("M1", "relayed", host="mx.test", reply="250 ok", reason="")
    [record] = read_all(tmp_path)
    assert (record.message, record.text) == ("M1", "relayed")
    assert record.details == {"host": "mx.test", "reply": "250 ok"}
    assert record.at == clock.now()
    ring.close()
