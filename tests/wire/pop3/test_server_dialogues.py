"""Whole dialogues against the POP3 server engine, however the octets are split."""

import hashlib
from pathlib import Path

import pytest

from correo.base.pause import Pause
from correo.testing.dialogue import Dialogue, play, read_dialogues
from correo.wire.pop3 import (
    DeletionsDue,
    DigestGiven,
    Event,
    MechanismChosen,
    MessageWanted,
    Offer,
    PasswordGiven,
    Phrase,
    ResponseGiven,
    ServerEngine,
    TlsWanted,
)

DIALOGUES = read_dialogues(Path(__file__).parent / "dialogues")

MESSAGES = {1: b"Subject: one\r\n\r\n.dot\r\nlast\r\n", 2: b"..\r\nno end"}
SIZES = [len(MESSAGES[1]), len(MESSAGES[2]), 26]
UNIQUE_IDS = ["id-1", "id-2", "id-3"]
PASSWORDS = {"ana": "secret", "busy": "secret", "eva": " two  words ", "josé": "contraseña"}
SAFE = Offer(may_show_password=True, mechanisms=("PLAIN", "LOGIN"))
CLEAR = Offer(may_show_password=False, may_start_tls=True)


class Script:
    """The engine, and somebody who answers its questions as the dialogues expect."""

    def __init__(self) -> None:
        self.engine = ServerEngine("correo.example", SAFE)
        self.timestamp = ""
        self.is_greeted = False
        self.in_pieces = False
        self.is_full = False
        self.removed: list[int] | None = None
        self.said = b""

    # what the runner calls

    def receive(self, octets: bytes) -> None:
        self.greet()
        self.answer(self.engine.receive(octets))

    def take_output(self) -> bytes:
        self.greet()
        chunks = self.engine.take_output()
        said, self.said = self.said, b""
        return said + b"".join(chunk for chunk in chunks if isinstance(chunk, bytes))

    def greet(self) -> None:
        if not self.is_greeted:
            self.is_greeted = True
            self.engine.greet(self.timestamp)

    def command(self, word: str, argument: str) -> None:
        getattr(self, f"do_{word}")(argument)

    # orders

    def do_clear(self, argument: str) -> None:
        self.engine = ServerEngine("correo.example", CLEAR)

    def do_timestamp(self, argument: str) -> None:
        self.timestamp = argument

    def do_pieces(self, argument: str) -> None:
        self.in_pieces = True

    def do_full(self, argument: str) -> None:
        self.is_full = True

    def do_login(self, argument: str) -> None:
        self.receive(b"USER ana\r\nPASS secret\r\n")
        self.take_output()

    def do_tls(self, argument: str) -> None:
        self.engine.tls_started(SAFE)

    def do_eof(self, argument: str) -> None:
        self.answer(self.engine.receive_eof())

    def do_nonsense(self, argument: str) -> None:
        self.receive(b"nonsense\r\n" * int(argument))
        assert self.take_output() == b"-ERR unknown command\r\n" * int(argument)

    def do_closed(self, argument: str) -> None:
        assert self.engine.is_closed

    def do_removed(self, argument: str) -> None:
        expected = None if argument == "nothing" else [int(word) for word in argument.split()]
        assert self.removed == expected

    # answers

    def answer(self, events: list[Event | Pause]) -> None:
        while events:
            (event,) = events
            self.answer_one(event)
            if isinstance(event, TlsWanted):
                return
            events = self.engine.receive(b"")

    def answer_one(self, event: Event | Pause) -> None:
        if isinstance(event, PasswordGiven):
            self.log_in(event.username, event.password)
        elif isinstance(event, DigestGiven):
            expected = hashlib.md5(f"{self.timestamp}tanstaaf".encode()).hexdigest()
            self.log_in("ana", "secret" if event.digest == expected else "")
        elif isinstance(event, MechanismChosen) and event.response is None:
            self.engine.challenge(b"")
        elif isinstance(event, MechanismChosen):
            self.plain(event.response or b"")
        elif isinstance(event, ResponseGiven):
            self.plain(event.octets)
        elif isinstance(event, TlsWanted):
            self.engine.start_tls()
        elif isinstance(event, MessageWanted):
            self.send(event)
        elif isinstance(event, DeletionsDue):
            self.removed = event.numbers
            self.engine.finish(ok=not self.is_full)

    def plain(self, octets: bytes) -> None:
        _, name, password = octets.decode().split("\0") if octets else ("", "", "")
        self.log_in(name, password)

    def log_in(self, name: str, password: str) -> None:
        if name == "nobody":
            self.engine.open_maildrop([], [])
        elif PASSWORDS.get(name) != password:
            self.engine.refuse_login(Phrase.NOT_LET_IN, code="AUTH")
        elif name == "busy":
            self.engine.refuse_login(Phrase.IN_USE, code="IN-USE")
        else:
            self.engine.open_maildrop(SIZES, UNIQUE_IDS)

    def send(self, event: MessageWanted) -> None:
        octets = MESSAGES.get(event.number)
        if octets is None:
            self.engine.refuse_message(Phrase.GONE)
        elif not self.in_pieces:
            self.engine.send_message(octets)
        else:
            self.engine.begin_message(len(octets))
            for position in range(0, len(octets), 3):
                if not self.engine.send_piece(octets[position : position + 3]):
                    break
            self.engine.end_message()


@pytest.mark.parametrize("step", [0, 1, 2, 3, 7, 1000])
@pytest.mark.parametrize("dialogue", [pytest.param(each, id=each.name) for each in DIALOGUES])
def test_the_dialogue_is_the_same_however_the_octets_are_split(
    dialogue: Dialogue, step: int
) -> None:
    has_stls = any(turn.text == "tls" for turn in dialogue.turns)
    if has_stls and step:  # what comes after the go-ahead is TLS, so that it cannot come later
        step = 0
    play(dialogue, Script(), step=step)
