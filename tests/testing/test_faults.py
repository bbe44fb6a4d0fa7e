"""What goes wrong on demand goes wrong as asked, and only then."""

import imaplib
import poplib
import smtplib
import ssl
import time

import pytest
from tests.testing.ways import letter, send

from correo.testing import Mail
from correo.testing.faults import COMMANDS, CONNECT, POP3_ANSWERED, SMTP_ANSWERED
from correo.testing.faulty_session import WORDS


def smtp(mail: Mail, listener: str = "smtp") -> smtplib.SMTP:
    endpoint = mail.listeners[listener]
    return smtplib.SMTP(endpoint.host, endpoint.port, timeout=10)


def imap(mail: Mail) -> imaplib.IMAP4_SSL:
    endpoint = mail.listeners["imaps"]
    return imaplib.IMAP4_SSL(endpoint.host, endpoint.port, ssl_context=mail.trust, timeout=10)


def code_at(client: smtplib.SMTP, command: str, mail: Mail) -> tuple[int, bytes]:
    """The reply at one command of a transaction, those before it being good."""
    client.ehlo()
    reply = client.mail("shop@sender.test")
    if command != "MAIL":
        assert reply[0] == 250
        reply = client.rcpt(mail.address("zoe"))
    if command in ("DATA", "END"):
        assert reply[0] == 250
        reply = client.docmd("DATA")
    if command == "END":
        assert reply[0] == 354
        client.send(b"Subject: x\r\n\r\nhello\r\n.\r\n")
        reply = client.getreply()
    return reply


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", "END"])
def test_a_refusal_is_said_at_its_command_and_the_session_goes_on(mail: Mail, command: str) -> None:
    rule = mail.faults.refuse(command, times=1, reply="554 5.7.1 no, says the test")
    with smtp(mail) as client:
        assert code_at(client, command, mail) == (554, b"5.7.1 no, says the test")
        client.rset()
        assert code_at(client, "END", mail)[0] == 250
    assert rule.met == 1
    assert len(mail.inbox("zoe")) == 1


@pytest.mark.parametrize("command", ["EHLO", "HELO", "NOOP", "RSET", "HELP", "QUIT"])
def test_rules_hold_at_commands_of_smtp_that_need_nobody(mail: Mail, command: str) -> None:
    rule = mail.faults.refuse(command, times=1, reply="502 5.5.1 no, says the test")
    with smtp(mail) as client:
        assert client.docmd(command, "me") == (502, b"5.5.1 no, says the test")
        assert code_at(client, "END", mail)[0] == 250
        mail.faults.cut(command, times=1)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.docmd(command, "me")
    assert rule.met == 1


@pytest.mark.parametrize("command", ["CAPA", "STAT", "LIST", "UIDL", "DELE 1", "NOOP", "RSET"])
def test_rules_hold_at_commands_of_pop3_that_need_nobody(mail: Mail, command: str) -> None:
    mail.put("zoe", subject="hi")
    word = command.partition(" ")[0]
    mail.faults.refuse(word, times=1)
    endpoint = mail.listeners["pop3s"]
    client = poplib.POP3_SSL(endpoint.host, endpoint.port, context=mail.trust, timeout=10)
    client.user(mail.address("zoe"))
    client.pass_(mail.password("zoe"))
    with pytest.raises(poplib.error_proto, match="SYS/TEMP"):
        client._shortcmd(command)  # type: ignore[attr-defined]  # poplib has no open way
    assert client.stat()[0] == 1
    mail.faults.cut(word, times=1)
    with pytest.raises((poplib.error_proto, OSError)):
        client._shortcmd(command)  # type: ignore[attr-defined]
    client.close()


def test_rules_hold_for_the_recipients_and_senders_they_name(mail: Mail) -> None:
    mail.faults.refuse("RCPT", to="bob", reply="550 5.1.1 gone")
    mail.faults.defer("MAIL", sender="slow@sender.test")
    bob, zoe = mail.address("bob"), mail.address("zoe")
    with smtp(mail) as client:
        refused = client.sendmail("shop@sender.test", [bob, zoe], "Subject: x\r\n\r\n.\r\n")
        assert refused == {bob: (550, b"5.1.1 gone")}
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("slow@sender.test", [zoe], "Subject: y\r\n\r\n.\r\n")
    assert [message.subject for message in mail.inbox("zoe")] == ["x"]


def test_a_rule_for_one_listener_leaves_the_others_alone(mail: Mail) -> None:
    mail.faults.refuse("MAIL", listener="submission")
    send(mail, letter(mail.address("zoe")))
    with pytest.raises(smtplib.SMTPSenderRefused):
        send(mail, letter(mail.address("zoe")), listener="submission")


@pytest.mark.parametrize("command", ["CONNECT", "MAIL", "RCPT", "DATA", "END"])
def test_a_connection_is_cut_and_the_message_not_taken(mail: Mail, command: str) -> None:
    mail.faults.cut(command, times=1)
    with pytest.raises((smtplib.SMTPException, OSError)), smtp(mail) as client:  # noqa: PT012
        code_at(client, command, mail)
        client.noop()
    assert mail.inbox("zoe") == []
    send(mail, letter(mail.address("zoe")))
    assert len(mail.inbox("zoe")) == 1


def test_a_connection_is_turned_away(mail: Mail) -> None:
    mail.faults.defer("CONNECT", times=1, reply="421 4.3.2 not now")
    with pytest.raises(smtplib.SMTPConnectError, match="not now"):
        smtp(mail)
    smtp(mail).close()


def test_answers_come_late(mail: Mail) -> None:
    mail.faults.slow_down(0.3)
    begun = time.monotonic()
    send(mail, letter(mail.address("zoe")))
    assert time.monotonic() - begun >= 0.3


@pytest.mark.mail(virtual_time=True)
def test_greylisting_lets_the_same_pair_in_later(mail: Mail) -> None:
    mail.faults.greylist(300)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(mail, letter(mail.address("zoe")))
    mail.clock.advance(minutes=4)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(mail, letter(mail.address("zoe")))
    mail.clock.advance(minutes=1)
    send(mail, letter(mail.address("zoe")))
    assert len(mail.inbox("zoe")) == 1


def test_imap_commands_fail(mail: Mail) -> None:
    mail.put("zoe", subject="hi")
    mail.faults.refuse("LOGIN", times=1)
    client = imap(mail)
    with pytest.raises(imaplib.IMAP4.error, match="refused by a rule"):
        client.login(mail.address("zoe"), mail.password("zoe"))
    client.login(mail.address("zoe"), mail.password("zoe"))
    mail.faults.defer("APPEND", times=1)
    assert client.append("INBOX", "", "", b"Subject: x\r\n\r\n.\r\n")[0] == "NO"
    assert client.append("INBOX", "", "", b"Subject: x\r\n\r\n.\r\n")[0] == "OK"
    mail.faults.cut("FETCH")
    client.select("INBOX")
    with pytest.raises(imaplib.IMAP4.abort):
        client.fetch("1", "FLAGS")
    client.shutdown()


def test_sorting_and_threading_fail(mail: Mail) -> None:
    rules = [mail.faults.refuse("SORT"), mail.faults.refuse("THREAD")]
    client = imap(mail)
    client.login(mail.address("zoe"), mail.password("zoe"))
    client.select("INBOX")
    assert client.sort("(DATE)", "UTF-8", "ALL")[0] == "NO"
    assert client.uid("THREAD", "REFERENCES", "UTF-8", "ALL")[0] == "NO"
    assert client.search(None, "ALL")[0] == "OK"
    client.logout()
    assert [rule.met for rule in rules] == [1, 1]


def test_every_rule_that_can_be_made_can_be_met() -> None:
    assert {CONNECT, *WORDS.values(), *SMTP_ANSWERED, *POP3_ANSWERED} - {""} == COMMANDS


def test_pop3_refuses_tls(mail: Mail) -> None:
    mail.faults.refuse("STLS", times=1)
    endpoint = mail.listeners["pop3"]
    client = poplib.POP3(endpoint.host, endpoint.port, timeout=10)
    with pytest.raises(poplib.error_proto, match="SYS/TEMP"):
        client.stls(mail.trust)
    client.stls(mail.trust)
    client.quit()


def test_pop3_commands_fail(mail: Mail) -> None:
    mail.put("zoe", subject="hi")
    endpoint = mail.listeners["pop3s"]

    def login() -> poplib.POP3_SSL:
        client = poplib.POP3_SSL(endpoint.host, endpoint.port, context=mail.trust, timeout=10)
        client.user(mail.address("zoe"))
        try:
            client.pass_(mail.password("zoe"))
        except poplib.error_proto:
            client.close()
            raise
        return client

    mail.faults.refuse("PASS", times=1)
    with pytest.raises(poplib.error_proto, match="AUTH"):
        login()
    client = login()
    mail.faults.defer("RETR", times=1)
    with pytest.raises(poplib.error_proto, match="SYS/TEMP"):
        client.retr(1)
    client.dele(1)
    mail.faults.refuse("QUIT", times=1)
    with pytest.raises(poplib.error_proto):
        client.quit()
    client.close()
    assert len(mail.inbox("zoe")) == 1


def test_a_full_quota_defers_mail(mail: Mail) -> None:
    mail.put("zoe", subject="hi")
    mail.fill_quota("zoe")
    with smtp(mail) as client:
        assert code_at(client, "END", mail)[0] == 452


def test_a_full_disk_defers_mail_and_refuses_changes_until_it_is_well_again(mail: Mail) -> None:
    mail.put("zoe", subject="hi")
    mail.faults.fill_disk()
    with smtp(mail) as client:
        assert code_at(client, "END", mail) == (
            452, b"4.3.1 not enough storage, try again later",
        )  # fmt: skip
    reader = imap(mail)
    reader.login(mail.address("zoe"), mail.password("zoe"))
    reader.select("INBOX")
    assert reader.store("1", "+FLAGS", "(\\Seen)")[0] == "NO"
    mail.faults.end()
    assert reader.store("1", "+FLAGS", "(\\Seen)")[0] == "OK"
    reader.logout()


def test_a_lost_disk_lets_nobody_read_either_until_it_is_there_again(mail: Mail) -> None:
    mail.put("zoe", subject="hi")
    client = imap(mail)
    client.login(mail.address("zoe"), mail.password("zoe"))
    client.select("INBOX")
    mail.faults.lose_disk()
    assert client.fetch("1", "(BODY[])")[0] == "NO"
    assert client.select("INBOX")[0] == "NO"
    with pytest.raises(smtplib.SMTPDataError, match=r"4\.3\.0"):
        send(mail, letter(mail.address("zoe")))
    endpoint = mail.listeners["pop3s"]
    maildrop = poplib.POP3_SSL(endpoint.host, endpoint.port, context=mail.trust, timeout=10)
    maildrop.user(mail.address("zoe"))
    with pytest.raises(poplib.error_proto, match="SYS/TEMP"):
        maildrop.pass_(mail.password("zoe"))
    maildrop.close()
    mail.faults.end()
    assert client.select("INBOX") == ("OK", [b"1"])
    client.logout()


@pytest.mark.parametrize("way", ["untrusted", "name", "handshake"])
def test_tls_is_broken_in_this_test(mail: Mail, way: str) -> None:
    mail.break_tls(way)
    with pytest.raises(ssl.SSLError):
        imap(mail)
    with smtp(mail) as client, pytest.raises((ssl.SSLError, OSError)):
        client.starttls(context=mail.trust)


def test_and_is_good_in_the_next(mail: Mail) -> None:
    imap(mail).shutdown()


def test_what_cannot_be_a_rule_is_said(mail: Mail) -> None:
    with pytest.raises(ValueError, match="no rule can hold at 'HELLO'"):
        mail.faults.refuse("HELLO")
    with pytest.raises(ValueError, match="not 'go away'"):
        mail.faults.refuse("RCPT", reply="go away")
    with pytest.raises(ValueError, match="time is real"):
        mail.clock.advance(seconds=1)
