"""The SMTP client engine and its transaction: dialogues, bad servers, and our own server."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.base.errors import PeerError, Refusal, UsageError
from correo.testing.dialogue import Dialogue, pieces, play, read_dialogues
from correo.wire.smtp.client.engine import Answered, ClientEngine, ClientEvent, Dismissed
from correo.wire.smtp.client.envelope import Envelope, EnvelopeRecipient, SendOutcome
from correo.wire.smtp.client.transaction import Transaction
from correo.wire.smtp.server.engine import ServerEngine
from correo.wire.smtp.server.events import (
    ContentComplete,
    ContentStarting,
    Event,
    MailGiven,
    RecipientGiven,
)
from correo.wire.smtp.server.options import ServerOptions

DIALOGUES = read_dialogues(Path(__file__).parent / "client_dialogues")
CONTENT = ".\r\n.dot\r\nend\r\n"


class User:
    """What a client does with the engine: says EHLO when greeted, sends what it is told to."""

    def __init__(self, *, is_lmtp: bool = False) -> None:
        self._engine = ClientEngine(is_lmtp=is_lmtp) if is_lmtp else None
        self.content = b""
        self.transaction: Transaction | None = None
        self.outcomes: list[SendOutcome] = []
        self.dismissed: Dismissed | None = None
        self.answers: list[Answered] = []

    @property
    def engine(self) -> ClientEngine:
        if self._engine is None:
            self._engine = ClientEngine()
        return self._engine

    def receive(self, octets: bytes) -> None:
        for event in self.engine.receive(octets):
            self.take(event)

    def take(self, event: ClientEvent) -> None:
        if isinstance(event, Answered):
            self.answers.append(event)
            if event.verb == "GREETING":
                self.engine.hello("client.example")
        else:
            self.dismissed = event
        if self.transaction is not None:
            self.transaction.take(event)
            self.go_on()

    def go_on(self) -> None:
        assert self.transaction is not None
        if self.transaction.wants_content:
            if "CHUNKING" in self.engine.extensions:
                self.engine.begin_chunk(len(self.content), is_last=True)
                self.engine.content(self.content)
            else:
                for piece in pieces(self.content, 3):
                    self.engine.content(piece)
                self.engine.end_content()
            self.transaction.content_put()
        if self.transaction.is_done:
            self.outcomes.append(self.transaction.outcome())
            self.transaction = None

    def send(self, envelope: Envelope, content: bytes, *, goes_along: bool = True) -> None:
        self.content = content
        uses_chunks = "CHUNKING" in self.engine.extensions
        self.transaction = Transaction(
            self.engine,
            envelope,
            size=len(content),
            uses_chunks=uses_chunks,
            small_content=content if uses_chunks and goes_along else None,
        )
        self.transaction.begin()

    def take_output(self) -> bytes:
        chunks = self.engine.take_output()
        return b"".join(chunk for chunk in chunks if isinstance(chunk, bytes))

    # "@" lines

    def command(self, word: str, argument: str) -> None:
        if word == "lmtp":
            self._engine = ClientEngine(is_lmtp=True)
        elif word == "send":
            self.send(*message(argument))
        elif word == "quit":
            self.engine.quit()
        elif word == "outcome":
            assert outcome_text(self.outcomes[-1]) == argument
        elif word == "dismissed":
            assert self.dismissed is not None
            assert str(self.dismissed.reply) == argument
        else:
            assert word == "closed"
            assert self.engine.is_closed


def message(argument: str) -> tuple[Envelope, bytes]:
    words = dict(word.partition("=")[::2] for word in argument.split(" "))
    notify = frozenset(filter(None, words.get("notify", "").split(",")))
    return Envelope(
        words["from"],
        [EnvelopeRecipient(each, notify, words.get("orcpt")) for each in words["to"].split(",")],
        smtputf8="smtputf8" in words,
        body=words.get("body", "7BIT"),
        ret=words.get("ret"),
        envid=words.get("envid"),
    ), words.get("content", CONTENT).encode()


def outcome_text(outcome: SendOutcome) -> str:
    return " | ".join(f"{each.address} {each.reply}" for each in outcome.recipients)


@pytest.mark.parametrize("step", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("dialogue", [pytest.param(each, id=each.name) for each in DIALOGUES])
def test_the_engine_plays_its_part_however_the_octets_are_split(
    dialogue: Dialogue, step: int
) -> None:
    play(dialogue, User(), role="C", step=step)


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"SSH-2.0-OpenSSH\r\n", id="another protocol"),
        pytest.param(b"199 what\r\n", id="a code that does not exist"),
        pytest.param(b"2200 x\r\n", id="four digits"),
        pytest.param(b"220-a\r\n250 b\r\n", id="the code changes"),
        pytest.param(b"220 a\r\n250 ok\r\n250 not asked\r\n", id="an answer nobody asked for"),
        pytest.param(b"220-x\r\n" * 300, id="too many lines"),
        pytest.param(b"220 " + b"x" * 10000 + b"\r\n", id="a line too long"),
    ],
)
@pytest.mark.parametrize("step", [0, 1, 5])
def test_what_is_no_reply_breaks_the_dialogue(octets: bytes, step: int) -> None:
    with pytest.raises(PeerError):
        hear(User(), octets, step)


def hear(user: User, octets: bytes, step: int) -> None:
    for piece in pieces(octets, step):
        user.receive(piece)


def greeted(answer: bytes) -> User:
    user = User()
    user.receive(b"220 x\r\n")
    user.take_output()
    user.receive(answer)
    return user


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_octets_give_events_or_a_peer_error(octets: bytes) -> None:
    user = greeted(b"250-x\r\n250 PIPELINING\r\n")
    try:
        user.send(Envelope("a@b", [EnvelopeRecipient("c@d")]), b"x\r\n")
        user.take_output()
        user.receive(octets)
    except PeerError:
        pass


@pytest.mark.parametrize(
    ("offered", "envelope"),
    [
        ([], Envelope("a@b", [])),
        ([], Envelope("a@b", [EnvelopeRecipient("c@d")], smtputf8=True)),
        ([], Envelope("a@b", [EnvelopeRecipient("c@d")], body="8BITMIME")),
        (["BINARYMIME"], Envelope("a@b", [EnvelopeRecipient("c@d")], body="BINARYMIME")),
    ],
)
def test_a_message_the_peer_cannot_carry_is_the_callers_error(
    offered: list[str], envelope: Envelope
) -> None:
    words = ["mx", *offered]
    lines = [f"250{'-' if n < len(words) - 1 else ' '}{word}" for n, word in enumerate(words)]
    user = greeted(("\r\n".join(lines) + "\r\n").encode())
    with pytest.raises(UsageError):
        user.send(envelope, b"x\r\n")


@pytest.mark.parametrize("address", ["a@b\r\nRCPT TO:<x@y>", "a b@c", "no-domain", "a>@b"])
def test_an_address_that_would_break_the_line_is_never_written(address: str) -> None:
    user = greeted(b"250 x\r\n")
    with pytest.raises(ValueError):
        user.send(Envelope("a@b", [EnvelopeRecipient(address)]), b"x\r\n")


class Server:
    """Our server engine as the other side, with the rules of a simple host."""

    def __init__(self, options: ServerOptions) -> None:
        self.engine = ServerEngine(options)
        self.engine.greet()
        self.options = options
        self.content = b""
        self.recipients: list[str] = []
        self.messages: list[tuple[str, list[str], bytes]] = []
        self.reverse_path = ""

    def write(self, octets: bytes) -> None:
        self.content += octets

    def abort(self) -> None:
        self.content = b""

    def receive(self, octets: bytes) -> None:
        events = self.engine.receive(octets)
        while events:
            for event in events:
                self.answer(event)
            events = self.engine.receive(b"")

    def answer(self, event: Event) -> None:
        if isinstance(event, MailGiven):
            self.reverse_path, self.recipients = event.reverse_path, []
            if event.reverse_path == "refused@x":
                self.engine.refuse(Refusal("5.7.1", "not you"))
            else:
                self.engine.accept_mail()
        elif isinstance(event, RecipientGiven):
            if event.forward_path.startswith("no"):
                self.engine.refuse(Refusal("5.1.1", "nobody"))
            else:
                self.recipients.append(event.forward_path)
                self.engine.accept_recipient()
        elif isinstance(event, ContentStarting):
            self.content = b""
            self.engine.accept_content(self)
        elif isinstance(event, ContentComplete):
            self.messages.append((self.reverse_path, self.recipients, self.content))
            if self.options.is_lmtp:
                self.engine.send_outcomes([(250, "2.1.5", each) for each in self.recipients])
            else:
                self.engine.accept_message("taken")


TEXTS = st.lists(
    st.sampled_from([b"\r\n", b".", b"..", b"x", b"ab", b"\r\n.\r\n", b"\xc3\xb1"]), max_size=12
)
NAMES = st.lists(st.sampled_from(["ana@x", "bob@x", "no@x"]), min_size=1, max_size=4)
MESSAGES = st.lists(
    st.tuples(st.sampled_from(["a@x", "", "refused@x"]), NAMES, TEXTS), min_size=1, max_size=3
)
WITHOUT: st.SearchStrategy[frozenset[str]] = st.sampled_from(
    [frozenset(), frozenset({"CHUNKING"}), frozenset({"PIPELINING"})]
)


@settings(max_examples=200, deadline=None)
@given(MESSAGES, WITHOUT, st.booleans(), st.sampled_from([0, 1, 3]), st.booleans())
def test_client_and_server_agree_on_every_message(
    messages: list[tuple[str, list[str], list[bytes]]],
    without: frozenset[str],
    is_lmtp: bool,
    step: int,
    goes_along: bool,
) -> None:
    server = Server(ServerOptions("mx.test", is_lmtp=is_lmtp, without=without))
    user = User(is_lmtp=is_lmtp)
    talk(user, server, step)
    expected = []
    for reverse_path, names, parts in messages:
        content = b"".join(parts)
        recipients = [EnvelopeRecipient(name) for name in names]
        user.send(Envelope(reverse_path, recipients), content, goes_along=goes_along)
        talk(user, server, step)
        outcome = user.outcomes[-1]
        is_refused = reverse_path == "refused@x"
        for name, each in zip(names, outcome.recipients, strict=True):
            assert each.is_accepted == (not is_refused and not name.startswith("no"))
        taken = [name for name in names if not name.startswith("no")]
        if taken and not is_refused:
            by_data = "CHUNKING" in without
            needs_end = by_data and bool(content) and not content.endswith(b"\r\n")
            expected.append((reverse_path, taken, content + (b"\r\n" if needs_end else b"")))
    assert server.messages == expected
    user.engine.quit()
    talk(user, server, step)
    assert user.engine.is_closed
    assert server.engine.is_closed


def talk(user: User, server: Server, step: int) -> None:
    """Carry octets both ways until both are silent."""
    while True:
        said, answered = (
            user.take_output(),
            b"".join(chunk for chunk in server.engine.take_output() if isinstance(chunk, bytes)),
        )
        if not said and not answered:
            return
        for piece in pieces(answered, step):
            user.receive(piece)
        for piece in pieces(said, step):
            server.receive(piece)
