"""The two engines against each other: what a client means is what a server understands."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.base.blobs import BlobSlice
from correo.testing.scripted_imap import ScriptedImapSession
from correo.testing.toy import MemoryBlob
from correo.wire.imap import commands as c
from correo.wire.imap.client import ImapClientEngine, Literal
from correo.wire.imap.response_types import (
    Continuation,
    FetchData,
    Greeting,
    Response,
    TaggedStatus,
    Verdict,
)
from correo.wire.imap.search_keys import TextContains
from correo.wire.imap.strings import astring


class Wire:
    """A client engine and a scripted server, joined octet by octet or in larger steps."""

    def __init__(self, steps: random.Random | None = None) -> None:
        self.client = ImapClientEngine()
        self.session = ScriptedImapSession()
        self.steps = steps
        self.heard: list[Response] = []
        self.settle()

    def settle(self) -> list[Response]:
        """Carry octets both ways until both are silent; what the client heard."""
        heard: list[Response] = []
        while True:
            to_client = self.session.output()
            to_server = self.client_output()
            if not to_client and not to_server:
                return heard
            for piece in self.pieces(to_client):
                heard += self.client.receive(piece)
            answers = [self.session.converse(piece) for piece in self.pieces(to_server)]
            for piece in self.pieces(b"".join(answers)):
                heard += self.client.receive(piece)

    def client_output(self) -> bytes:
        octets = []
        for chunk in self.client.take_output():
            if isinstance(chunk, BlobSlice):
                assert isinstance(chunk.blob, MemoryBlob)
                chunk = chunk.blob.octets[chunk.offset : chunk.offset + chunk.length]
            octets.append(chunk)
        return b"".join(octets)

    def pieces(self, octets: bytes) -> list[bytes]:
        if self.steps is None:
            return [octets] if octets else []
        found = []
        while octets:
            step = self.steps.randint(1, 12)
            found.append(octets[:step])
            octets = octets[step:]
        return found

    def run(self, name: bytes, *arguments: bytes | Literal) -> tuple[TaggedStatus, list[Response]]:
        tag = self.client.command(name, *arguments)
        heard = self.settle()
        status = heard.pop()
        assert isinstance(status, TaggedStatus)
        assert status.tag == tag
        return status, [one for one in heard if type(one) is not Continuation]

    def log_in(self) -> "Wire":
        self.run(b"LOGIN", b"ana", b"secret")
        return self


def test_the_greeting_tells_the_client_what_the_server_can() -> None:
    wire = Wire()
    assert "LITERAL+" in wire.client.capabilities


def test_sasl_goes_through_both_engines() -> None:
    wire = Wire()
    tag = wire.client.command(b"AUTHENTICATE PLAIN")
    assert wire.settle() == [Continuation(b"")]
    wire.client.respond(b"\0ana\0secret")
    (status,) = wire.settle()
    assert isinstance(status, TaggedStatus)
    assert (status.tag, status.verdict) == (tag, Verdict.OK)


def test_a_cancelled_login_leaves_both_ready() -> None:
    wire = Wire()
    wire.client.command(b"AUTHENTICATE PLAIN")
    wire.settle()
    wire.client.cancel()
    (status,) = wire.settle()
    assert isinstance(status, TaggedStatus)
    assert status.verdict is Verdict.BAD
    assert wire.log_in().run(b"NOOP")[0].verdict is Verdict.OK


def test_idle_ends_when_the_client_wants() -> None:
    wire = Wire().log_in()
    wire.client.command(b"IDLE")
    assert Continuation(b"idling") in wire.settle()
    wire.client.done()
    (status,) = wire.settle()
    assert isinstance(status, TaggedStatus)
    assert status.verdict is Verdict.OK


def test_commands_may_be_pipelined() -> None:
    wire = Wire().log_in()
    tags = [wire.client.command(b"NOOP") for _ in range(5)]
    heard = wire.settle()
    assert [one.tag for one in heard if isinstance(one, TaggedStatus)] == tags


@pytest.mark.parametrize("capability", ["LITERAL+", "LITERAL-", ""])
def test_a_message_arrives_whole_with_every_kind_of_literal(capability: str) -> None:
    wire = Wire().log_in()
    wire.client.capabilities = frozenset({capability})
    message = MemoryBlob(bytes(range(256)) * 100)
    status, _ = wire.run(
        b"APPEND", b"INBOX", b"(\\Seen)", Literal(BlobSlice(message, 0, message.size))
    )
    assert status.code is not None
    assert status.code.name == "APPENDUID"
    (kept,) = wire.session.kept
    assert kept.octets == message.octets
    assert kept.announced.flags == ("\\Seen",)


def test_a_refused_message_is_not_sent_when_the_server_has_to_be_asked() -> None:
    wire = Wire().log_in()
    wire.client.capabilities = frozenset()
    wire.client.command(b"APPEND", b"Full", Literal(b"x" * 1000), Literal(b"y" * 1000))
    follower = wire.client.command(b"NOOP")
    statuses = [one for one in wire.settle() if isinstance(one, TaggedStatus)]
    assert [status.verdict for status in statuses] == [Verdict.NO, Verdict.OK]
    assert statuses[1].tag == follower


def test_the_client_follows_what_it_has_enabled() -> None:
    wire = Wire().log_in()
    wire.run(b"ENABLE", b"IMAP4rev2")
    assert wire.client.is_utf8
    _, heard = wire.run(b"LIST", b'""', b"*")
    assert [getattr(one, "name", "") for one in heard] == ["Año"]


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=100, deadline=None)
@given(name=TEXTS, text=TEXTS, synchronizing=st.booleans(), seed=st.integers(0, 99))
def test_any_text_arrives_as_meant(name: str, text: str, synchronizing: bool, seed: int) -> None:
    wire = Wire(random.Random(seed)).log_in()
    wire.run(b"SELECT", b"INBOX")
    if synchronizing:
        wire.client.capabilities = frozenset()
    wire.session.events.clear()
    for octets, expected in ((name.encode(), name), (text.encode(), text)):
        ready = astring(octets)
        argument = Literal(octets) if ready.startswith((b"{", b"~{")) else ready
        wire.run(b"SEARCH", b"CHARSET UTF-8 TEXT", argument)
        event = wire.session.events[-1]
        assert isinstance(event, c.Search)
        assert event.key == TextContains(expected)


@settings(max_examples=50, deadline=None)
@given(
    messages=st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=4),
    plus=st.booleans(),
    seed=st.integers(0, 99),
)
def test_any_messages_arrive_in_any_split(messages: list[bytes], plus: bool, seed: int) -> None:
    wire = Wire(random.Random(seed)).log_in()
    if not plus:
        wire.client.capabilities = frozenset()
    status, _ = wire.run(b"APPEND", b"x", *[Literal(one, is_binary=True) for one in messages])
    assert status.verdict is Verdict.OK
    assert [kept.octets for kept in wire.session.kept] == messages


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_fetch_answers_arrive_in_any_split(seed: int) -> None:
    wire = Wire(random.Random(seed)).log_in()
    wire.run(b"SELECT", b"INBOX")
    _, heard = wire.run(b"UID FETCH", b"1:3", b"(FLAGS)")
    assert heard == [FetchData(n, uid=n, flags=("\\Seen",)) for n in (1, 2, 3)]


def test_greetings_are_greetings() -> None:
    client = ImapClientEngine()
    (greeting,) = client.receive(ScriptedImapSession().output())
    assert isinstance(greeting, Greeting)
