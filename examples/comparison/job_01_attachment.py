"""Send a message with an attachment over STARTTLS, logged in."""

import asyncio
import smtplib
from email.message import EmailMessage

import aiosmtplib

from correo.clients.smtp import Envelope, EnvelopeRecipient, SmtpClient, TlsMode


def letter(at):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = at.user, at.user, "Report"
    message.set_content("Here it is.")
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="report.pdf")
    return message


def correo(at):
    async def run():
        async with await SmtpClient.connect(
            at.host, at.submission, tls=TlsMode.STARTTLS, context=at.trust
        ) as client:
            await client.login(at.user, at.password)
            octets = letter(at).as_bytes().replace(b"\n", b"\r\n")
            await client.send(Envelope(at.user, [EnvelopeRecipient(at.user)]), octets)

    asyncio.run(run())


def standard_library(at):
    with smtplib.SMTP(at.host, at.submission) as client:
        client.starttls(context=at.trust)
        client.login(at.user, at.password)
        client.send_message(letter(at))


def aiosmtplib_(at):
    async def run():
        async with aiosmtplib.SMTP(
            hostname=at.host, port=at.submission, start_tls=True, tls_context=at.trust
        ) as client:
            await client.login(at.user, at.password)
            await client.send_message(letter(at))

    asyncio.run(run())


def check(mail, _):
    assert mail.wait_for(subject="Report").attachments[0].filename == "report.pdf"
