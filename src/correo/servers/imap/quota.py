"""GETQUOTA and GETQUOTAROOT: how much an account may hold, and how much it does.

There is one quota root, that of the account, and it is named "".

RFC 9208    4.1      the commands; 5.1 STORAGE, in units of 1024 octets

Departures: limits are set by the operator only, so QUOTASET is not announced.

Cost: two thread hops.
"""

from correo.base.errors import NotFound
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.wire.imap import responses
from correo.wire.imap.commands import Command, GetQuota, GetQuotaRoot

__all__ = ["HANDLERS"]

ROOT = ""
UNIT = 1024  # octets


async def answer_get_quota(session: ImapSession, command: GetQuota) -> None:
    if command.root != ROOT:
        raise NotFound("there is no such quota root")
    session.engine.send_lines([await quota_line(session)])
    await session.conclude(command, "that is what it may hold")


async def answer_get_quota_root(session: ImapSession, command: GetQuotaRoot) -> None:
    utf8 = session.engine.is_utf8
    root_line = responses.quota_root(command.mailbox, [ROOT], utf8=utf8)
    session.engine.send_lines([root_line, await quota_line(session)])
    await session.conclude(command, "that is what it may hold")


async def quota_line(session: ImapSession) -> bytes:
    """Without a limit the list is empty."""
    limit = await session.account.quota()
    if limit is None:
        return responses.quota(ROOT, [])
    used, _ = await session.account.usage()
    return responses.quota(ROOT, [("STORAGE", -(-used // UNIT), limit // UNIT)])


HANDLERS: dict[type[Command], Handler] = {
    GetQuota: answer_get_quota,
    GetQuotaRoot: answer_get_quota_root,
}
