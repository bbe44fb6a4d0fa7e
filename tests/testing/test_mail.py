"""The `mail` fixture: people, waiting, isolation, and what its failures tell."""

import asyncio
import re
import smtplib
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from tests.testing.ways import letter, messages_by_pop3, send, subjects_by_imap

from correo.testing import HouseholdOptions, Mail, MailServer, NoSuchMessage, serving

START_LIMIT_S = 0.15


def test_message_is_there_by_imap_and_pop3_and_as_an_object(mail: Mail) -> None:
    send(mail, letter(mail.address("zoe"), "Confirm your address"))
    message = mail.wait_for(to="zoe", subject="confirm")
    assert message.subject == "Confirm your address"
    assert message.sender == "shop@sender.test"
    assert message.recipients == ["zoe@correo.test"]
    assert message.text == "how are you?\n"
    assert subjects_by_imap(mail, "zoe") == ["Confirm your address"]
    assert messages_by_pop3(mail, "zoe") == 1


def test_wait_for_returns_when_the_message_comes(mail: Mail) -> None:
    zoe = mail.address("zoe")
    sender = threading.Timer(0.05, send, [mail, letter(zoe)])
    sender.start()
    begun = time.monotonic()
    assert mail.wait_for(to="zoe", timeout=10).subject == "hello"
    assert time.monotonic() - begun < 5
    sender.join()


async def wait_beside_a_running_loop(mail: Mail) -> str:
    zoe = mail.address("zoe")
    waiting = asyncio.create_task(mail.async_wait_for(to="zoe"))
    await asyncio.sleep(0)
    await asyncio.to_thread(send, mail, letter(zoe))
    return (await waiting).subject


def test_async_wait_for_lets_the_loop_of_the_test_go_on(mail: Mail) -> None:
    assert asyncio.run(wait_beside_a_running_loop(mail)) == "hello"


def test_wait_for_gives_each_message_once_in_the_order_they_came(mail: Mail) -> None:
    for text in ("first", "second"):
        send(mail, letter(mail.address("zoe"), "Your code", text))
    assert mail.wait_for(to="zoe", subject="code").text == "first\n"
    assert mail.wait_for(to="zoe", subject="code").text == "second\n"
    assert [message.text for message in mail.inbox("zoe")] == ["first\n", "second\n"]


WANTED = [
    ("sender", {"sender": "Shop@sender.test"}),
    ("part of the subject", {"subject": "WORL"}),
    ("pattern of the subject", {"subject": re.compile("^Hello .*d$")}),
    ("part of the text", {"text": "brown fox"}),
    ("condition", {"where": lambda message: message.header("X-Kind") == "greeting"}),
]


@pytest.mark.parametrize("wanted", [pytest.param(w, id=i) for i, w in WANTED])
def test_wait_for_finds_a_message_by(mail: Mail, wanted: dict[str, object]) -> None:
    zoe = mail.address("zoe")
    send(mail, letter(zoe, "other", Message_ID="<1@x>"), from_addr="other@sender.test")
    other = letter(zoe, "unlike", "nothing of it")
    other.replace_header("From", "other@sender.test")
    send(mail, other)
    send(mail, letter(zoe, "Hello World", "a quick brown fox", X_Kind="greeting"))
    if "sender" in wanted:
        mail.wait_for(subject="other")
    found = mail.wait_for(to="zoe", **wanted)  # type: ignore[arg-type]
    assert found.subject == "Hello World"


def test_copies_of_one_message_belong_to_their_accounts(mail: Mail) -> None:
    bob, zoe = mail.address("bob"), mail.address("zoe")
    send(mail, letter(bob), to_addrs=[bob, zoe])  # type: ignore[arg-type]
    for name in ("zoe", "bob"):
        message = mail.wait_for(to=name)
        assert message.account == mail.address(name)
        assert message.recipients == [bob, zoe]


def test_mail_for_elsewhere_stays_here_and_is_found_by_its_recipient(mail: Mail) -> None:
    send(mail, letter("kim@elsewhere.example"), listener="submission")
    assert mail.wait_for(to="kim@elsewhere.example").to == ["kim@elsewhere.example"]
    assert [message.subject for message in mail.caught] == ["hello"]


def test_blind_copies_are_recipients(mail: Mail) -> None:
    bob, zoe = mail.address("bob"), mail.address("zoe")
    send(mail, letter(bob), to_addrs=[zoe])  # type: ignore[arg-type]
    message = mail.wait_for(to="zoe")
    assert (message.to, message.recipients) == ([bob], [zoe])


def test_addresses_of_other_domains_get_accounts_too(mail: Mail) -> None:
    send(mail, letter(mail.address("zoe@shop.example")))
    assert mail.wait_for(to="zoe@shop.example").account == "zoe@shop.example"
    assert mail.password("zoe@shop.example") == mail.password("zoe")


def test_subaddress_lands_with_its_account_and_is_found_as_written(mail: Mail) -> None:
    send(mail, letter(mail.address("zoe").replace("@", "+news@")))
    assert mail.wait_for(to="zoe+news@correo.test").account == "zoe@correo.test"


def test_put_files_a_message_without_smtp(mail: Mail) -> None:
    mail.put("zoe", subject="old", text="seen", flags="\\Seen", mailbox="Archive")
    mail.put("zoe", raw=b"Subject: raw\r\n\r\nas it is\r\n")
    assert [message.subject for message in mail.mailbox("zoe", "Archive")] == ["old"]
    assert mail.inbox("zoe")[0].raw == b"Subject: raw\r\n\r\nas it is\r\n"
    assert mail.mailbox("zoe", "None of mine") == []


def test_large_message_comes_whole(mail: Mail) -> None:
    text = "0123456789" * 7 + "\n"
    send(mail, letter(mail.address("zoe"), text=text * 4000))
    assert len(mail.wait_for(to="zoe").text) == 71 * 4000


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_begins_with_nobody_and_nothing(mail: Mail, turn: int) -> None:
    assert mail.messages == []
    endpoint = mail.listeners["smtp"]
    with smtplib.SMTP(endpoint.host, endpoint.port, timeout=10) as client:
        client.ehlo()
        client.mail("a@sender.test")
        assert client.rcpt("zoe@correo.test")[0] == 550
    send(mail, letter(mail.address("zoe")))
    mail.wait_for(to="zoe")


def test_connection_of_a_former_test_is_cut(mail_server: MailServer) -> None:
    former = Mail(mail_server)
    endpoint = former.listeners["imap"]
    with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as client:
        assert client.recv(1000).startswith(b"* OK")
        former.close()
        try:
            assert client.recv(1000) == b""
        except ConnectionResetError:
            pass


def test_every_listener_speaks_tls_that_the_authority_vouches_for(mail: Mail) -> None:
    for name, endpoint in mail.listeners.items():
        with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as plain:
            if endpoint.tls == "implicit":
                with mail.trust.wrap_socket(plain, server_hostname="localhost") as client:
                    assert client.recv(10), name
            else:
                assert plain.recv(10), name
    smtp = mail.listeners["smtp"]
    with smtplib.SMTP(smtp.host, smtp.port, timeout=10) as session:
        session.starttls(context=mail.trust)
        with (
            pytest.raises(ssl.SSLCertVerificationError),
            smtplib.SMTP(smtp.host, smtp.port) as other,
        ):
            other.starttls(context=ssl.create_default_context())


def test_failure_tells_what_came_and_what_was_said(mail: Mail) -> None:
    send(mail, letter(mail.address("zoe"), "Welcome"))
    endpoint = mail.listeners["submission"]
    with smtplib.SMTP(endpoint.host, endpoint.port, timeout=10) as client:
        client.ehlo("app.test")
        client.mail("shop@sender.test")
        client.rcpt("nobody@correo.test")
    with pytest.raises(NoSuchMessage) as caught:
        mail.wait_for(to="zoe", subject="Confirm", timeout=0.01)
    text = str(caught.value)
    assert "no message with to='zoe@correo.test', subject='Confirm' came within 0.01 s" in text
    assert "<message 'Welcome' from shop@sender.test to zoe@correo.test>" in text
    assert re.search(r"C: (?i:rcpt to):<nobody@correo.test> +# one recipient \(RFC 5321", text)
    assert re.search(r"S: 550 5\.1\.1 .* # no: no such mailbox", text)


def test_failure_says_so_when_nobody_connected(mail: Mail) -> None:
    with pytest.raises(NoSuchMessage, match="Nobody connected to any listener"):
        mail.wait_for(timeout=0.01)


def test_passwords_stay_out_of_the_conversation(mail: Mail) -> None:
    subjects_by_imap(mail, "zoe")
    endpoint = mail.listeners["submission"]
    with smtplib.SMTP(endpoint.host, endpoint.port, timeout=10) as client:
        client.login(mail.address("zoe"), mail.password("zoe"))
    assert "LOGIN ***" in mail.conversation()
    assert mail.password("zoe") not in mail.conversation()


def test_login_that_sent_a_message_is_in_its_envelope(mail: Mail) -> None:
    endpoint = mail.listeners["submission"]
    bob, zoe = mail.address("bob"), mail.address("zoe")
    with smtplib.SMTP(endpoint.host, endpoint.port, timeout=10) as client:
        client.login(bob, mail.password("bob"))
        message = letter(zoe)
        message.replace_header("From", bob)
        client.send_message(message)
    envelope = mail.wait_for(to="zoe").envelope
    assert envelope is not None
    assert (envelope.sender, envelope.login) == (bob, bob)


@pytest.mark.mail(domain="shop.example")
def test_mark_sets_the_domain(mail: Mail) -> None:
    assert mail.address("zoe") == "zoe@shop.example"
    send(mail, letter("zoe@shop.example"))
    mail.wait_for(to="zoe")


def test_server_is_up_in_less_than_150_ms(tmp_path: Path) -> None:
    quickest = START_LIMIT_S
    for attempt in range(3):
        server = MailServer(tmp_path / str(attempt))
        begun = time.perf_counter()
        server.start()
        server.open()
        quickest = min(quickest, time.perf_counter() - begun)
        server.stop()
    assert quickest < START_LIMIT_S


def test_two_servers_in_one_process_know_nothing_of_each_other() -> None:
    with serving() as one, serving(HouseholdOptions(domain="two.test")) as other:
        send(one, letter(one.address("zoe")))
        one.wait_for(to="zoe")
        assert other.messages == []
        assert other.address("zoe") == "zoe@two.test"
