"""Compare what is on another server with what was moved from it, by counts and hashes.

The hashes are of the octets as they came and of what the store gives back now.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from correo.clients.imap import ImapClient
from correo.moving.filing import stored_digests
from correo.moving.folder_plan import FolderPlan
from correo.moving.record import MigrationRecord
from correo.moving.source_box import list_messages
from correo.store.api import AccountStore

__all__ = ["Comparison", "compare"]

STEP = 1000  # messages read back at a time


@dataclass(slots=True)
class Comparison:
    """One mailbox.

    there: messages on the other server now. moved: those of them that were brought here.
    elsewhere: of these, messages that lie in another mailbox here.
    gone: of these, messages that somebody has removed here since.
    same: those whose octets are read back as they came. different: UIDs here of those that are not.
    missing: UIDs there that are not here.
    """

    source: str
    target: str
    there: int = 0
    moved: int = 0
    elsewhere: int = 0
    gone: int = 0
    same: int = 0
    different: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.different and not self.missing


async def compare(
    client: ImapClient,
    account: AccountStore,
    record: MigrationRecord,
    plan: FolderPlan,
    *,
    passed_over: Collection[int] = (),
) -> Comparison:
    """Read back every message that was moved from this mailbox.

    Args:
        passed_over: UIDs that were told of already; they are not missing.

    Raises:
        ImapError; DamagedStore.
    """
    selected = await client.select(plan.source, read_only=True)
    mailbox = await account.mailbox(plan.target)
    known = record.known(plan.source, selected.uid_validity or 0, mailbox.object_id)
    listed = await list_messages(client)
    found = Comparison(plan.source, mailbox.name, there=len(listed))
    moved = [known[uid] for uid in listed if uid in known]
    found.moved = len(moved)
    found.missing = [uid for uid in listed if uid not in known and uid not in passed_over]
    expected = {each.uid_here: each.digest for each in moved if each.uid_here}
    found.elsewhere = len(moved) - len(expected)
    uids = sorted(expected)
    for start in range(0, len(uids), STEP):
        part: Sequence[int] = uids[start : start + STEP]
        digests = await stored_digests(account, mailbox, part)
        found.gone += len(part) - len(digests)
        wrong = [uid for uid, digest in digests.items() if digest != expected[uid]]
        found.different += wrong
        found.same += len(digests) - len(wrong)
    return found
