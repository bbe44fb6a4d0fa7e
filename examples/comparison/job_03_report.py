"""Ask for a report when the message is delivered (DSN, RFC 3461)."""

import asyncio
import smtplib

import aiosmtplib

from correo.clients.smtp import Envelope, EnvelopeRecipient, SmtpClient, TlsMode

TEXT = "From: zoe@correo.test\r\nSubject: Important\r\n\r\nHello.\r\n"


def correo(at):
    async def run():
        async with await SmtpClient.connect(at.host, at.smtp, tls=TlsMode.NONE) as client:
            to = EnvelopeRecipient(at.user, notify=frozenset({"SUCCESS"}))
            await client.send(Envelope(at.user, [to], envid="order-7"), TEXT.encode())

    asyncio.run(run())


def standard_library(at):
    with smtplib.SMTP(at.host, at.smtp) as client:
        options = ["NOTIFY=SUCCESS", f"ORCPT=rfc822;{at.user}"]
        client.sendmail(at.user, [at.user], TEXT, ["ENVID=order-7"], options)


def aiosmtplib_(at):
    async def run():
        async with aiosmtplib.SMTP(hostname=at.host, port=at.smtp, start_tls=False) as client:
            options = ["NOTIFY=SUCCESS", f"ORCPT=rfc822;{at.user}"]
            await client.sendmail(
                at.user, at.user, TEXT, mail_options=["ENVID=order-7"], rcpt_options=options
            )

    asyncio.run(run())


def check(mail, _):
    report = mail.wait_for(subject="delivered")
    assert "order-7" in report.raw.decode()
