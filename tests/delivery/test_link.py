"""Messages over real connections: what the peer can carry, what it says, how it breaks."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from correo.accounts.administration import Administration
from correo.accounts.authenticator import Authenticator
from correo.accounts.passwords import Passwords
from correo.base.errors import Refusal
from correo.clients.smtp import SmtpTimeouts, TlsMode
from correo.delivery.exchangers import Host
from correo.delivery.job import LinkLost
from correo.delivery.link import SmtpConnector, mode_of
from correo.delivery.verdict import DeliveryFailure, Verdict
from correo.intake.api import Role
from correo.net.tls import CertificateFiles, ServerTls, client_context, opportunistic_context
from correo.queue.routes import NextHop, Smarthost
from correo.store.memory.blobs import MemoryBlobStore
from correo.store.memory.directory import MemoryDirectory
from correo.store.model import StoredBlob
from correo.store.queue import QueuedMessage, QueuedRecipient, RecipientState
from correo.testing.clock import FakeClock
from correo.testing.sink import SmtpSink

PLAIN = b"Subject: hello\r\n\r\n.dot\r\n"
EIGHT_BIT = (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\nma\xc3\xb1ana\r\n"
)
BINARY = (
    b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding: binary\r\n\r\n\x00\n\r\xff"
)
UTF8_HEADER = "Subject: mañana\r\n\r\nx\r\n".encode()
ALL = frozenset({"8BITMIME", "BINARYMIME", "SMTPUTF8", "CHUNKING", "DSN"})


def message(
    content: bytes | StoredBlob, *recipients: str, sender: str = "ana@a.test", **fields: Any
) -> Any:
    made = QueuedMessage(
        "M1", sender, [QueuedRecipient(r) for r in recipients or ("zoe@b.test",)], content,
        0.0, 1e12, 0.0,
    )  # fmt: skip
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def connector(**options: Any) -> SmtpConnector:
    options.setdefault("blobs", MemoryBlobStore(FakeClock()))
    options.setdefault("opportunistic", opportunistic_context())
    return SmtpConnector(hostname="mail.a.test", **options)


async def deliver(sink: SmtpSink, made: QueuedMessage, **options: Any) -> list[Verdict]:
    link = await connector(**options).connect(Host("mx.b.test", "127.0.0.1", sink.port), None)
    try:
        return await link.deliver(made, list(range(len(made.recipients))))
    finally:
        await link.close()


def run(work: Callable[[SmtpSink], Awaitable[None]], **settings: Any) -> None:
    async def whole() -> None:
        async with SmtpSink(**settings) as sink:
            await work(sink)

    asyncio.run(whole())


CARRIED = [
    # id                       content      declared      peer lacks                  arrives as
    ("7 bit", PLAIN, "7BIT", set(), "7BIT", PLAIN),
    ("7 bit declared as 8", PLAIN, "8BITMIME", {"8BITMIME"}, "7BIT", PLAIN),
    ("8 bit", EIGHT_BIT, "8BITMIME", set(), "8BITMIME", EIGHT_BIT),
    ("8 bit, not declared", EIGHT_BIT, "7BIT", set(), "8BITMIME", EIGHT_BIT),
    ("8 bit to 7", EIGHT_BIT, "8BITMIME", {"8BITMIME", "SMTPUTF8"}, "7BIT", b"bWHDsWFuYQ0K"),
    ("binary", BINARY, "BINARYMIME", set(), "BINARYMIME", BINARY),
    ("binary without chunks", BINARY, "BINARYMIME", {"CHUNKING", "BINARYMIME"}, "7BIT", b"AAoN/w=="),
    ("8-bit header", UTF8_HEADER, "8BITMIME", set(), "8BITMIME", UTF8_HEADER),
    ("8-bit header to 7", UTF8_HEADER, "8BITMIME", ALL, "7BIT", b"=?utf-8?"),
]  # fmt: skip


@pytest.mark.parametrize("large", [False, True], ids=["inline", "blob"])
@pytest.mark.parametrize(("limit", "goes"), [(len(PLAIN) - 1, False), (len(PLAIN), True)])
def test_what_is_larger_than_the_peer_takes_is_not_even_offered(
    limit: int, goes: bool, large: bool
) -> None:
    async def work(sink: SmtpSink) -> None:
        sink.refusals["MAIL"] = Refusal("4.7.1", "it came all the same")
        blobs = MemoryBlobStore(FakeClock())
        made = message(await blobs.put(PLAIN) if large else PLAIN)
        [verdict] = await deliver(sink, made, blobs=blobs)
        if goes:
            assert "it came all the same" in verdict.diagnostic
        else:
            assert (verdict.state, verdict.status) == (RecipientState.FAILED, "5.3.4")
            assert f"more than the {limit} " in verdict.diagnostic

    run(work, max_size=limit)


@pytest.mark.parametrize("large", [False, True], ids=["inline", "blob"])
@pytest.mark.parametrize(
    ("content", "declared", "without", "body", "expected"),
    [pytest.param(*case[1:], id=case[0]) for case in CARRIED],
)
def test_a_message_arrives_in_the_form_the_peer_can_take(
    content: bytes, declared: str, without: set[str], body: str, expected: bytes, large: bool
) -> None:
    async def work(sink: SmtpSink) -> None:
        blobs = MemoryBlobStore(FakeClock())
        made = message(content, body=declared)
        if large:
            made.content = await blobs.put(content)
        [verdict] = await deliver(sink, made, blobs=blobs)
        assert verdict.status.startswith("2"), verdict
        [arrived] = sink.received
        if not (large and content == PLAIN):
            assert arrived.parameters.body == body
        assert expected.lower() in arrived.content.lower()
        if body == "7BIT":
            assert arrived.content.isascii()

    run(work, without=frozenset(without))


ADDRESSES = [
    # id                      sender          recipient        peer has  sent to          status
    ("utf-8 both", "josé@a.test", "zoë@b.test", True, "zoë@b.test", "2"),
    ("utf-8 domain only", "ana@a.test", "zoe@münchen.test", False, "zoe@xn--mnchen-3ya.test", "2"),
    ("utf-8 recipient", "ana@a.test", "zoë@b.test", False, None, "5.6.7"),
    ("utf-8 sender", "josé@a.test", "zoe@b.test", False, None, "5.6.7"),
]


@pytest.mark.parametrize(
    ("sender", "recipient", "offered", "sent_to", "status"),
    [pytest.param(*case[1:], id=case[0]) for case in ADDRESSES],
)
def test_utf_8_addresses_need_smtputf8_or_bounce(
    sender: str, recipient: str, offered: bool, sent_to: str | None, status: str
) -> None:
    async def work(sink: SmtpSink) -> None:
        made = message(PLAIN, recipient, sender=sender, smtputf8=True)
        [verdict] = await deliver(sink, made)
        assert verdict.status.startswith(status)
        arrived = [address for each in sink.received for address, _ in each.recipients]
        assert arrived == ([sent_to] if sent_to else [])
        if not sent_to:
            assert verdict.state is RecipientState.FAILED

    run(work, without=frozenset() if offered else frozenset({"SMTPUTF8"}))


def test_of_two_recipients_the_one_that_can_be_reached_is() -> None:
    async def work(sink: SmtpSink) -> None:
        first, second = await deliver(sink, message(PLAIN, "zoë@b.test", "zoe@b.test"))
        assert (first.status, second.state) == ("5.6.7", RecipientState.PASSED_ON)

    run(work, without=frozenset({"SMTPUTF8"}))


def test_each_recipient_has_the_peer_s_exact_words() -> None:
    async def work(sink: SmtpSink) -> None:
        sink.refusals = {
            "bad@b.test": Refusal("5.1.1", "no such user <bad>"),
            "slow@b.test": Refusal("4.2.1", "asleep", reply=450),
        }
        verdicts = await deliver(sink, message(PLAIN, "bad@b.test", "ok@b.test", "slow@b.test"))
        assert verdicts[0] == Verdict(
            RecipientState.FAILED, "5.1.1", "550 5.1.1 no such user <bad>", "mx.b.test"
        )
        assert verdicts[1].state is RecipientState.PASSED_ON
        assert (verdicts[2].state, verdicts[2].diagnostic) == (
            RecipientState.WAITING, "450 4.2.1 asleep",
        )  # fmt: skip

    run(work)


@pytest.mark.parametrize("step", ["MAIL", "DATA", "CONTENT"])
def test_a_refusal_of_the_message_is_for_all_recipients_and_the_next_one_goes(step: str) -> None:
    async def work(sink: SmtpSink) -> None:
        link = await connector().connect(Host("mx", "127.0.0.1", sink.port), None)
        sink.refusals = {step: Refusal("5.7.1", "not this one", reply=550)}
        verdicts = await link.deliver(message(PLAIN, "a@b.test", "b@b.test"), [0, 1])
        assert [each.status for each in verdicts] == ["5.7.1", "5.7.1"]
        sink.refusals = {}
        [verdict] = await link.deliver(message(PLAIN), [0])
        assert verdict.state is RecipientState.PASSED_ON
        assert sink.connections == 1
        await link.close()

    run(work)


def test_delivery_report_wishes_are_passed_on_where_the_peer_has_dsn() -> None:
    async def work(sink: SmtpSink) -> None:
        made = message(PLAIN, envid="QQ=1", ret="HDRS")
        made.recipients[0].notify = frozenset({"SUCCESS", "DELAY"})
        made.recipients[0].orcpt = "rfc822;Zoë+x@b.test"
        [verdict] = await deliver(sink, made)
        assert verdict.state is RecipientState.PASSED_ON
        [arrived] = sink.received
        assert (arrived.parameters.envid, arrived.parameters.ret) == ("QQ=1", "HDRS")
        assert arrived.recipients[0][1].notify == {"SUCCESS", "DELAY"}

    run(work)


def test_a_peer_without_dsn_relays_without_a_further_report() -> None:
    async def work(sink: SmtpSink) -> None:
        [verdict] = await deliver(sink, message(PLAIN, envid="QQ"))
        assert verdict.state is RecipientState.RELAYED
        assert sink.received[0].parameters.envid is None

    run(work, without=frozenset({"DSN"}))


def test_a_connection_that_is_cut_is_a_lost_link() -> None:
    async def work(sink: SmtpSink) -> None:
        link = await connector().connect(Host("mx", "127.0.0.1", sink.port), None)
        sink.cut_all()
        with pytest.raises(LinkLost) as caught:
            await link.deliver(message(PLAIN), [0])
        assert caught.value.failure.status == "4.4.2"
        assert not link.is_usable
        await link.close()

    run(work)


def test_nobody_there_is_a_failure_for_now() -> None:
    async def work() -> None:
        async with SmtpSink() as sink:
            port = sink.port
        with pytest.raises(DeliveryFailure) as caught:
            await connector().connect(Host("mx.b.test", "127.0.0.1", port), None)
        assert caught.value.status == "4.4.1"
        assert "mx.b.test [127.0.0.1]" in caught.value.text

    asyncio.run(work())


def test_silence_is_a_failure_for_now() -> None:
    async def work() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:  # nobody accepts
            host = Host("mx", "127.0.0.1", silent.getsockname()[1])
            with pytest.raises(DeliveryFailure) as caught:
                await connector(timeouts=SmtpTimeouts(greeting=0.05)).connect(host, None)
            assert caught.value.is_temporary

    asyncio.run(work())


# TLS and login


def test_starttls_is_used_where_it_is_offered(certificate_files: CertificateFiles) -> None:
    async def work(sink: SmtpSink) -> None:
        await deliver(sink, message(PLAIN))
        assert sink.received[0].peer.is_tls

    run(work, tls=ServerTls(certificate_files).context)


def test_where_the_handshake_fails_the_message_goes_in_clear(
    certificate_files: CertificateFiles,
) -> None:
    async def work(sink: SmtpSink) -> None:
        picky = client_context()  # trusts nobody here, so the handshake fails
        [verdict] = await deliver(sink, message(PLAIN), opportunistic=picky)
        assert verdict.state is RecipientState.PASSED_ON
        assert not sink.received[0].peer.is_tls

    run(work, tls=ServerTls(certificate_files).context)


def test_a_smarthost_gets_the_login_over_checked_tls_only(
    certificate_files: CertificateFiles,
) -> None:
    async def work() -> None:
        clock, store, passwords = FakeClock(), MemoryDirectory(), Passwords()

        async def create(account: object) -> None:
            """No mailboxes are needed."""

        administration = Administration(store, clock, passwords, create)
        await administration.add_domain("b.test")
        await administration.add_account("me@b.test", "secret")
        settings: dict[str, Any] = {
            "authenticator": Authenticator(store, clock, passwords), "role": Role.SUBMISSION,
            "tls": ServerTls(certificate_files).context,
        }  # fmt: skip
        async with SmtpSink(**settings) as sink:
            host = Host("localhost", "127.0.0.1", sink.port)
            good = Smarthost(NextHop("localhost", sink.port), "me@b.test", "secret")
            trusting = connector(verified=client_context(certificate_files.authority))
            link = await trusting.connect(host, good)
            await link.deliver(message(PLAIN), [0])
            assert sink.received[0].peer.login == "me@b.test"
            await link.close()
            wrong = Smarthost(good.hop, "me@b.test", "wrong")
            with pytest.raises(DeliveryFailure, match="login refused: 535") as caught:
                await trusting.connect(host, wrong)
            assert caught.value.is_temporary
            with pytest.raises(DeliveryFailure):
                await connector(verified=client_context()).connect(host, good)
        passwords.close()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("tls", "username", "mode"),
    [
        ("opportunistic", "", TlsMode.OPPORTUNISTIC),
        ("opportunistic", "me", TlsMode.STARTTLS),
        ("none", "me", TlsMode.STARTTLS),
        ("starttls", "", TlsMode.STARTTLS),
        ("implicit", "me", TlsMode.IMPLICIT),
    ],
)
def test_a_login_never_goes_in_clear(tls: str, username: str, mode: TlsMode) -> None:
    assert mode_of(Smarthost(NextHop("h"), username, tls=tls)) is mode
