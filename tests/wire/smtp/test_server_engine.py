"""The SMTP server engine: every dialogue however its octets are split, and any octets at all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.base.errors import NotFound, Refusal, StorageFull, UsageError
from correo.testing.dialogue import Dialogue, play, read_dialogues, smtp_replies
from correo.wire.smtp.data import LineEnds
from correo.wire.smtp.server.engine import ServerEngine
from correo.wire.smtp.server.events import (
    AuthenticationAnswered,
    AuthenticationBegun,
    CommandHeard,
    ContentComplete,
    ContentStarting,
    Event,
    ExpandAsked,
    MailGiven,
    RecipientGiven,
    TlsWanted,
    TransactionReset,
    UrlGiven,
    VerifyAsked,
)
from correo.wire.smtp.server.options import ServerOptions
from correo.wire.smtp.server.output import Place

OPTIONS = ServerOptions("mx.correo.test", greeting="ESMTP test")
DIALOGUES = read_dialogues(Path(__file__).parent / "server_dialogues")


class Receiver:
    def __init__(self, *, is_full: bool = False) -> None:
        self.octets = b""
        self.is_full = is_full
        self.aborts = 0

    def write(self, octets: bytes) -> None:
        if self.is_full:
            raise StorageFull
        self.octets += octets

    def abort(self) -> None:
        self.aborts += 1


class Host:
    """A session with simple rules: what it says depends on the recipient's name."""

    def __init__(self, options: ServerOptions = OPTIONS) -> None:
        self.options = options
        self._engine: ServerEngine | None = None
        self.has_tls = False
        self.is_shaking_hands = False
        self.mechanisms: tuple[str, ...] = ()
        self.is_trusted = False
        self.turned_away: Refusal | None = None
        self.mail: MailGiven | None = None
        self.recipients: list[RecipientGiven] = []
        self.receiver = Receiver()
        self.receivers: list[Receiver] = []
        self.messages: list[bytes] = []
        self.resets = 0
        self.xclient: dict[str, str] = {}
        self.login: list[bytes] = []
        self.events: list[Event] = []

    @property
    def engine(self) -> ServerEngine:
        if self._engine is None:
            self._engine = ServerEngine(self.options)
            self._engine.offer(
                tls=self.has_tls, mechanisms=self.mechanisms, xclient=self.is_trusted
            )
            if self.turned_away:
                self._engine.turn_away(self.turned_away)
            else:
                self._engine.greet()
        return self._engine

    def receive(self, octets: bytes) -> None:
        if self.is_shaking_hands:
            return  # as the driver, which reads nothing more in clear
        events = self.engine.receive(octets)
        while events:
            for event in events:
                self.events.append(event)
                self.answer(event)
            events = self.engine.receive(b"")

    def take_output(self) -> bytes:
        chunks = self.engine.take_output()
        return b"".join(chunk for chunk in chunks if isinstance(chunk, bytes))

    def answer(self, event: Event) -> None:
        try:
            self.decide(event)
        except Refusal as refusal:
            self.engine.refuse(refusal)

    def decide(self, event: Event) -> None:
        engine = self.engine
        if isinstance(event, MailGiven):
            self.mail, self.recipients = event, []
            engine.accept_mail()
        elif isinstance(event, RecipientGiven):
            self.check_recipient(event)
        elif isinstance(event, ContentStarting):
            self.begin_content()
        elif isinstance(event, UrlGiven):
            self.put_in(event.url)
        elif isinstance(event, ContentComplete):
            self.end_content()
        elif isinstance(event, TransactionReset):
            self.resets += 1
        elif isinstance(event, TlsWanted):
            self.is_shaking_hands = True
            engine.accept_tls()
        elif isinstance(event, AuthenticationBegun | AuthenticationAnswered):
            self.log_in(event)
        elif isinstance(event, VerifyAsked):
            if event.name != "ana":
                raise Refusal("2.5.2", "cannot VRFY, but try", reply=252)
            engine.send_lines(250, "2.1.5", ["<ana@correo.test>"])
        elif isinstance(event, ExpandAsked):
            if event.name != "staff":
                raise NotFound("no such list")
            engine.send_lines(250, "2.1.5", ["<ana@correo.test>", "<bob@correo.test>"])
        elif isinstance(event, CommandHeard):
            engine.obey()
        else:
            self.xclient = event.attributes
            engine.accept_xclient()

    def check_recipient(self, event: RecipientGiven) -> None:
        if event.forward_path.startswith("nobody@"):
            raise NotFound("nobody of this name is here")
        self.recipients.append(event)
        self.engine.accept_recipient()

    def begin_content(self) -> None:
        names = {each.forward_path.partition("@")[0] for each in self.recipients}
        if "full" in names:
            raise StorageFull
        self.receiver = Receiver(is_full="disk" in names)
        self.receivers.append(self.receiver)
        self.engine.accept_content(self.receiver)

    def put_in(self, url: bytes) -> None:
        """An URL names its own octets, in two pieces."""
        if b"gone" in url:
            raise Refusal("5.6.6", "no such message", reply=554)
        octets = url.replace(b"bare-lf", b"\n")
        if self.engine.write_url(octets[:5]):
            self.engine.write_url(octets[5:])
        self.engine.accept_url()

    def end_content(self) -> None:
        self.conclude(self.recipients, self.receiver.octets)

    def conclude(
        self, recipients: list[RecipientGiven], octets: bytes, place: Place | None = None
    ) -> None:
        names = [each.forward_path.partition("@")[0] for each in recipients]
        if "spam" in names:
            raise Refusal("5.7.1", "not that", reply=554)
        self.messages.append(octets)
        if self.options.is_lmtp:
            over, fine = (452, "4.2.2", "mailbox full"), (250, "2.1.5", "delivered")
            self.engine.send_outcomes([over if name == "over" else fine for name in names], place)
        else:
            self.engine.accept_message("taken", place)

    def log_in(self, event: AuthenticationBegun | AuthenticationAnswered) -> None:
        if isinstance(event, AuthenticationBegun):
            self.login = []
            if event.mechanism == "FINAL":
                self.engine.authenticated(b"proof")
                return
            if event.initial_response is None:
                self.engine.challenge(b"Username:" if event.mechanism == "LOGIN" else b"")
                return
            self.login.append(event.initial_response)
        else:
            self.login.append(event.response)
        if self.login == [b"ana"]:
            self.engine.challenge(b"Password:")
        elif self.login in ([b"\0ana\0correo"], [b"ana", b"correo"]):
            self.engine.authenticated()
        else:
            raise Refusal("5.7.8", "authentication credentials invalid", reply=535)

    # "@" lines

    def command(self, word: str, argument: str) -> None:
        if word.startswith("max_"):
            numbers: dict[str, Any] = {word: int(argument)}
            self.options = replace(self.options, **numbers)
        elif word == "lmtp":
            self.options = replace(self.options, is_lmtp=True)
        elif word == "burl":
            self.options = replace(self.options, offers_burl=True)
        elif word == "line_ends":
            self.options = replace(self.options, line_ends=LineEnds(argument))
        elif word == "without":
            self.options = replace(self.options, without=frozenset(argument.split()))
        elif word == "tls":
            self.has_tls = True
        elif word == "mechanisms":
            self.mechanisms = (
                (*argument.split(), "FINAL") if "FINAL" in argument else tuple(argument.split())
            )
        elif word == "xclient":
            self.is_trusted = True
        elif word == "turn_away":
            self.turned_away = Refusal(argument, "not you")
        elif word == "handshake":
            self.is_shaking_hands = False
            self.engine.tls_started()
            self.engine.offer(tls=True, mechanisms=("PLAIN",))
        else:
            self.check(word, argument)

    def check(self, word: str, argument: str) -> None:
        found: dict[str, Callable[[], str]] = {
            "message": lambda: self.messages[-1].decode("utf-8", "backslashreplace"),
            "messages": lambda: str(len(self.messages)),
            "resets": lambda: str(self.resets),
            "aborts": lambda: str(sum(each.aborts for each in self.receivers)),
            "sender": lambda: self.mail.reverse_path if self.mail else "",
            "recipients": lambda: " | ".join(each.forward_path for each in self.recipients),
            "envid": lambda: (self.mail.parameters.envid or "") if self.mail else "",
            "orcpt": lambda: " | ".join(each.parameters.orcpt or "" for each in self.recipients),
            "xclient_given": lambda: " ".join(f"{k}={v}" for k, v in sorted(self.xclient.items())),
            "closed": lambda: "" if self.engine.is_closed else "not closed",
        }
        assert found[word]() == argument


@pytest.mark.parametrize("step", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("dialogue", [pytest.param(each, id=each.name) for each in DIALOGUES])
def test_the_engine_plays_its_part_however_the_octets_are_split(
    dialogue: Dialogue, step: int
) -> None:
    play(dialogue, Host(), step=step, units=smtp_replies)


WORDS = st.sampled_from(
    [
        b"EHLO x", b"HELO x", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA", b"RSET", b"QUIT",
        b"BDAT 3", b"BDAT 3 LAST", b"BDAT 0 LAST", b"AUTH PLAIN", b"STARTTLS", b".", b"abc", b"*",
        b"RCPT TO:<nobody@d>", b"XCLIENT NAME=x", b"NOOP", b"..", b"a\rb", b"a\nb", b"", b"\xff",
        b"BURL imap://x LAST", b"BURL imap://x", b"BURL gone", b"AUTH PLAIN AGFuYQBjb3JyZW8=",
    ]
)  # fmt: skip
SCRIPT = st.lists(st.tuples(WORDS, st.sampled_from([b"\r\n", b"\n", b"\r", b""])), max_size=30)


def outcome(octets: bytes, step: int) -> tuple[bytes, list[Event], list[bytes], bool]:
    host = Host(replace(OPTIONS, max_size=50, max_errors=30, offers_burl=True))
    host.has_tls = True
    host.mechanisms = ("PLAIN",)
    host.is_trusted = True
    size = step or max(len(octets), 1)
    for start in range(0, len(octets), size):
        host.receive(octets[start : start + size])
    return host.take_output(), host.events, host.messages, host.engine.is_closed


@settings(max_examples=200, deadline=None)
@given(SCRIPT, st.sampled_from([1, 2, 3, 5]))
def test_any_split_of_any_commands_gives_the_same_events_and_replies(
    script: list[tuple[bytes, bytes]], step: int
) -> None:
    octets = b"EHLO x\r\n" + b"".join(word + end for word, end in script)
    assert outcome(octets, 0) == outcome(octets, step)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_octets_get_only_replies(octets: bytes, in_content: bool) -> None:
    start = b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n" if in_content else b""
    host = Host()
    host.receive(start + octets)
    for reply in smtp_replies(host.take_output()):
        assert reply[:3].isdigit()
        assert reply[3] == " "


def test_every_negative_reply_carries_an_enhanced_status_code_of_its_class() -> None:
    host = Host()
    host.receive(b"X\r\nMAIL FROM:<>\r\nEHLO\r\nEHLO x\r\nMAIL FROM:<>x\r\nAUTH X\r\nSTARTTLS\r\n")
    for reply in smtp_replies(host.take_output())[1:]:
        if reply[0] in "45":
            assert reply[4] == reply[0]
            assert reply[5] == "."


def test_what_waits_behind_an_open_question_is_kept_and_counted() -> None:
    engine = ServerEngine(OPTIONS)
    engine.receive(b"EHLO x\r\n")
    events = engine.receive(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
    assert [type(each) for each in events] == [MailGiven]
    assert engine.receive(b"NOOP\r\n") == []
    assert engine.buffered == len(b"RCPT TO:<c@d>\r\nNOOP\r\n")
    engine.accept_mail()
    assert [type(each) for each in engine.receive(b"")] == [RecipientGiven]


def test_answering_what_is_not_asked_is_our_own_error() -> None:
    engine = ServerEngine(OPTIONS)
    with pytest.raises(UsageError):
        engine.accept_mail()
    with pytest.raises(UsageError):
        engine.refuse(Refusal("5.0.0", "no"))


def test_the_end_of_input_amid_content_aborts_the_receiver() -> None:
    host = Host()
    host.receive(b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhalf a mess")
    host.engine.receive_eof()
    assert host.receiver.aborts == 1
    assert host.engine.is_closed
    assert host.messages == []


def test_saying_goodbye_while_a_question_is_open_ends_the_dialogue() -> None:
    engine = ServerEngine(OPTIONS)
    engine.receive(b"EHLO x\r\nMAIL FROM:<a@b>\r\n")
    engine.take_output()
    engine.say_goodbye("4.3.2", "shutting down")
    assert engine.take_output() == [b"421 4.3.2 mx.correo.test shutting down\r\n"]
    assert engine.is_closed
    assert engine.receive(b"NOOP\r\n") == []


def test_an_endless_line_takes_no_memory() -> None:
    engine = ServerEngine(OPTIONS)
    for _ in range(100):
        engine.receive(b"x" * 65536)
        assert engine.buffered <= OPTIONS.max_command_line + 65536


# answers that come later


class LateHost(Host):
    """Lets the client go on while messages wait for their answer, as the real session does."""

    def __init__(self, options: ServerOptions = OPTIONS) -> None:
        super().__init__(options)
        self.waiting: list[tuple[list[RecipientGiven], bytes, Place]] = []

    def end_content(self) -> None:
        if not self.engine.can_answer_later:
            super().end_content()
            return
        self.waiting.append((self.recipients, self.receiver.octets, self.engine.answer_later()))

    def settle(self, which: int) -> None:
        """Answer one of those that wait."""
        recipients, octets, place = self.waiting.pop(which % len(self.waiting))
        try:
            self.conclude(recipients, octets, place)
        except Refusal as refusal:
            self.engine.refuse_message(refusal, place)
        self.receive(b"")


ENVELOPES = st.sampled_from(
    [
        b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n",
        b"MAIL FROM:<a@b>\r\nRCPT TO:<spam@d>\r\n",
        b"MAIL FROM:<a@b> SMTPUTF8\r\nRCPT TO:<nobody@d>\r\nRCPT TO:<c@d>\r\nRCPT TO:<over@d>\r\n",
        b"MAIL FROM:<a@b>\r\nRCPT TO:<nobody@d>\r\n",
        b"MAIL FROM:<a@b>\r\nRCPT TO:<disk@d>\r\n",
    ]
)
CONTENTS = st.sampled_from(
    [b"DATA\r\nx\r\n.\r\n", b"BDAT 3 LAST\r\nx\r\n", b"BDAT 1\r\nxBDAT 0 LAST\r\n", b"RSET\r\n"]
)
BETWEEN = st.sampled_from(
    [b"", b"", b"NOOP\r\n", b"RSET\r\n", b"EHLO x\r\n", b"VRFY ana\r\n", b"X\r\n", b"NOOP\n",
     b"x" * 3000 + b"\r\n", b"AUTH PLAIN AGFuYQBjb3JyZW8=\r\n", b"QUIT\r\n"]
)  # fmt: skip
ROWS = st.lists(st.tuples(ENVELOPES, CONTENTS, BETWEEN), max_size=8)


def said(host: Host, octets: bytes, step: int) -> bytes:
    host.mechanisms = ("PLAIN",)
    heard = b""
    for start in range(0, len(octets), step):
        host.receive(octets[start : start + step])
        heard += host.take_output()
    return heard


@settings(max_examples=200, deadline=None)
@given(ROWS, st.integers(1, 400), st.lists(st.integers(0, 5), max_size=10), st.booleans())
def test_answers_that_come_later_change_nothing_of_what_is_said(
    rows: list[tuple[bytes, bytes, bytes]], step: int, order: list[int], is_lmtp: bool
) -> None:
    options = replace(OPTIONS, is_lmtp=is_lmtp, max_messages=4)
    octets = b"".join(b"".join(row) for row in rows)
    octets = b"EHLO x\r\n" + octets
    if is_lmtp:
        octets = octets.replace(b"EHLO", b"LHLO")
    at_once, late = Host(options), LateHost(options)
    expected = said(at_once, octets, step)
    heard = said(late, octets, step)
    assert expected.startswith(heard)
    while late.waiting:
        assert not late.engine.is_closed
        late.settle(order.pop() if order else 0)
        heard += late.take_output()
    assert heard == expected
    assert sorted(late.messages) == sorted(at_once.messages)
    assert late.engine.is_closed == at_once.engine.is_closed


TRANSACTION = b"MAIL FROM:<a@b>\r\nRCPT TO:<%b@d>\r\nBDAT 3 LAST\r\nx\r\n"


def test_the_next_transactions_go_on_while_a_message_waits_and_other_commands_do_not() -> None:
    host = LateHost()
    host.receive(b"EHLO x\r\n" + TRANSACTION % b"c")
    host.take_output()
    host.receive(TRANSACTION % b"d" + b"VRFY ana\r\n" + TRANSACTION % b"e")
    assert [type(each) for each in host.events].count(ContentComplete) == 2
    assert host.take_output() == b""
    host.settle(1)
    assert host.take_output() == b""
    host.settle(0)
    replies = smtp_replies(host.take_output())
    assert [each[:3] for each in replies] == ["250"] * 7  # two messages, VRFY, and MAIL and RCPT
    assert [type(each) for each in host.events].count(ContentComplete) == 3


def test_only_so_many_messages_wait_for_their_answer() -> None:
    host = LateHost()
    host.receive(b"EHLO x\r\n" + TRANSACTION % b"c" * 50)
    waiting = len(host.waiting)
    assert waiting == 32
    assert len(host.messages) == 18  # the others were answered at once
    while host.waiting:
        host.settle(0)
    assert len(smtp_replies(host.take_output())) == 2 + 50 * 3


def test_a_late_421_does_not_end_a_dialogue_that_has_gone_on() -> None:
    host = LateHost()
    host.receive(b"EHLO x\r\n" + TRANSACTION % b"c" + b"NOOP\r\n")
    host.take_output()
    _, _, place = host.waiting.pop()
    host.engine.refuse_message(Refusal("4.3.2", "not now", reply=421), place)
    assert host.take_output() == b"451 4.3.2 not now\r\n250 2.0.0 here\r\n"
    assert not host.engine.is_closed


def test_late_refusals_count_as_errors_and_too_many_end_the_dialogue() -> None:
    host = LateHost(replace(OPTIONS, max_errors=3))
    host.receive(b"EHLO x\r\n" + TRANSACTION % b"spam" * 20)
    while host.waiting:
        host.settle(0)
    replies = [each[:3] for each in smtp_replies(host.take_output())]
    assert 3 <= replies.count("554") <= 2 * 3  # at worst as many again were waiting
    assert replies[-1] == "421"
    assert host.engine.is_closed


def test_a_place_is_filled_once() -> None:
    host = LateHost()
    host.receive(b"EHLO x\r\n" + TRANSACTION % b"c")
    _, _, place = host.waiting.pop()
    host.engine.accept_message("taken", place)
    with pytest.raises(ValueError, match="not in list"):
        host.engine.accept_message("taken", place)
