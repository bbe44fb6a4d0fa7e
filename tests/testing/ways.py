"""Ways to send and read mail with the standard library, as the users of the fixture do."""

import imaplib
import poplib
import smtplib
from email.message import EmailMessage

from correo.testing import Mail

__all__ = ["letter", "messages_by_pop3", "send", "subjects_by_imap"]


def letter(
    to: str, subject: str = "hello", text: str = "how are you?", **fields: str
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "shop@sender.test"
    message["To"] = to
    message["Subject"] = subject
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def send(mail: Mail, message: EmailMessage, *, listener: str = "smtp", **envelope: str) -> None:
    """Send with smtplib."""
    endpoint = mail.listeners[listener]
    with smtplib.SMTP(endpoint.host, endpoint.port, timeout=10) as client:
        client.send_message(message, **envelope)


def subjects_by_imap(mail: Mail, name: str) -> list[str]:
    endpoint = mail.listeners["imaps"]
    with imaplib.IMAP4_SSL(
        endpoint.host, endpoint.port, ssl_context=mail.trust, timeout=10
    ) as client:
        client.login(mail.address(name), mail.password(name))
        client.select("INBOX", readonly=True)
        _, answer = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        texts = [part[1] for part in answer if isinstance(part, tuple)]
    return [text.decode().removeprefix("Subject: ").strip() for text in texts]


def messages_by_pop3(mail: Mail, name: str) -> int:
    endpoint = mail.listeners["pop3s"]
    client = poplib.POP3_SSL(endpoint.host, endpoint.port, context=mail.trust, timeout=10)
    client.user(mail.address(name))
    client.pass_(mail.password(name))
    count, _ = client.stat()
    client.quit()
    return count
