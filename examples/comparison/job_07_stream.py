"""Write a large attachment to a file without having it in memory."""

import asyncio
import tempfile

from correo.clients.imap import ImapAccount

LINE = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU2Nzg5QUJDREVGR0hJSktMTU5PUFFSUw==\r\n"
MESSAGE = (
    b"Subject: big\r\nMIME-Version: 1.0\r\nContent-Type: application/x-big\r\n"
    b"Content-Disposition: attachment; filename=big\r\nContent-Transfer-Encoding: base64\r\n\r\n"
) + LINE * 20_000


def prepare(mail):
    mail.put("zoe", raw=MESSAGE)


def correo(at):
    async def run():
        account = ImapAccount(at.host, at.user, at.password, port=at.imaps, context=at.trust)
        async with account.open("INBOX", read_only=True) as inbox:
            [message] = [each async for each in inbox.messages(parts=True)]
            with tempfile.TemporaryFile() as file:
                async for octets in inbox.content(message.uid, message.attachments[0]):
                    file.write(octets)
                return file.tell()

    return asyncio.run(run())


def check(_, result):
    assert result == 20_000 * 55
