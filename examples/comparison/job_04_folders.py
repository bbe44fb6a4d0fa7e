"""List the folders with their names decoded and how many messages are in each, unread ones apart."""

import asyncio
import imaplib
import re

import imap_tools
import imapclient

from correo.clients.imap import ImapAccount


def prepare(mail):
    mail.put("zoe", subject="one")
    mail.put("zoe", subject="two", flags="\\Seen")


def correo(at):
    async def run():
        account = ImapAccount(at.host, at.user, at.password, port=at.imaps, context=at.trust)
        async with await account.connect() as client:
            entries = await client.mailboxes(status=["MESSAGES", "UNSEEN"])
            return {x.name: (x.status.messages, x.status.unseen) for x in entries}

    return asyncio.run(run())


def standard_library(at):
    found = {}
    with imaplib.IMAP4_SSL(at.host, at.imaps, ssl_context=at.trust) as client:
        client.login(at.user, at.password)
        _, lines = client.list()
        for line in lines:
            name = re.fullmatch(rb'\(.*?\) "/" (.*)', line)[1].decode()  # modified UTF-7 stays
            _, [status] = client.status(name, "(MESSAGES UNSEEN)")
            messages, unseen = re.search(rb"MESSAGES (\d+) UNSEEN (\d+)", status).groups()
            found[name.strip('"')] = int(messages), int(unseen)
    return found


def imapclient_(at):
    with imapclient.IMAPClient(at.host, at.imaps, ssl_context=at.trust) as client:
        client.login(at.user, at.password)
        found = {}
        for _, _, name in client.list_folders():
            status = client.folder_status(name, ["MESSAGES", "UNSEEN"])
            found[name] = status[b"MESSAGES"], status[b"UNSEEN"]
        return found


def imap_tools_(at):
    with imap_tools.MailBox(at.host, at.imaps, ssl_context=at.trust).login(
        at.user, at.password
    ) as box:
        found = {}
        for folder in box.folder.list():
            status = box.folder.status(folder.name, ["MESSAGES", "UNSEEN"])
            found[folder.name] = status["MESSAGES"], status["UNSEEN"]
        return found


def check(_, result):
    assert result["INBOX"] == (2, 1)
    assert result["Sent"] == (0, 0)
