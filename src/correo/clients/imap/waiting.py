"""Wait for news of the open mailbox: by IDLE where the server has it, else by NOOP.

RFC 2177, RFC 9051 6.3.13   IDLE; servers may log an idle client out after 30 minutes
"""

import asyncio

from correo.clients.imap.connection import ImapConnection, check
from correo.clients.imap.errors import ImapReplyError
from correo.clients.imap.picture import Picture
from correo.wire.imap.response_types import Continuation, TaggedStatus

__all__ = ["idle", "poll"]

IDLE_RENEWAL_S = 29 * 60.0  # RFC 2177 3
POLL_INTERVAL_S = 60.0
GATHERING_S = 0.05  # what belongs to one change comes together


async def idle(connection: ImapConnection, picture: Picture, timeout: float | None) -> None:
    """Until the picture has news or the time is over. Raises ImapReplyError, ImapConnectionError."""
    loop = asyncio.get_running_loop()
    end = None if timeout is None else loop.time() + timeout
    while not picture.has_news:
        left = IDLE_RENEWAL_S if end is None else min(IDLE_RENEWAL_S, end - loop.time())
        if left <= 0:
            return
        await idle_once(connection, picture, left)


async def idle_once(connection: ImapConnection, picture: Picture, seconds: float) -> None:
    tag = await connection.begin("IDLE")
    ended = False
    try:
        await until_idling(connection, tag)
        ended = await listen(connection, picture, tag, seconds)
    except ImapReplyError:
        ended = True
        raise
    finally:  # also when cancelled: the next command finds the server ready for it
        if not ended:
            connection.engine.done()
    if not ended:
        async for response in connection.answers(tag):
            if isinstance(response, TaggedStatus):
                check("IDLE", response)


async def until_idling(connection: ImapConnection, tag: bytes) -> None:
    """Raises ImapReplyError, if the server does not want to."""
    async for response in connection.answers(tag):
        if isinstance(response, Continuation):
            return
        if isinstance(response, TaggedStatus):
            raise ImapReplyError("IDLE", response)


async def listen(connection: ImapConnection, picture: Picture, tag: bytes, seconds: float) -> bool:
    """Until there is news or the time is over; True if the server ended the command itself."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        left = GATHERING_S if picture.has_news else end - loop.time()
        response = await connection.next_within(left) if left > 0 else None
        if response is None:
            return False
        if connection.ends(response, tag):
            return True
        connection.take_note(response)


async def poll(connection: ImapConnection, picture: Picture, timeout: float | None) -> None:
    """As idle, for servers without IDLE."""
    loop = asyncio.get_running_loop()
    end = None if timeout is None else loop.time() + timeout
    while True:
        await connection.run("NOOP")
        left = POLL_INTERVAL_S if end is None else min(POLL_INTERVAL_S, end - loop.time())
        if picture.has_news or left <= 0:
            return
        await asyncio.sleep(left)
