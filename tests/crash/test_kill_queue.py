"""`kill -9` while mail is being relayed: what got its 250 reaches the other server."""

import smtplib
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from correo.message.headers import first
from correo.testing.process import ServerProcess, free_port_offset, running
from correo.testing.sink import ThreadedSink

SENDERS = 4
LIMIT_S = 30.0
ON_THE_WAY = 100  # messages that may have been between the peer's 250 and our commit


class Load:
    """Threads that send numbered messages and remember the numbers that were acknowledged."""

    def __init__(self, server: ServerProcess) -> None:
        self.port = server.listeners["submission"].port
        self.acknowledged: list[str] = []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._send, args=(n,)) for n in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def _send(self, sender: int) -> None:
        number = 0
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as client:
                while not self.stop.is_set():
                    number += 1
                    name = f"{sender}-{number}"
                    text = f"Subject: {name}\r\n\r\n{name}\r\n".encode()
                    client.sendmail("ana@correo.test", ["zoe@away.test"], text)
                    self.acknowledged.append(name)
        except (OSError, smtplib.SMTPException):
            return  # the server is dead, as it should be

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + LIMIT_S
        while len(self.acknowledged) < count:
            assert time.monotonic() < deadline, "the server took too few messages"
            time.sleep(0.01)

    def finish(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(LIMIT_S)


def arrived(sink: ThreadedSink) -> Counter[str]:
    return Counter((first(each.content, b"subject") or b"").decode() for each in sink.received)


@pytest.mark.slow
def test_every_acknowledged_message_is_relayed(tmp_path: Path) -> None:
    sink = ThreadedSink()
    options = ["--route", f"away.test={sink.server}"]
    offset = free_port_offset()
    try:
        with running("dev", tmp_path, options, port_offset=offset) as server:
            load = Load(server)
            load.wait_for(300)
            server.kill()
            load.finish()
        with running("dev", tmp_path, options, port_offset=offset):
            deadline = time.monotonic() + LIMIT_S
            while set(load.acknowledged) - set(arrived(sink)) and time.monotonic() < deadline:
                time.sleep(0.05)
    finally:
        sink.close()
    found = arrived(sink)
    assert [name for name in load.acknowledged if not found[name]] == []
    assert sum(count - 1 for count in found.values()) <= ON_THE_WAY
