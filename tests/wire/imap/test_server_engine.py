"""The server's side of a dialogue, octet by octet and whole."""

import base64
import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from correo.base.errors import UsageError
from correo.base.pause import Pause
from correo.testing.dialogue import Dialogue, play, read_dialogues
from correo.testing.scripted_imap import KeptMessage, ScriptedImapSession
from correo.wire.imap import commands as c
from correo.wire.imap.limits import ServerLimits
from correo.wire.imap.reading import STEPS_PER_TURN
from correo.wire.imap.server import Condition, ImapServerEngine, State

STEPS = [1, 2, 3, 7, 1000]
GREETING = b"* OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ENABLE IDLE] ready\r\n"

DIALOGUES = read_dialogues(Path(__file__).parent / "server_dialogues")


class ServerSide:
    """The scripted session, as the dialogue runner wants it."""

    def __init__(self) -> None:
        self.session = ScriptedImapSession()
        self.session.output()
        self.said = b""

    def receive(self, octets: bytes) -> None:
        self.said += self.session.converse(octets)

    def take_output(self) -> bytes:
        said, self.said = self.said, b""
        return said

    def command(self, word: str, argument: str) -> None:
        assert word == "log-in"
        self.session.log_in()


@pytest.mark.parametrize("step", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.name)
def test_the_answers_are_the_same_however_the_octets_are_split(
    dialogue: Dialogue, step: int
) -> None:
    play(dialogue, ServerSide(), step=step)


def test_the_greeting_shows_the_capabilities() -> None:
    assert ScriptedImapSession().output() == GREETING


@pytest.mark.parametrize("step", STEPS)
def test_every_message_of_a_multiappend_reaches_its_own_receiver(step: int) -> None:
    session = ScriptedImapSession().log_in()
    session.converse(
        b'a APPEND x {2+}\r\nhi (\\Seen k) "17-Jul-1996 02:44:25 -0700" ~{3+}\r\na\0b'
        b" UTF8 (~{2+}\r\n\xc3\xb1)\r\n",
        step,
    )
    assert [kept.octets for kept in session.kept] == [b"hi", b"a\0b", b"\xc3\xb1"]
    second, third = session.kept[1].announced, session.kept[2].announced
    assert second == c.AppendMessage(
        b"a", "x", 1, ("\\Seen", "k"), 837596665, -420, 3, is_binary=True, is_utf8=False
    )
    assert third.is_utf8
    assert session.events[-1] == c.AppendComplete(b"a", "x", 3)


BROKEN_APPENDS = [
    ("syntax", b"a APPEND x {2+}\r\nhi x\r\n"),
    ("an empty second message", b"a APPEND x {2+}\r\nhi {0+}\r\n\r\n"),
    ("a second message too large", b"a APPEND x {2+}\r\nhi {99999999999}\r\n"),
    ("a line too long", b"a APPEND x {2+}\r\nhi " + b"x" * 100_000 + b"\r\n"),
]


@pytest.mark.parametrize("octets", [pytest.param(o, id=i) for i, o in BROKEN_APPENDS])
def test_an_append_that_ends_badly_aborts_its_receivers_and_says_so(octets: bytes) -> None:
    session = ScriptedImapSession().log_in()
    session.converse(octets)
    assert [kept.is_aborted for kept in session.kept] == [True]
    assert session.events[-1] == c.AppendAborted(b"a")
    assert session.converse(b"b NOOP\r\n") == b"b OK done\r\n"


def test_the_end_of_the_connection_aborts_an_append() -> None:
    session = ScriptedImapSession().log_in()
    session.converse(b"a APPEND x {20}\r\nhalf")
    assert session.engine.receive_eof() == [c.AppendAborted(b"a")]
    assert session.kept[0].is_aborted


def test_a_second_message_refused_aborts_the_first() -> None:
    session = ScriptedImapSession().log_in()
    engine = session.engine
    (first,) = engine.receive(b"a APPEND x {2+}\r\nhi {3+}\r\nabc\r\nb NOOP\r\n")
    kept = KeptMessage(first)
    engine.accept_message(kept)
    (second,) = engine.receive(b"")
    assert second.number == 1
    engine.refuse_append("over quota")
    assert engine.receive(b"") == [c.Noop(b"b")]
    assert kept.is_aborted
    assert session.output() == b"a NO over quota\r\n"


def test_a_large_message_streams_without_being_kept() -> None:
    session = ScriptedImapSession().log_in()
    engine = session.engine

    class Counter:
        size = 0

        def write(self, octets: bytes) -> None:
            self.size += len(octets)

        def abort(self) -> None: ...

    counter = Counter()
    engine.receive(b"a APPEND x {40000000}\r\n")
    engine.accept_message(counter)
    for _ in range(400):
        engine.receive(b"x" * 100_000)
        assert engine.buffered == 0
    assert counter.size == 40_000_000
    assert engine.receive(b"\r\n") == [c.AppendComplete(b"a", "x", 1)]


def test_pipelined_commands_wait_while_one_is_open() -> None:
    engine = ImapServerEngine()
    assert engine.receive(b"a NOOP\r\nb ID NIL\r\n") == [c.Noop(b"a")]
    assert engine.receive(b"c NOOP\r\n") == []
    engine.finish(b"a", Condition.OK, "done")
    assert engine.receive(b"") == [c.Id(b"b", None)]
    assert engine.open_tag == b"b"


LIMITS = ServerLimits(
    line=100,
    literals=20,
    login_line=50,
    login_literals=10,
    append=30,
    discard=1000,
    login_discard=200,
    errors=4,
    login_errors=3,
)
LIMITED = [
    (
        "long line",
        b"a SEARCH " + b"x" * 200 + b"\r\nb NOOP\r\n",
        b"a BAD [TOOBIG] the command line is too long\r\nb OK done\r\n",
    ),
    (
        "long line with literals",
        b"a LIST " + b"x" * 200 + b" {3+}\r\nabc {3+}\r\nabc\r\nb NOOP\r\n",
        b"a BAD [TOOBIG] the command line is too long\r\nb OK done\r\n",
    ),
    (
        "many literals make a long line",
        b"a LIST" + b" {0+}\r\n" * 60 + b"\r\nb NOOP\r\n",
        b"a BAD [TOOBIG] the command line is too long\r\nb OK done\r\n",
    ),
    (
        "large literal, synchronizing",
        b"a SELECT {21}\r\nb NOOP\r\n",
        b"a BAD [TOOBIG] the literal is too large\r\nb OK done\r\n",
    ),
    (
        "large literals together",
        b"a LIST {15+}\r\n" + b"x" * 15 + b" {15+}\r\n" + b"x" * 15 + b"\r\nb NOOP\r\n",
        b"a BAD [TOOBIG] the literal is too large\r\nb OK done\r\n",
    ),
    (
        "a message over the limit",
        b"a APPEND x {31}\r\nb APPEND x {31+}\r\n" + b"x" * 31 + b"\r\nc NOOP\r\n",
        b"a NO [TOOBIG] a message may have 30 octets at most\r\n"
        b"b NO [TOOBIG] a message may have 30 octets at most\r\nc OK done\r\n",
    ),
    (
        "too much of a bad command",
        b"a FOO {2000+}\r\n" + b"x" * 500,
        b"* BYE [TOOBIG] too much of a bad command\r\n",
    ),
    (
        "a line without end",
        b"a " + b"x" * 2000,
        b"* BYE [TOOBIG] too much of a bad command\r\n",
    ),
    (
        "too many bad commands",
        b"a X\r\nb X\r\nc X\r\nd X\r\ne NOOP\r\n",
        b"a BAD unknown command X\r\nb BAD unknown command X\r\nc BAD unknown command X\r\n"
        b"d BAD unknown command X\r\n* BYE too many bad commands\r\n",
    ),
    (
        "a good command forgives",
        b"a X\r\nb X\r\nc X\r\nd NOOP\r\ne X\r\n",
        b"a BAD unknown command X\r\nb BAD unknown command X\r\nc BAD unknown command X\r\n"
        b"d OK done\r\ne BAD unknown command X\r\n",
    ),
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("spoken", "answer"), [pytest.param(s, a, id=i) for i, s, a in LIMITED])
def test_limits_hold_while_reading(spoken: bytes, answer: bytes, step: int) -> None:
    session = ScriptedImapSession(LIMITS).log_in()
    assert session.converse(spoken, step) == answer


def test_literal_minus_refuses_large_literals_that_do_not_wait() -> None:
    session = ScriptedImapSession(ServerLimits(non_synchronizing=4)).log_in()
    assert session.converse(b"a SELECT {5+}\r\nINBOX\r\n") == (
        b"a BAD [TOOBIG] a literal over 4 octets must be synchronizing\r\n"
    )
    assert session.converse(b"a APPEND x {5+}\r\nhello\r\n") == (
        b"a BAD [TOOBIG] a literal over 4 octets must be synchronizing\r\n"
    )
    assert session.converse(b"a SELECT {5}\r\nINBOX\r\n").endswith(b"a OK done\r\n")


PATHS = [
    ("login refused", [(b"LOGIN x y", Condition.NO)], State.NOT_AUTHENTICATED),
    ("login", [(b"LOGIN x y", Condition.OK)], State.AUTHENTICATED),
    ("select", [(b"LOGIN x y", Condition.OK), (b"SELECT x", Condition.OK)], State.SELECTED),
    (
        "a SELECT that fails",
        [(b"LOGIN x y", Condition.OK), (b"SELECT x", Condition.OK), (b"EXAMINE y", Condition.NO)],
        State.AUTHENTICATED,
    ),
    (
        "a CLOSE that fails",
        [(b"LOGIN x y", Condition.OK), (b"SELECT x", Condition.OK), (b"CLOSE", Condition.NO)],
        State.SELECTED,
    ),
    (
        "unselect",
        [(b"LOGIN x y", Condition.OK), (b"SELECT x", Condition.OK), (b"UNSELECT", Condition.OK)],
        State.AUTHENTICATED,
    ),
]


@pytest.mark.parametrize(("steps", "state"), [pytest.param(s, t, id=i) for i, s, t in PATHS])
def test_states_follow_the_answers(steps: list[tuple[bytes, Condition]], state: State) -> None:
    engine = ImapServerEngine()
    for command, condition in steps:
        engine.receive(b"a " + command + b"\r\n")
        engine.finish(b"a", condition, "so be it")
    assert engine.state is state


def test_a_mailbox_that_vanished_is_deselected() -> None:
    session = ScriptedImapSession().log_in()
    session.converse(b"a SELECT x\r\n")
    session.engine.deselect()
    assert session.converse(b"b CHECK\r\n").startswith(b"b BAD")


def test_what_the_engine_answers_alone_comes_in_turns() -> None:
    engine = ImapServerEngine()
    engine.greet("ready")
    engine.take_output()
    events = engine.receive(b"a CAPABILITY\r\n" * 1000)
    answered: list[int] = []
    while events:
        assert events == [Pause()]
        answered.append(engine.take_output().count(b"a OK capabilities listed\r\n"))
        events = engine.receive(b"")
    answered.append(engine.take_output().count(b"a OK capabilities listed\r\n"))
    assert sum(answered) == 1000
    assert max(answered) <= STEPS_PER_TURN


def test_answers_without_their_question_are_usage_errors() -> None:
    engine = ImapServerEngine()
    with pytest.raises(UsageError):
        engine.finish(b"a", Condition.OK, "x")
    with pytest.raises(UsageError):
        engine.begin_tls(b"a")
    with pytest.raises(UsageError):
        engine.challenge(b"")
    with pytest.raises(UsageError):
        engine.accept_idle()
    with pytest.raises(UsageError):
        engine.refuse_append("x")


def test_texts_stay_on_one_line_and_in_ascii_until_utf8_is_enabled() -> None:
    engine = ImapServerEngine()
    engine.receive(b"a NOOP\r\n")
    engine.finish(b"a", Condition.NO, "año\r\n* OK spoofed")
    assert engine.take_output() == [b"a NO a?o * OK spoofed\r\n"]


def test_a_preauthenticated_connection_begins_logged_in() -> None:
    engine = ImapServerEngine()
    engine.greet_preauthenticated("ana")
    assert engine.take_output() == [b"* PREAUTH [CAPABILITY IMAP4rev1] ana\r\n"]
    assert engine.receive(b"a SELECT x\r\n")


NOISE = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from(
            [
                b"a LOGIN ana secret\r\n",
                b"b SELECT x\r\n",
                b"c FETCH 1 (FLAGS BODY[",
                b"d APPEND x {5}\r\n",
                b"e APPEND x {5+}\r\nhello",
                b"f IDLE\r\n",
                b"DONE\r\n",
                b"g AUTHENTICATE PLAIN\r\n",
                b" {3+}\r\nabc",
                b" {3}\r\n",
                b"\r\n",
                b"h SEARCH OR (",
                b"i STARTTLS\r\n",
                b"j LOGOUT\r\n",
                b"\0",
                b'"',
                b")",
                b"{99999999999999+}\r\n",
            ]
        ),
    ),
    max_size=12,
).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(octets=NOISE, seed=st.integers(0, 1000))
@example(octets=b"a NOOP {3+}\r\nab", seed=0)
@example(octets=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", seed=0)
def test_any_octets_give_the_same_events_and_output_in_any_split(octets: bytes, seed: int) -> None:
    whole = ScriptedImapSession(LIMITS)
    said = whole.converse(octets)
    split = ScriptedImapSession(LIMITS)
    heard = b""
    at = 0
    steps = random.Random(seed)
    while at < len(octets):
        step = steps.randint(1, 9)
        heard += split.converse(octets[at : at + step])
        at += step
    if b"STARTTLS" not in octets:  # what lies behind it is dropped, and that depends on the split
        assert (whole.events, said) == (split.events, heard)


@settings(max_examples=100, deadline=None)
@given(octets=st.binary(max_size=60))
def test_sasl_responses_arrive_as_sent(octets: bytes) -> None:
    session = ScriptedImapSession()
    engine = session.engine
    engine.receive(b"a AUTHENTICATE X\r\n")
    engine.challenge(b"?")
    (event,) = engine.receive(base64.b64encode(octets) + b"\r\n")
    assert event == c.AuthenticateResponse(b"a", octets)
