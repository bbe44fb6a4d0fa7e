"""The SMTP server plays the engine's dialogues too: driver, session and intake behind it."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.accounts.authenticator import Authenticator
from correo.accounts.passwords import HashCost, Passwords
from correo.intake.api import Role
from correo.net.clock import SystemClock
from correo.net.driver import Connection
from correo.servers.smtp import SmtpServer, SmtpSettings
from correo.store.memory.directory import MemoryDirectory
from correo.testing.dialogue import Dialogue, play, read_dialogues, smtp_replies
from correo.testing.intake import FakeIntake
from correo.wire.smtp.data import LineEnds

FOLDER = Path(__file__).parents[2] / "wire" / "smtp" / "server_dialogues"
CHEAP = HashCost(memory_kib=8, passes=1, scram_iterations=4096)
KNOWN = {
    "max_size", "max_errors", "max_commands", "max_recipients", "max_messages", "lmtp",
    "line_ends", "without", "message", "messages", "sender", "recipients", "closed", "resets",
    "aborts", "envid", "orcpt",
}  # fmt: skip


WORDS = st.sampled_from(
    [
        b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<slow@d>\r\n", b"RCPT TO:<nobody@d>\r\n", b"DATA\r\n",
        b"x\r\n.\r\n", b"BDAT 3\r\nabc", b"BDAT 3 LAST\r\nabc", b"RSET\r\n", b"QUIT\r\n", b"a\nb",
        b"RCPT TO:<disk@d>\r\n", b"RCPT TO:<spam@d>\r\n", b"EHLO y\r\n", b"STARTTLS\r\n",
        b"AUTH PLAIN\r\n", b"VRFY ana\r\n", b"EXPN staff\r\n", b"\r\n", b"BDAT 99999999999 LAST\r\n",
    ]
)  # fmt: skip


def is_playable(dialogue: Dialogue) -> bool:
    """Whether it needs nothing but what this harness can do."""
    return all(turn.order[0] in KNOWN for turn in dialogue.turns if turn.speaker == "@")


DIALOGUES = [each for each in read_dialogues(FOLDER) if is_playable(each)]


class Wire(asyncio.Transport):
    """A transport in memory."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 40000), "sockname": ("192.0.2.2", 25)})
        self.sent = b""
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.is_closed = True

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class House:
    """A `Side`: one connection to a server whose loop runs only while it has something to do."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._settings = SmtpSettings(Role.MX, "mx.correo.test")
        self.intake = FakeIntake()
        self._wire = Wire()
        self._connection: Connection | None = None

    def _start(self) -> Connection:
        if self._connection is None:
            self._connection = self._runner.run(self._connect())
        return self._connection

    async def _connect(self) -> Connection:
        store, passwords = MemoryDirectory(node_key=bytes(32)), Passwords(CHEAP, threads=1)
        authenticator = Authenticator(store, SystemClock(), passwords)
        passwords.close()
        server = SmtpServer(self.intake, authenticator, self._settings)
        connection = Connection(server.make_session)
        connection.connection_made(self._wire)
        return connection

    def receive(self, octets: bytes) -> None:
        self._start()
        self._runner.run(self._feed(octets))

    async def _feed(self, octets: bytes) -> None:
        connection = self._start()
        connection.data_received(octets)
        while connection.is_busy:
            await asyncio.sleep(0)

    def take_output(self) -> bytes:
        self._start()
        said, self._wire.sent = self._wire.sent, b""
        return said

    def hang_up(self) -> None:
        self._runner.run(self._hang_up())

    async def _hang_up(self) -> None:
        self._start().connection_lost(None)

    def command(self, word: str, argument: str) -> None:
        numbers: dict[str, Any] = {word: int(argument)} if word.startswith("max_") else {}
        if numbers:
            self._settings = replace(self._settings, **numbers)
        elif word == "lmtp":
            self._settings = replace(self._settings, role=Role.LMTP)
        elif word == "line_ends":
            self._settings = replace(
                self._settings, role=Role.SUBMISSION, line_ends=LineEnds(argument)
            )
        elif word == "without":
            self._settings = replace(self._settings, without=frozenset(argument.split()))
        else:
            assert self._found(word) == argument

    def _found(self, word: str) -> str:
        session = self.intake.sessions[0]
        accepted = self.intake.messages
        open_or_last = session.message or (accepted[-1] if accepted else None)
        if word == "closed":
            return "" if self._wire.is_closed else "not closed"
        if word == "messages":
            return str(len(self.intake.messages))
        if word == "aborts":
            return str(sum(each.aborts for each in session.receivers))
        if word == "resets":
            return str(min(session.resets, 1))
        message = cast("Any", open_or_last)
        found: dict[str, str] = {
            "message": message.octets.decode("utf-8", "backslashreplace"),
            "sender": message.reverse_path,
            "recipients": " | ".join(path for path, _ in message.recipients),
            "envid": message.parameters.envid or "",
            "orcpt": " | ".join(each.orcpt or "" for _, each in message.recipients),
        }
        return found[word]


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize("dialogue", [pytest.param(each, id=each.name) for each in DIALOGUES])
def test_the_server_plays_the_engines_dialogues(dialogue: Dialogue, step: int) -> None:
    with asyncio.Runner() as runner:
        house = House(runner)
        play(dialogue, house, step=step, units=smtp_replies)
        house.hang_up()
        assert all(session.is_closed for session in house.intake.sessions)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(WORDS, st.binary(max_size=60)), max_size=25), st.booleans())
def test_any_octets_get_replies_and_every_session_is_closed_once(
    parts: list[bytes], is_lmtp: bool
) -> None:
    with asyncio.Runner() as runner:
        house = House(runner)
        if is_lmtp:
            house.command("lmtp", "")
        house.receive(b"LHLO x\r\n" if is_lmtp else b"EHLO x\r\n")
        for part in parts:
            house.receive(part)
        for reply in smtp_replies(house.take_output()):
            assert reply[:3].isdigit()
        house.hang_up()
        assert [session.is_closed for session in house.intake.sessions] == [True]
