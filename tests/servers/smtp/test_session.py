"""The SMTP server over loopback: TLS, logins, XCLIENT, time, ends of every kind."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from correo.base.errors import DamagedStore, StorageFull, UsageError
from correo.clients.smtp import (
    Envelope,
    EnvelopeRecipient,
    SmtpClient,
    SmtpReplyError,
    TlsMode,
)
from correo.intake.api import Role
from correo.net.tls import ServerTls
from correo.servers.smtp import SmtpSettings
from correo.testing.intake import FakeIntakeSession
from correo.testing.smtp_house import SmtpHouse, smtp_house
from correo.wire.smtp.data import LineEnds

MX = SmtpSettings(Role.MX, "mx.correo.test")
SUBMISSION = SmtpSettings(Role.SUBMISSION, "mx.correo.test")
LETTER = Envelope("ana@correo.test", [EnvelopeRecipient("bob@correo.test")])
CONTENT = b"Subject: x\r\n\r\n.dot\r\n"


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; what fails in a connection fails the test."""
    failures: list[dict[str, Any]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: failures.append(context)
        )
        async with asyncio.timeout(20):
            await work

    asyncio.run(watched())
    assert failures == []


async def connect(house: SmtpHouse, **options: Any) -> SmtpClient:
    options.setdefault("tls", TlsMode.NONE)
    return await SmtpClient.connect(house.host, house.port, **options)


async def last_words(house: SmtpHouse, said: bytes) -> bytes:
    """What the server says until it closes."""
    reader, writer = await asyncio.open_connection(house.host, house.port)
    writer.write(said)
    heard = await reader.read()
    writer.close()
    while not all(each.is_lost for each in house.connections):
        await asyncio.sleep(0)
    return heard


@pytest.mark.parametrize(
    ("is_tls", "logs_in", "smtputf8", "protocol"),
    [
        (False, False, False, "ESMTP"),
        (True, False, False, "ESMTPS"),
        (True, True, False, "ESMTPSA"),
        (True, True, True, "UTF8SMTPSA"),
    ],
)
def test_intake_learns_who_speaks_and_how(
    server_tls: ServerTls,
    trusting: ssl.SSLContext,
    is_tls: bool,
    logs_in: bool,
    smtputf8: bool,
    protocol: str,
) -> None:
    async def work() -> None:
        async with smtp_house(SUBMISSION, tls=server_tls) as house:
            mode = TlsMode.STARTTLS if is_tls else TlsMode.NONE
            client = await connect(house, tls=mode, context=trusting, helo="me.example")
            if logs_in:
                await client.login("ana@correo.test", "correo")
            outcome = await client.send(replace(LETTER, smtputf8=smtputf8), CONTENT)
            assert outcome.is_accepted
            peer = house.intake.messages[0].peer
            assert (peer.helo, peer.protocol, peer.is_tls) == ("me.example", protocol, is_tls)
            assert peer.login == ("ana@correo.test" if logs_in else None)
            assert peer.tls_version.startswith("TLSv1") == is_tls
            await client.quit()

    run(work())


MECHANISMS = ["PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256"]
PLUS = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"]


@pytest.mark.parametrize("mechanism", MECHANISMS + PLUS)
@pytest.mark.parametrize("implicit", [False, True])
def test_every_mechanism_logs_in_under_tls(
    server_tls: ServerTls, trusting: ssl.SSLContext, mechanism: str, implicit: bool
) -> None:
    async def work() -> None:
        async with smtp_house(SUBMISSION, tls=server_tls, implicit_tls=implicit) as house:
            mode = TlsMode.IMPLICIT if implicit else TlsMode.STARTTLS
            client = await connect(house, tls=mode, context=trusting)
            assert set(client.extensions.mechanisms) == {*MECHANISMS, *PLUS}
            await client.login("ana", "correo", mechanism=mechanism)
            assert (await client.send(LETTER, CONTENT)).is_accepted
            assert house.intake.messages[0].peer.login == "ana@correo.test"
            assert client.extensions.mechanisms
            await client.quit()

    run(work())


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256-PLUS"])
def test_a_wrong_password_is_535_and_the_third_ends_the_dialogue(
    server_tls: ServerTls, trusting: ssl.SSLContext, mechanism: str
) -> None:
    async def work() -> None:
        async with smtp_house(SUBMISSION, tls=server_tls) as house:
            client = await connect(house, tls=TlsMode.STARTTLS, context=trusting)
            for _ in range(3):
                with pytest.raises(SmtpReplyError) as caught:
                    await client.login("ana@correo.test", "wrong", mechanism=mechanism)
                assert caught.value.reply.code == 535
                assert caught.value.reply.enhanced == "5.7.8"
            assert (await client.noop()).code == 421
            assert not client.is_usable

    run(work())


def test_no_login_is_offered_in_clear(server_tls: ServerTls) -> None:
    async def work() -> None:
        async with smtp_house(SUBMISSION, tls=server_tls) as house:
            client = await connect(house)
            assert client.extensions.mechanisms == ()
            with pytest.raises(SmtpReplyError, match=r"538 5\.7\.11"):
                await client.login("ana", "correo", mechanism="PLAIN")
            await client.quit()

    run(work())


@pytest.mark.parametrize(("address", "is_offered"), [("127.0.0.1", True), ("192.0.2.1", False)])
def test_a_login_in_clear_is_offered_on_loopback_where_the_settings_say_so(
    address: str, is_offered: bool
) -> None:
    async def work() -> None:
        settings = replace(SUBMISSION, lets_loopback_log_in_plainly=True)
        async with smtp_house(settings, peer=(address, 4000)) as house:
            client = await connect(house)
            assert ("PLAIN" in client.extensions.mechanisms) == is_offered
            if is_offered:
                await client.login("ana", "correo", mechanism="PLAIN")
                await client.send(LETTER, CONTENT)
                assert house.intake.messages[0].peer.protocol == "ESMTPA"
            await client.quit()

    run(work())


def test_after_starttls_the_client_is_a_stranger_again(
    server_tls: ServerTls, trusting: ssl.SSLContext
) -> None:
    async def work() -> None:
        async with smtp_house(SUBMISSION, tls=server_tls) as house:
            reader, writer = await asyncio.open_connection(house.host, house.port)
            writer.write(b"EHLO in.clear\r\nSTARTTLS\r\nEHLO injected\r\nMAIL FROM:<x@y>\r\n")
            heard = await reader.readuntil(b"220 2.0.0 begin TLS\r\n")
            assert heard.count(b"\r\n250 ") == 1
            await writer.start_tls(trusting, server_hostname="127.0.0.1")
            writer.write(b"MAIL FROM:<x@y>\r\nQUIT\r\n")
            assert (await reader.read()).startswith(b"503 5.5.1 say EHLO first\r\n221")
            writer.close()

    run(work())


def test_xclient_from_a_trusted_peer_changes_whom_intake_sees() -> None:
    async def work() -> None:
        settings = replace(MX, xclient_networks=(ip_network("127.0.0.0/8"),))
        async with smtp_house(settings) as house:
            heard = await last_words(
                house,
                b"EHLO proxy\r\n"
                b"XCLIENT ADDR=IPV6:2001:db8::7 NAME=real.example PORT=99 LOGIN=eva@x HELO=old\r\n"
                b"EHLO real.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@correo.test>\r\n"
                b"BDAT 1 LAST\r\nxXCLIENT ADDR=999\r\nQUIT\r\n",
            )
            assert heard.count(b"220 mx.correo.test") == 2
            assert b"501 5.5.4 ADDR is not an address" in heard
            peer = house.intake.messages[0].peer
            assert (peer.address, peer.port) == ("2001:db8::7", 99)
            assert (peer.reverse_name, peer.helo) == ("real.example", "real.example")
            assert peer.login == "eva@x"
            assert [each.is_closed for each in house.intake.sessions] == [True, True]

    run(work())


def test_xclient_for_somebody_unwanted_is_refused() -> None:
    async def work() -> None:
        settings = replace(MX, xclient_networks=(ip_network("127.0.0.0/8"),))
        async with smtp_house(settings) as house:
            heard = await last_words(house, b"EHLO x\r\nXCLIENT ADDR=192.0.2.66\r\nQUIT\r\n")
            assert b"\r\n554 5.7.1 not you\r\n" in heard

    run(work())


def test_an_unwanted_peer_is_turned_away_with_554() -> None:
    async def work() -> None:
        async with smtp_house(MX, peer=("192.0.2.66", 1)) as house:
            heard = await last_words(house, b"EHLO x\r\nQUIT\r\n")
            assert heard.startswith(b"554 5.7.1 mx.correo.test not you\r\n503 5.5.1 ")
            assert heard.endswith(b"221 2.0.0 mx.correo.test bye\r\n")

    run(work())


@pytest.mark.parametrize(
    ("changes", "said", "words"),
    [
        ({"command_idle_s": 0.05}, b"", b"421 4.4.2 *a command*"),
        ({"command_idle_s": 0.05}, b"EHLO x\r\n", b"421 4.4.2 *a command*"),
        ({"envelope_s": 0.05}, b"EHLO x\r\nMAIL FROM:<a@b>\r\n", b"421 4.4.2 *a command*"),
        (
            {"content_idle_s": 0.05},
            b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhalf",
            b"421 4.4.2 *the message*",
        ),
        (
            {"content_s": 0.05},
            b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 10\r\nhalf",
            b"421 4.4.2 *the message*",
        ),
    ],
)
def test_each_phase_has_its_time_and_ends_with_421(
    changes: dict[str, Any], said: bytes, words: bytes
) -> None:
    async def work() -> None:
        async with smtp_house(replace(MX, **changes)) as house:
            last = (await last_words(house, said)).split(b"\r\n")[-2]
            start, middle, _ = words.split(b"*")
            assert last.startswith(start)
            assert middle in last
            assert house.intake.messages == []
            session = house.intake.sessions[0]
            assert all(each.aborts for each in session.receivers)

    run(work())


def test_a_stopping_server_says_421_and_comes_to_an_end() -> None:
    async def work() -> None:
        async with smtp_house() as house:
            reader, writer = await asyncio.open_connection(house.host, house.port)
            await reader.readline()
            house.connections[0].stop()
            assert (await reader.read()).startswith(b"421 4.3.2 mx.correo.test shutting down")
            writer.close()

    run(work())


def test_a_connection_cut_amid_content_leaves_nothing() -> None:
    async def work() -> None:
        async with smtp_house() as house:
            await last_words(
                house,
                b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nQUIT\r\n",
            )
            reader, writer = await asyncio.open_connection(house.host, house.port)
            writer.write(b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhalf")
            await reader.readuntil(b"354 ")
            writer.transport.abort()
            while not house.intake.sessions[1].is_closed:
                await asyncio.sleep(0)
            assert house.intake.messages == []
            assert house.intake.sessions[1].receivers[0].aborts

    run(work())


def test_the_next_message_is_free_of_the_last_ones_smtputf8() -> None:
    async def work() -> None:
        async with smtp_house() as house:
            client = await connect(house)
            await client.send(replace(LETTER, smtputf8=True), CONTENT)
            await client.send(LETTER, CONTENT)
            protocols = [each.peer.protocol for each in house.intake.messages]
            assert protocols == ["UTF8SMTP", "ESMTP"]
            await client.quit()

    run(work())


@pytest.mark.parametrize("trouble", [DamagedStore, StorageFull])
def test_our_own_trouble_is_named_in_the_log_and_not_to_the_peer(
    trouble: type[DamagedStore | StorageFull],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def verify(*_: object) -> str:
        raise trouble("/var/mail/a.db is in a bad way")

    async def work() -> None:
        async with smtp_house() as house:
            monkeypatch.setattr(FakeIntakeSession, "verify", verify)
            heard = await last_words(house, b"EHLO me.example\r\nVRFY bob\r\nQUIT\r\n")
            assert b"\r\n45" in heard
            assert b"try again later" in heard
            assert b"/var/mail" not in heard

    run(work())
    assert "/var/mail/a.db is in a bad way" in caplog.text


def test_a_question_within_the_transaction_leaves_its_smtputf8() -> None:
    async def work() -> None:
        async with smtp_house() as house:
            await last_words(
                house,
                b"EHLO me.example\r\nMAIL FROM:<ana@correo.test> SMTPUTF8\r\nVRFY bob\r\n"
                b"RCPT TO:<bob@correo.test>\r\nBDAT 0 LAST\r\nQUIT\r\n",
            )
            assert [each.peer.protocol for each in house.intake.messages] == ["UTF8SMTP"]

    run(work())


@pytest.mark.parametrize("role", [Role.MX, Role.LMTP])
def test_line_ends_are_mended_on_submission_listeners_only(role: Role) -> None:
    with pytest.raises(UsageError):
        SmtpSettings(role, "mx", line_ends=LineEnds.NORMALISE).engine_options()


@pytest.fixture
def lmtp() -> Callable[[], SmtpSettings]:
    return lambda: SmtpSettings(Role.LMTP, "mx.correo.test")


def test_lmtp_on_a_unix_socket_answers_for_each_recipient(
    tmp_path_factory: pytest.TempPathFactory, lmtp: Callable[[], SmtpSettings]
) -> None:
    path = str(tmp_path_factory.mktemp("l") / "lmtp")

    async def work() -> None:
        async with smtp_house(lmtp(), unix_path=path) as house:
            client = await connect(house, lmtp=True)
            names = ["bob", "nobody", "over"]
            envelope = Envelope("a@b", [EnvelopeRecipient(f"{name}@d") for name in names])
            outcome = await client.send(envelope, CONTENT)
            assert [each.reply.code for each in outcome.recipients] == [250, 550, 452]
            assert house.intake.messages[0].peer.protocol == "LMTP"
            await client.quit()

    run(work())


AHEAD = b"MAIL FROM:<a@b>\r\nRCPT TO:<%b@d>\r\nBDAT %d LAST\r\n%b"


def ahead(name: bytes, content: bytes = b"x\r\n") -> bytes:
    return AHEAD % (name, len(content), content)


@pytest.mark.parametrize("role", list(Role))
def test_messages_sent_ahead_wait_together_and_are_answered_in_order(role: Role) -> None:
    async def work() -> None:
        settings = replace(MX, role=role)
        async with smtp_house(settings) as house:
            reader, writer = await asyncio.open_connection(house.host, house.port)
            hello = b"LHLO" if role is Role.LMTP else b"EHLO"
            writer.write(hello + b" x\r\n" + ahead(b"later") * 3 + ahead(b"bob") + b"QUIT\r\n")
            while not house.intake.sessions:
                await asyncio.sleep(0)
            session = house.intake.sessions[0]
            while session.waiting < 3 or not house.intake.messages:
                await asyncio.sleep(0)
            house.intake.gate.set()
            replies = (await reader.read()).split(b"\r\n")[-14:-1]
            assert [each[:3] for each in replies] == [b"250"] * 12 + [b"221"]
            assert len(house.intake.messages) == 4
            writer.close()

    run(work())


def test_a_message_refused_late_is_refused_in_its_place() -> None:
    async def work() -> None:
        async with smtp_house(MX) as house:
            two = b"MAIL FROM:<a@b>\r\nRCPT TO:<later@d>\r\nRCPT TO:<spam@d>\r\nBDAT 1 LAST\r\nx"
            house.intake.gate.set()
            said = b"EHLO x\r\n" + two + ahead(b"bob") + b"QUIT\r\n"
            replies = (await last_words(house, said)).split(b"\r\n")[-8:-1]
            assert [each[:3] for each in replies] == [b"250"] * 2 + [b"554"] + [b"250"] * 3 + [
                b"221"
            ]
            assert len(house.intake.messages) == 1

    run(work())


def test_so_much_and_no_more_waits_beside() -> None:
    async def work() -> None:
        async with smtp_house(MX) as house:
            reader, writer = await asyncio.open_connection(house.host, house.port)
            large = b"x" * 79998 + b"\r\n"
            writer.write(b"EHLO x\r\n" + ahead(b"later", large) * 20)
            while not house.intake.sessions:
                await asyncio.sleep(0)
            session = house.intake.sessions[0]
            while session.waiting < 14:
                await asyncio.sleep(0)
            await asyncio.sleep(0.05)
            assert session.waiting == 14  # thirteen make 1 MB, and one is waited for
            house.intake.gate.set()
            writer.write(b"QUIT\r\n")
            assert (await reader.read()).count(b"\r\n250 2.0.0 taken as") == 20
            writer.close()

    run(work())


def test_who_leaves_amid_messages_that_wait_leaves_nothing_behind() -> None:
    async def work() -> None:
        async with smtp_house(MX) as house:
            _, writer = await asyncio.open_connection(house.host, house.port)
            writer.write(b"EHLO x\r\n" + ahead(b"later") * 3)
            while not house.intake.sessions or house.intake.sessions[0].waiting < 3:
                await asyncio.sleep(0)
            writer.transport.abort()
            session = house.intake.sessions[0]
            while not session.is_closed:
                await asyncio.sleep(0)
            assert session.waiting == 0
            assert house.intake.messages == []

    run(work())
