"""UIDBATCHES: cut a mailbox into batches of about as many messages each, named by their UIDs.

RFC 10022            the command; batches from the newest message down to UID 1, without gaps
                     TOOFEW: fewer messages than MIN_BATCH to a batch; TOOMANY: too much at once

Departures: none known; the limit on messages is the least the RFC allows.

Cost: a look into memory for each batch.
"""

from correo.servers.imap.refusals import Misused
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import Command, UidBatches
from correo.wire.imap.server import Condition

__all__ = ["HANDLERS"]

MIN_BATCH = 500  # messages
MESSAGES_LIMIT = 100_000  # in the batches asked for


async def answer_uid_batches(session: ImapSession, command: UidBatches) -> None:
    first, last = command.batches or (1, 0)
    if command.batches is not None and first > last:
        raise Misused("the first batch comes before the last")
    if command.size < MIN_BATCH:
        text = f"a batch has at least {MIN_BATCH} messages"
        session.engine.finish(command.tag, Condition.NO, text, codes.TOOFEW)
        return
    asked = (last - first + 1) * command.size if last else session.view.exists
    if asked > MESSAGES_LIMIT and (last or command.size < session.view.exists):
        text = f"no more than {MESSAGES_LIMIT} messages at once: name fewer batches"
        session.engine.finish(command.tag, Condition.NO, text, codes.TOOMANY)
        return
    found = batches(session.view.uids[: session.view.exists].tolist(), command.size)
    told = found[first - 1 : last] if last else found
    session.engine.send_lines([responses.uid_batches(command.tag, told)])
    await session.conclude(command, "cut into batches")


def batches(uids: list[int], size: int) -> list[tuple[int, int]]:
    """(high, low) of each batch, the newest messages first; the last one reaches down to 1."""
    highs = uids[::-1][::size]
    lows = [high + 1 for high in highs[1:]]
    return list(zip(highs, [*lows, 1], strict=True)) if highs else []


HANDLERS: dict[type[Command], Handler] = {UidBatches: answer_uid_batches}
