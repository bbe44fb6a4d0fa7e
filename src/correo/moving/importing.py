"""Bring the mail of a folder or an archive into an account.

What cannot be taken is told of and passed over; what lies there already stays as it is.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from correo.moving.filing import Filed, Target, mailbox_for
from correo.moving.finding import Box
from correo.moving.model import Broken, FoundMessage
from correo.moving.names import under
from correo.store.api import AccountStore, BlobStore

__all__ = ["Arrival", "bring_in"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message that is in the account now. mailbox: its name there."""

    origin: str
    mailbox: str
    uid: int
    size: int
    is_new: bool


async def bring_in(
    account: AccountStore,
    blobs: BlobStore,
    boxes: Iterable[Box],
    *,
    into: str = "",
    more_flags: tuple[str, ...] = (),
) -> AsyncIterator[Arrival | Broken]:
    """File every message; each is told of when it is durable, each broken one when it is met.

    Args:
        into: a mailbox below which all of them go.
        more_flags: for every message, besides its own.

    Raises:
        OverQuota, StorageFull: what was told of before is filed, and the same call goes on there.
        Refusal: there can be no such mailbox.
    """
    targets: dict[str, Target[str]] = {}
    for box in boxes:
        name = under(box.mailbox, into)
        if name not in targets:
            targets[name] = Target(account, blobs, await mailbox_for(account, name))
        target = targets[name]
        for found in box.messages():
            if isinstance(found, Broken):
                yield found
                continue
            for filed in await take(target, found, more_flags):
                yield told(filed, target)
        for filed in await target.flush():
            yield told(filed, target)


async def take(
    target: Target[str], found: FoundMessage, more_flags: tuple[str, ...]
) -> list[Filed[str]]:
    flags = (*found.flags, *more_flags)
    return await target.add(found.origin, found.octets, flags, found.internal_date)


def told(filed: Filed[str], target: Target[str]) -> Arrival:
    return Arrival(filed.mark, target.mailbox.name, filed.uid, filed.size, filed.is_new)
