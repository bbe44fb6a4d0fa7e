"""What the POP3 server engine promises whatever comes, besides the dialogues."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.base.errors import PeerError, UsageError
from correo.base.pause import Pause
from correo.wire.pop3 import (
    DeletionsDue,
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
from correo.wire.pop3.grammar import COMMANDS
from correo.wire.pop3.phrases import LANGUAGES, say
from correo.wire.pop3.server import COMMANDS_PER_TURN

OFFER = Offer(may_show_password=True, mechanisms=("PLAIN",), may_start_tls=True)


def new_engine(*, logged_in: bool = False, messages: int = 3) -> ServerEngine:
    engine = ServerEngine("correo.example", OFFER)
    engine.greet("<1.2@correo.example>")
    if logged_in:
        engine.receive(b"USER ana\r\nPASS x\r\n")
        sizes = [10] * messages
        engine.open_maildrop(sizes, [f"u{n}" for n in range(messages)])
        engine.take_output()
    return engine


def output(engine: ServerEngine) -> bytes:
    return b"".join(chunk for chunk in engine.take_output() if isinstance(chunk, bytes))


def answer(engine: ServerEngine, event: Event | Pause) -> None:
    """Say something to any event."""
    if isinstance(event, MessageWanted):
        engine.send_message(b"a: b\r\n\r\n.\r\n")
    elif isinstance(event, DeletionsDue):
        engine.finish(ok=True)
    elif isinstance(event, TlsWanted):
        engine.start_tls()
        engine.tls_started(OFFER)
    elif isinstance(event, MechanismChosen):
        engine.challenge(b"again")
    elif isinstance(event, ResponseGiven):
        engine.refuse_login(Phrase.NOT_LET_IN, code="AUTH")
    elif isinstance(event, Pause):
        engine.take_output()
    else:
        engine.open_maildrop([11, 12], ["a", "b"])


COMMAND_LINES = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from(sorted(COMMANDS)),
        st.sampled_from([b" 1", b" 2", b" ", b"\r\n", b"\r\n", b"\n", b" PLAIN", b" es", b"*"]),
    ),
    max_size=60,
).map(b"".join)


@given(COMMAND_LINES, st.integers(1, 40))
@settings(max_examples=200)
def test_any_octets_give_replies_or_a_peer_error_and_nothing_else(octets: bytes, step: int) -> None:
    engine = new_engine()
    said = b""
    try:
        for at in range(0, len(octets), step):
            events = engine.receive(octets[at : at + step])
            while events:
                answer(engine, events[0])
                events = engine.receive(b"")
            said += output(engine)
    except PeerError:
        return
    said += output(engine)
    for line in said.split(b"\r\n.\r\n")[0].splitlines()[:1]:
        assert line.startswith((b"+OK", b"-ERR", b"+ "))
    assert engine.receive_eof() == []
    assert engine.is_closed


def test_a_client_that_speaks_first_is_answered_after_the_greeting() -> None:
    engine = ServerEngine("correo.example", OFFER)
    assert engine.receive(b"NOOP\r\n") == []
    assert output(engine) == b""
    engine.greet()
    engine.receive(b"")
    greeting, refusal = output(engine).splitlines()
    assert greeting.startswith(b"+OK correo.example")
    assert refusal.startswith(b"-ERR")


def test_the_pipeline_is_held_while_an_event_is_open() -> None:
    engine = new_engine()
    events = engine.receive(b"USER ana\r\nPASS x\r\nSTAT\r\nRETR 1\r\n")
    assert events == [PasswordGiven("ana", "x")]
    assert engine.receive(b"NOOP\r\n") == []
    assert output(engine).count(b"\r\n") == 2  # the greeting and the answer to USER
    engine.open_maildrop([5], ["u"])
    assert engine.receive(b"") == [MessageWanted(1, None)]
    assert engine.buffered == len(b"NOOP\r\n")


def test_what_waits_to_be_sent_is_bounded() -> None:
    engine = new_engine(logged_in=True, messages=10_000)
    events = engine.receive(b"LIST\r\n" * 200)
    turns = 0
    while events:
        assert events == [Pause()]
        assert len(output(engine)) < 512 * 1024
        events = engine.receive(b"")
        turns += 1
    assert turns > 50


def test_what_the_engine_answers_alone_comes_in_turns() -> None:
    engine = new_engine(logged_in=True)
    output(engine)
    events = engine.receive(b"NOOP\r\n" * 1000)
    answered = []
    while events:
        assert events == [Pause()]
        answered.append(output(engine).count(b"+OK"))
        events = engine.receive(b"")
    answered.append(output(engine).count(b"+OK"))
    assert sum(answered) == 1000
    assert max(answered) <= COMMANDS_PER_TURN


def test_an_endless_line_ends_the_session_but_a_long_one_only_is_refused() -> None:
    engine = new_engine()
    output(engine)
    assert engine.receive(b"x" * 100_000 + b"\r\nCAPA\r\n") == []
    assert output(engine).startswith(b"-ERR line too long\r\n+OK ")
    for _ in range(16):
        engine.receive(b"x" * 65536)
    assert engine.buffered < 65536
    with pytest.raises(PeerError):
        engine.receive(b"x" * 65536)


def test_a_long_sasl_response_is_taken() -> None:
    engine = new_engine()
    engine.receive(b"AUTH PLAIN\r\n")
    engine.challenge(b"")
    events = engine.receive(b"QUFB" * 2000 + b"\r\n")
    assert events == [ResponseGiven(b"AAA" * 2000)]


def test_an_answer_nobody_waits_for_is_our_own_mistake() -> None:
    engine = new_engine()
    with pytest.raises(UsageError):
        engine.finish(ok=True)
    with pytest.raises(UsageError):
        engine.open_maildrop([], [])


def test_turning_away_ends_the_session_whatever_is_open() -> None:
    engine = new_engine(logged_in=True)
    engine.receive(b"RETR 1\r\n")
    engine.turn_away(Phrase.STOPPING)
    assert output(engine) == b"-ERR [SYS/TEMP] server is stopping\r\n"
    assert engine.is_closed
    assert engine.receive(b"QUIT\r\n") == []


@pytest.mark.parametrize("phrase", list(Phrase))
def test_every_phrase_fits_the_line_in_every_language(phrase: Phrase) -> None:
    values = ["x" * 60] * phrase.texts["en"].count("{}")
    for language in LANGUAGES:
        line = say(phrase, language, *values)
        assert len(line) < 400  # RFC 2449 4: 512 with +OK, a response code and CRLF
        assert b"\r" not in line
        assert b"\n" not in line
        assert not line.startswith(b"[")
        assert phrase.texts[language].count("{}") == len(values)
    assert say(phrase, "en", *values).isascii()
