"""The POP3 client engine: against written replies, any octets, and our own server engine."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.base.errors import PeerError, UsageError
from correo.base.pause import Pause
from correo.wire.pop3 import (
    Challenge,
    ClientEngine,
    DeletionsDue,
    DigestGiven,
    Greeting,
    MessageWanted,
    Offer,
    PasswordGiven,
    Reply,
    ServerEngine,
)


class Bin:
    """A receiver that keeps everything."""

    def __init__(self) -> None:
        self.octets = b""

    def write(self, octets: bytes) -> None:
        self.octets += octets


def greeted(*, timestamp: str = "") -> ClientEngine:
    engine = ClientEngine()
    engine.receive(b"+OK hello %b\r\n" % timestamp.encode())
    return engine


def sent(engine: ClientEngine) -> bytes:
    return b"".join(chunk for chunk in engine.take_output() if isinstance(chunk, bytes))


def in_steps(engine: ClientEngine, octets: bytes, step: int) -> list[object]:
    events: list[object] = []
    for at in range(0, len(octets), step):
        events += engine.receive(octets[at : at + step])
    return events


REPLIES = [
    # id                  the server says                         ok     code        text
    ("bare", b"+OK\r\n", True, "", ""),
    ("text", b"+OK 2 320\r\n", True, "", "2 320"),
    ("code", b"-ERR [IN-USE] busy\r\n", False, "IN-USE", "busy"),
    ("code in small letters", b"-err [sys/temp] later\r\n", False, "SYS/TEMP", "later"),
    ("code alone", b"-ERR [AUTH]\r\n", False, "AUTH", ""),
    ("UTF-8", "+OK es Español\r\n".encode(), True, "", "es Español"),
    ("Latin-1", b"+OK a\xf1o\r\n", True, "", "a\ufffdo"),
    ("LF alone", b"+OK fine\n", True, "", "fine"),
]


@pytest.mark.parametrize("step", [1, 2, 1000])
@pytest.mark.parametrize(
    ("octets", "ok", "code", "text"), [pytest.param(*case[1:], id=case[0]) for case in REPLIES]
)
def test_a_reply_is_understood(octets: bytes, ok: bool, code: str, text: str, step: int) -> None:
    engine = greeted()
    engine.stat()
    assert in_steps(engine, octets, step) == [Reply("STAT", ok, code, text)]


NOT_POP3 = [b"220 smtp\r\n", b"* OK imap\r\n", b"\r\n", b"OK\r\n", b"+OK" + b"x" * 9000 + b"\r\n"]


@pytest.mark.parametrize("octets", NOT_POP3)
def test_what_is_not_pop3_is_a_peer_error(octets: bytes) -> None:
    with pytest.raises(PeerError):
        ClientEngine().receive(octets)


def test_the_greeting_gives_the_timestamp() -> None:
    events = ClientEngine().receive(b"+OK ready <1896.697170952@dbc.mtview.ca.us> hi\r\n")
    expected = "ready <1896.697170952@dbc.mtview.ca.us> hi"
    assert events == [Greeting(True, expected, "<1896.697170952@dbc.mtview.ca.us>")]


def test_apop_is_the_digest_of_the_rfcs_example() -> None:
    engine = greeted(timestamp="<1896.697170952@dbc.mtview.ca.us>")
    engine.apop("mrose", "tanstaaf")
    assert sent(engine) == b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n"
    with pytest.raises(UsageError):
        greeted().apop("mrose", "tanstaaf")


def test_a_server_that_turns_us_away_ends_the_dialogue() -> None:
    engine = ClientEngine()
    assert engine.receive(b"-ERR too busy\r\n") == [Greeting(False, "too busy", "")]
    assert engine.is_closed


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_replies_come_in_the_order_of_the_commands(step: int) -> None:
    engine = greeted()
    first, second = Bin(), Bin()
    engine.capa()
    engine.retr(1, first)
    engine.retr(2, second)
    engine.uidl()
    engine.list(3)
    engine.quit()
    assert sent(engine) == b"CAPA\r\nRETR 1\r\nRETR 2\r\nUIDL\r\nLIST 3\r\nQUIT\r\n"
    wire = (
        b"+OK\r\nTOP\r\nSASL PLAIN\r\n.\r\n"
        b"+OK 5 octets\r\n..a\r\n\r\n.\r\n"
        b"-ERR no such message\r\n"
        b"+OK\r\n.\r\n"
        b"+OK 3 10\r\n"
        b"+OK bye\r\n"
    )
    assert in_steps(engine, wire, step) == [
        Reply("CAPA", True, "", "", [b"TOP", b"SASL PLAIN"], 17),
        Reply("RETR", True, "", "5 octets", [], 6),
        Reply("RETR", False, "", "no such message"),
        Reply("UIDL", True, "", "", [], 0),
        Reply("LIST", True, "", "3 10"),
        Reply("QUIT", True, "", "bye"),
    ]
    assert (first.octets, second.octets) == (b".a\r\n\r\n", b"")
    assert engine.is_closed
    assert engine.receive_eof() == []


def test_auth_goes_back_and_forth() -> None:
    engine = greeted()
    engine.auth("SCRAM-SHA-256", b"n,,n=ana,r=x")
    assert sent(engine) == b"AUTH SCRAM-SHA-256 biwsbj1hbmEscj14\r\n"
    assert engine.receive(b"+ cj14eQ==\r\n") == [Challenge(b"r=xy")]
    engine.respond(b"")
    assert sent(engine) == b"\r\n"
    assert engine.receive(b"+\r\n") == [Challenge(b"")]
    engine.cancel()
    assert sent(engine) == b"*\r\n"
    assert engine.receive(b"-ERR [AUTH] no\r\n") == [Reply("AUTH", False, "AUTH", "no")]
    engine.auth("PLAIN", b"")
    assert sent(engine) == b"AUTH PLAIN =\r\n"
    with pytest.raises(PeerError):
        engine.receive(b"+ !!!\r\n")


@pytest.mark.parametrize("text", ["a\r\nDELE 1", "a\nb", "a\0b"])
def test_a_name_cannot_carry_a_second_command(text: str) -> None:
    with pytest.raises(UsageError):
        greeted().user(text)


def test_a_reply_nobody_asked_for_is_a_peer_error() -> None:
    with pytest.raises(PeerError):
        greeted().receive(b"+OK surprise\r\n")


def test_a_server_that_leaves_too_early_is_a_peer_error() -> None:
    with pytest.raises(PeerError):
        ClientEngine().receive_eof()
    engine = greeted()
    engine.retr(1, Bin())
    engine.receive(b"+OK\r\nhalf a mess")
    with pytest.raises(PeerError):
        engine.receive_eof()


def test_a_message_over_the_limit_is_a_peer_error() -> None:
    engine = ClientEngine(message_limit=1000)
    engine.receive(b"+OK\r\n")
    engine.retr(1, Bin())
    engine.receive(b"+OK\r\n")
    with pytest.raises(PeerError):
        engine.receive(b"x" * 2000)


@given(st.binary(max_size=200), st.integers(1, 20))
@settings(max_examples=200)
def test_any_octets_give_events_or_a_peer_error_and_nothing_else(octets: bytes, step: int) -> None:
    engine = greeted()
    engine.capa()
    engine.auth("PLAIN", None)
    engine.retr(1, Bin())
    try:
        in_steps(engine, b"+OK\r\n" + octets, step)
    except PeerError:
        pass


MESSAGES = [b"a: b\r\n\r\n.hidden\r\n", b"", b".\r\n" * 50, b"x" * 300_000]


@pytest.mark.parametrize("step", [1000, 70_000])
def test_client_and_server_understand_each_other(step: int) -> None:
    server = ServerEngine("correo.example", Offer(may_show_password=True))
    client = ClientEngine()
    server.greet("<1.2@correo.example>")
    bins = [Bin() for _ in MESSAGES]
    events: list[object] = []
    deleted: list[int] = []

    def serve(octets: bytes) -> None:
        waiting = server.receive(octets)
        while waiting:
            event = waiting[0]
            if isinstance(event, PasswordGiven | DigestGiven):
                server.open_maildrop([len(m) for m in MESSAGES], [f"u{n}" for n in range(4)])
            elif isinstance(event, MessageWanted):
                server.send_message(MESSAGES[event.number - 1])
            elif isinstance(event, DeletionsDue):
                deleted.extend(event.numbers)
                server.finish(ok=True)
            else:
                assert isinstance(event, Pause)
                exchange()
            waiting = server.receive(b"")

    def exchange() -> None:
        chunks = [chunk for chunk in server.take_output() if isinstance(chunk, bytes)]
        events.extend(in_steps(client, b"".join(chunks), step))

    exchange()
    client.capa()
    client.apop("ana", "secret")
    client.stat()
    client.list()
    client.uidl()
    for number, receiver in enumerate(bins, start=1):
        client.retr(number, receiver)
    client.dele(2)
    client.quit()
    serve(sent(client))
    exchange()
    assert all(event.ok for event in events if isinstance(event, Reply | Greeting))
    assert len(events) == 12
    for receiver, message in zip(bins, MESSAGES, strict=True):
        assert receiver.octets.removesuffix(b"\r\n") == message.removesuffix(b"\r\n")
    assert deleted == [2]
    assert client.is_closed
    assert server.is_closed
