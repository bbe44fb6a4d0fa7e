"""Send to three recipients of whom one is refused, and know what became of each."""

import asyncio
import smtplib

import aiosmtplib

from correo.clients.smtp import Envelope, EnvelopeRecipient, SmtpClient, TlsMode

TEXT = "Subject: To all\r\n\r\nHello.\r\n"


def prepare(mail):
    for name in ("one", "two", "three"):
        mail.address(name)
    mail.faults.refuse("RCPT", to="two@correo.test")


def addresses():
    return [f"{name}@correo.test" for name in ("one", "two", "three")]


def correo(at):
    async def run():
        async with await SmtpClient.connect(at.host, at.smtp, tls=TlsMode.NONE) as client:
            envelope = Envelope(at.user, [EnvelopeRecipient(to) for to in addresses()])
            outcome = await client.send(envelope, TEXT.encode())
            return {each.address: each.is_accepted for each in outcome.recipients}

    return asyncio.run(run())


def standard_library(at):
    with smtplib.SMTP(at.host, at.smtp) as client:
        try:
            refused = client.sendmail(at.user, addresses(), TEXT)
        except smtplib.SMTPRecipientsRefused as error:  # only if nobody was accepted
            refused = error.recipients
    return {each: each not in refused for each in addresses()}


def aiosmtplib_(at):
    async def run():
        async with aiosmtplib.SMTP(hostname=at.host, port=at.smtp, start_tls=False) as client:
            try:
                refused, _ = await client.sendmail(at.user, addresses(), TEXT)
            except aiosmtplib.SMTPRecipientsRefused as error:
                refused = {each.recipient: each for each in error.recipients}
            return {each: each not in refused for each in addresses()}

    return asyncio.run(run())


def check(_, result):
    expected = {"one@correo.test": True, "two@correo.test": False, "three@correo.test": True}
    assert result == expected
