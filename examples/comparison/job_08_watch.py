"""Be told at once of new mail, also after the connection was lost meanwhile."""

import asyncio

from correo.clients.imap import Arrived, ImapAccount


def correo(at):
    async def run():
        account = ImapAccount(at.host, at.user, at.password, port=at.imaps, context=at.trust)
        async with account.open("INBOX") as inbox:
            asyncio.get_running_loop().call_later(0.3, at.cut_and_deliver)
            return await anext(
                change.uid async for change in inbox.watch() if isinstance(change, Arrived)
            )

    return asyncio.run(run())


def check(_, result):
    assert result == 1
