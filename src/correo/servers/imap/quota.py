"""GETQUOTA and GETQUOTAROOT: how much an account may hold, and how much it does.

Each account is a quota root. One's own is named "", that of somebody else as the level above the
mailboxes shared: what is filed there counts for the owner.

RFC 9208    4.1      the commands; 5.1 STORAGE, in units of 1024 octets; 5.2 MESSAGE; 5.3 MAILBOX
            6        "r" in a mailbox of another user, for the root tells how much is in it

Departures: limits are set by the operator only, so QUOTASET is not announced. Nor is
ANNOTATION-STORAGE: that is about annotations of messages (RFC 5257), and there are none here. Those
of mailboxes (METADATA) have limits of their own, TOOMANY and MAXSIZE.

Cost: two thread hops.
"""

from correo.base.errors import NotFound
from correo.mailbox.namespaces import is_others
from correo.servers.imap.rights import READ
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.api import AccountStore
from correo.store.model import HIERARCHY_DELIMITER
from correo.wire.imap import responses
from correo.wire.imap.commands import Command, GetQuota, GetQuotaRoot

__all__ = ["HANDLERS"]

ROOT = ""
UNIT = 1024  # octets


async def answer_get_quota(session: ImapSession, command: GetQuota) -> None:
    account = session.account
    if command.root != ROOT:
        account = await others_root(session, command.root)
    session.engine.send_lines([await quota_line(account, command.root)])
    await session.conclude(command, "that is what it may hold")


async def answer_get_quota_root(session: ImapSession, command: GetQuotaRoot) -> None:
    utf8 = session.engine.is_utf8
    account, root = session.account, ROOT
    if is_others(command.mailbox):
        place = await session.places.find(command, command.mailbox)
        account, root = place.account, place.prefix.removesuffix(HIERARCHY_DELIMITER)
    root_line = responses.quota_root(command.mailbox, [root], utf8=utf8)
    session.engine.send_lines([root_line, await quota_line(account, root)])
    await session.conclude(command, "that is what it may hold")


async def others_root(session: ImapSession, root: str) -> AccountStore:
    """The account of somebody else with this root. Raises NotFound."""
    prefix = root + HIERARCHY_DELIMITER
    for place in await session.places.others(lambda owner: owner == prefix):
        if READ in place.rights:
            return place.account
    raise NotFound("there is no such quota root")


async def quota_line(account: AccountStore, root: str) -> bytes:
    """What is limited; without a limit the list is empty."""
    quota = await account.quota()
    told: list[tuple[str, int, int]] = []
    if quota.octets is not None or quota.messages is not None:
        octets, messages = await account.usage()
        if quota.octets is not None:
            told.append(("STORAGE", -(-octets // UNIT), quota.octets // UNIT))
        if quota.messages is not None:
            told.append(("MESSAGE", messages, quota.messages))
    if quota.mailboxes is not None:
        told.append(("MAILBOX", len(await account.mailboxes()), quota.mailboxes))
    return responses.quota(root, told)


HANDLERS: dict[type[Command], Handler] = {
    GetQuota: answer_get_quota,
    GetQuotaRoot: answer_get_quota_root,
}
