"""Show sender, subject and the names of the attachments of all messages, without fetching a body."""

import asyncio

import imapclient
from imapclient.response_types import BodyData

from correo.clients.imap import ImapAccount

MESSAGE = b"""\
From: =?utf-8?q?Zo=C3=A9?= <zoe@a.test>\r
Subject: =?utf-8?q?ma=C3=B1ana?=\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
\r
text\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename*=utf-8''ma%C3%B1ana.pdf\r
\r
%PDF-\r
--b--\r
"""


def prepare(mail):
    mail.put("zoe", raw=MESSAGE)


def correo(at):
    async def run():
        account = ImapAccount(at.host, at.user, at.password, port=at.imaps, context=at.trust)
        async with account.open("INBOX", read_only=True) as inbox:
            return [
                (
                    message.envelope.from_[0].display_name,
                    message.envelope.subject,
                    [part.file_name for part in message.attachments],
                )
                async for message in inbox.messages(parts=True)
            ]

    return asyncio.run(run())


def imapclient_(at):
    from email.header import decode_header, make_header
    from urllib.parse import unquote

    def text(octets):
        return str(make_header(decode_header(octets.decode())))

    def names(part):
        if isinstance(part, BodyData) and part.is_multipart:
            return [name for each in part[0] for name in names(each)]
        disposition = next(
            (x for x in part if isinstance(x, tuple) and x and x[0] == b"attachment"), None
        )
        if disposition is None:
            return []
        values = dict(zip(disposition[1][::2], disposition[1][1::2], strict=True))
        extended = values.get(b"filename*")
        if extended is not None:
            charset, _, octets = extended.decode().split("'", 2)  # RFC 2231
            return [unquote(octets, charset)]
        return [text(values[b"filename"])]

    with imapclient.IMAPClient(at.host, at.imaps, ssl_context=at.trust) as client:
        client.login(at.user, at.password)
        client.select_folder("INBOX", readonly=True)
        found = []
        for data in client.fetch(client.search(), ["ENVELOPE", "BODYSTRUCTURE"]).values():
            envelope = data[b"ENVELOPE"]
            sender = text(envelope.from_[0].name)
            found.append((sender, text(envelope.subject), names(data[b"BODYSTRUCTURE"])))
        return found


def check(_, result):
    assert result == [("Zoé", "mañana", ["mañana.pdf"])]
