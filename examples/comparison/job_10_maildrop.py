"""Fetch what is new from a POP3 maildrop into a Maildir, leave it there, and know it the next time."""

import asyncio
import mailbox
import poplib
import tempfile
from pathlib import Path

from correo.clients.folders import Maildir
from correo.clients.pop3 import Pop3Client, SeenFile, TlsMode, collect, make_plan


def prepare(mail):
    mail.put("zoe", subject="one")
    mail.put("zoe", subject="two")


def correo(at):
    async def fetch(folder):
        async with await Pop3Client.connect(
            at.host, at.pop3s, tls=TlsMode.IMPLICIT, context=at.trust
        ) as client:
            await client.login(at.user, at.password)
            seen = SeenFile(folder / "seen", at.user)
            plan = await make_plan(client, seen, keep=True)
            target = Maildir(folder / "mail")
            return len([x async for x in collect(client, plan, target, seen, keep=True)])

    with tempfile.TemporaryDirectory() as name:
        return [asyncio.run(fetch(Path(name))) for _ in range(2)]


def standard_library(at):
    def fetch(folder):
        target = mailbox.Maildir(folder / "mail")
        seen = folder / "seen"
        known = set(seen.read_text().split()) if seen.exists() else set()
        client = poplib.POP3_SSL(at.host, at.pop3s, context=at.trust)
        client.user(at.user)
        client.pass_(at.password)
        count = 0
        for line in client.uidl()[1]:
            number, unique_id = line.decode().split()
            if unique_id in known:
                continue
            target.add(b"\n".join(client.retr(int(number))[1]))  # not synced, not streamed
            with seen.open("a") as file:
                file.write(unique_id + "\n")
            count += 1
        client.quit()
        return count

    with tempfile.TemporaryDirectory() as name:
        return [fetch(Path(name)) for _ in range(2)]


def check(_, result):
    assert result == [2, 0]
