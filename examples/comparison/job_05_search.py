"""Find unread messages from somebody, since a day, with a word that is not ASCII in the subject."""

import asyncio
import imaplib
from datetime import date

import aioimaplib
import imap_tools
import imapclient

from correo.clients.imap import ImapAccount, Q

DAY = date(2020, 2, 1)


def prepare(mail):
    mail.put("zoe", subject="Nada", sender="ana@a.test")
    mail.put("zoe", subject="Otra mañana", sender="ana@a.test", flags="\\Seen")
    mail.put("zoe", subject="Mañana", sender="ana@a.test")
    mail.put("zoe", subject="Mañana", sender="bob@a.test")


def correo(at):
    async def run():
        account = ImapAccount(at.host, at.user, at.password, port=at.imaps, context=at.trust)
        async with account.open("INBOX") as inbox:
            query = Q.unseen & Q.from_("ana@a.test") & Q.since(DAY) & Q.subject("mañana")
            return await inbox.search(query)

    return asyncio.run(run())


def standard_library(at):
    with imaplib.IMAP4_SSL(at.host, at.imaps, ssl_context=at.trust) as client:
        client.login(at.user, at.password)
        client.select("INBOX", readonly=True)
        client.literal = "mañana".encode()  # sent at the end of the command
        keys = ("UNSEEN", "FROM", '"ana@a.test"', "SINCE", "01-Feb-2020", "SUBJECT")
        _, [found] = client.uid("SEARCH", "CHARSET", "UTF-8", *keys)
        return [int(uid) for uid in found.split()]


def imapclient_(at):
    with imapclient.IMAPClient(at.host, at.imaps, ssl_context=at.trust) as client:
        client.login(at.user, at.password)
        client.select_folder("INBOX", readonly=True)
        keys = ["UNSEEN", "FROM", "ana@a.test", "SINCE", DAY, "SUBJECT", "mañana"]
        return list(client.search(keys, charset="UTF-8"))


def imap_tools_(at):
    with imap_tools.MailBox(at.host, at.imaps, ssl_context=at.trust).login(
        at.user, at.password
    ) as box:
        query = imap_tools.AND(seen=False, from_="ana@a.test", date_gte=DAY, subject="mañana")
        return [int(uid) for uid in box.uids(query, charset="UTF-8")]


def aioimaplib_(at):
    async def run():
        client = aioimaplib.IMAP4_SSL(at.host, at.imaps, ssl_context=at.trust)
        await client.wait_hello_from_server()
        await client.login(at.user, at.password)
        await client.select("INBOX")
        keys = ("UNSEEN", "FROM", '"ana@a.test"', "SINCE", "01-Feb-2020", "SUBJECT", '"mañana"')
        answer = await client.uid_search(*keys)
        await client.logout()
        return [int(uid) for uid in answer.lines[0].split()]

    return asyncio.run(run())


def check(_, result):
    assert result == [3]
