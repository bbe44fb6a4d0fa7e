"""The clients every Python programmer has: smtplib, poplib, imaplib, IMAPClient."""

import email
import imaplib
import poplib
import smtplib
import ssl
from email.message import EmailMessage

import imapclient
import pytest

from correo.testing.process import ServerProcess

ANA = ("ana@correo.test", "correo")
BOB = ("bob@correo.test", "correo")


def letter(
    subject: str, *, to: str = "bob@correo.test", text: str = "Hola, ¿qué tal?\n"
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ana <ana@correo.test>"
    message["To"] = to
    message["Subject"] = subject
    message.set_content(text)
    return message


def trust(correo: ServerProcess) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=correo.ca_certificate)
    context.check_hostname = False  # the listener's host is an address
    return context


def send(correo: ServerProcess, message: EmailMessage) -> None:
    listener = correo.listeners["submission"]
    with smtplib.SMTP(listener.host, listener.port, timeout=20) as client:
        client.starttls(context=trust(correo))
        client.login(*ANA)
        refused = client.send_message(message)
        assert refused == {}


def inbox(correo: ServerProcess, user: tuple[str, str]) -> imaplib.IMAP4:
    listener = correo.listeners["imap"]
    client = imaplib.IMAP4(listener.host, listener.port, timeout=20)
    client.login(*user)
    client.select("INBOX")
    return client


def test_smtplib_submits_over_starttls_and_imaplib_reads_the_same_text(
    correo: ServerProcess,
) -> None:
    send(correo, letter("smtplib to imaplib"))
    client = inbox(correo, BOB)
    _, found = client.search(None, "SUBJECT", '"smtplib to imaplib"')
    _, answer = client.fetch(found[0].split()[-1].decode(), "(FLAGS BODY.PEEK[])")
    part = answer[0]
    assert isinstance(part, tuple)
    received = email.message_from_bytes(part[1], _class=EmailMessage, policy=email.policy.default)
    assert isinstance(received, EmailMessage)
    assert received.get_content().replace("\r\n", "\n") == "Hola, ¿qué tal?\n"
    assert received["Return-Path"] == "<ana@correo.test>"
    client.logout()


def test_smtplib_over_implicit_tls_takes_several_messages_in_one_connection(
    correo: ServerProcess,
) -> None:
    listener = correo.listeners["submissions"]
    with smtplib.SMTP_SSL(
        listener.host, listener.port, timeout=20, context=trust(correo)
    ) as client:
        client.login(*ANA)
        for number in range(5):
            client.send_message(letter(f"one of five {number}"))
    imap = inbox(correo, BOB)
    _, found = imap.search(None, "SUBJECT", '"one of five"')
    assert len(found[0].split()) == 5
    imap.logout()


@pytest.mark.parametrize("protocol", ["pop3", "pop3s"])
def test_poplib_retrieves_what_list_announces_and_deletes_only_after_quit(
    correo: ServerProcess, protocol: str
) -> None:
    subject = f"for poplib over {protocol}"
    send(correo, letter(subject, to="eva@correo.test"))
    listener = correo.listeners[protocol]

    def connect() -> poplib.POP3:
        if protocol == "pop3s":
            client: poplib.POP3 = poplib.POP3_SSL(
                listener.host, listener.port, timeout=20, context=trust(correo)
            )
        else:
            client = poplib.POP3(listener.host, listener.port, timeout=20)
            client.stls(context=trust(correo))
        client.user("eva@correo.test")
        client.pass_("secret")
        return client

    client = connect()
    count, _ = client.stat()
    number, size = client.list()[1][-1].split()
    lines = client.retr(int(number))[1]
    assert f"Subject: {subject}".encode() in lines
    assert sum(len(line) + 2 for line in lines) == int(size)
    client.dele(int(number))
    client.rset()
    client.dele(int(number))
    client.close()  # dropped without QUIT: nothing is deleted (RFC 1939 6)
    client = connect()
    assert client.stat()[0] == count
    client.dele(int(number))
    client.quit()
    client = connect()
    assert client.stat()[0] == count - 1
    client.quit()


def test_imapclient_appends_flags_copies_moves_and_sees_idle_pushes(correo: ServerProcess) -> None:
    listener = correo.listeners["imaps"]
    with imapclient.IMAPClient(
        listener.host, listener.port, ssl=True, ssl_context=trust(correo), timeout=20
    ) as client:
        client.login(*ANA)
        client.create_folder("Proyecto ñandú")
        client.append("Proyecto ñandú", letter("appended").as_bytes(), [imapclient.FLAGGED])
        client.select_folder("Proyecto ñandú")
        [uid] = client.search(["SUBJECT", "appended"])
        assert imapclient.FLAGGED in client.get_flags([uid])[uid]
        client.add_flags([uid], [b"$Important"])
        client.copy([uid], "Archive")
        client.move([uid], "Trash")
        assert client.search() == []
        client.select_folder("INBOX")
        client.idle()
        send(correo, letter("pushed", to="ana@correo.test"))
        pushed = client.idle_check(timeout=10)
        assert any(line[1] == b"EXISTS" for line in pushed)
        client.idle_done()
        client.delete_folder("Proyecto ñandú")
