"""Move messages to another folder and know their UIDs there."""

import asyncio
import imaplib
import re

import imapclient

from correo.clients.imap import ImapAccount


def prepare(mail):
    mail.put("zoe", subject="one")
    mail.put("zoe", subject="two")


def correo(at):
    async def run():
        account = ImapAccount(at.host, at.user, at.password, port=at.imaps, context=at.trust)
        async with account.open("INBOX") as inbox:
            return await inbox.move([1, 2], "Archive")

    return asyncio.run(run())


def standard_library(at):
    with imaplib.IMAP4_SSL(at.host, at.imaps, ssl_context=at.trust) as client:
        client.login(at.user, at.password)
        client.select("INBOX")
        client.uid("MOVE", "1,2", "Archive")
        _, [code] = client.response("COPYUID")
        return pairs(code)


def imapclient_(at):
    with imapclient.IMAPClient(at.host, at.imaps, ssl_context=at.trust) as client:
        client.login(at.user, at.password)
        client.select_folder("INBOX")
        client.move([1, 2], "Archive")
        _, [code] = client._imap.response("COPYUID")  # not told otherwise
        return pairs(code)


def pairs(code):
    _, before, after = code.decode().split()
    return dict(zip(numbers(before), numbers(after), strict=True))


def numbers(text):
    found = []
    for part in text.split(","):
        low, _, high = re.fullmatch(r"(\d+)(:(\d+))?", part).groups()
        found += range(int(low), int(high or low) + 1)
    return found


def check(_, result):
    assert result == {1: 1, 2: 2}
