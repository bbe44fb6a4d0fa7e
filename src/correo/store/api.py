"""The narrow door to disk: what every backend offers, in coarse steps.

Each method is one transaction and one thread hop. It speaks mail (account, mailbox, message,
change number), never sequence numbers, tags or SQL. On return, what was written is durable.
Watchers are woken after the commit, never before. One contract suite
(`testing/contracts`) runs against every backend and the in-memory fake.

All methods may raise `DamagedStore` and, when writing, `StorageFull`.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

from correo.base.blobs import Blob
from correo.message.words import Needle
from correo.store.model import (
    FLAG_RIGHTS,
    AccountId,
    Appended,
    Column,
    Copied,
    FlagMode,
    FlagsStored,
    Holding,
    Mailbox,
    MailboxChanges,
    MailboxId,
    MessageRuns,
    NewMessage,
    Quota,
    RightsMode,
    Snapshot,
    StoredBlob,
    Unindexed,
    Where,
)

__all__ = ["AccountStore", "BlobStore", "BlobWriter", "Store", "Watch"]


class Watch(Protocol):
    """A subscription to an account's changes; close it when the session ends."""

    def close(self) -> None: ...


class AccountStore(Protocol):
    """One account's mail. Cheap to hold; many sessions share one."""

    @property
    def account_id(self) -> AccountId: ...

    # mailboxes

    async def mailboxes(self) -> list[Mailbox]:
        """All mailboxes with their counts, INBOX first, then by name. INBOX always exists."""

    async def mailbox(self, name: str) -> Mailbox:
        """Raises NotFound."""

    async def create_mailbox(self, name: str, *, special_use: Sequence[str] = ()) -> Mailbox:
        """Make a mailbox and the missing levels above it, each with the access control list of
        the one above it (RFC 4314 4). Raises AlreadyExists, OverQuota."""

    async def delete_mailbox(self, name: str) -> None:
        """Remove a mailbox and its entries; its children stay. Raises NotFound; INBOX: Refusal."""

    async def rename_mailbox(self, old: str, new: str) -> None:
        """Rename with all levels below; INBOX instead moves its messages to a new mailbox
        (RFC 9051 6.3.6). Raises NotFound, AlreadyExists."""

    async def set_special_use(self, mailbox: MailboxId, special_use: Sequence[str]) -> None:
        """Replace the special uses of a mailbox (RFC 6154 4). Raises NotFound."""

    async def subscribe(self, name: str, *, subscribed: bool) -> None:
        """Remember or forget a subscription; the mailbox need not exist (RFC 9051 6.3.7)."""

    async def subscriptions(self) -> list[str]:
        """All subscribed names, sorted, existing or not."""

    # entries

    async def snapshot(self, mailbox: MailboxId) -> Snapshot:
        """All entries with flags and mod-sequence. Raises NotFound."""

    async def changes_since(self, mailbox: MailboxId, modseq: int) -> MailboxChanges:
        """Exactly what happened after this mod-sequence; `exists=False` if the mailbox is gone."""

    def fetch(
        self, mailbox: MailboxId, uids: Sequence[int], columns: Sequence[Column]
    ) -> AsyncIterator[list[tuple[object, ...]]]:
        """Rows in ascending UID order, in batches sized by weight (about a megabyte, or 1,000).

        UIDs that are gone are left out. Octets of large messages come as Blob.
        """

    async def append(self, mailbox: MailboxId, batch: Sequence[NewMessage]) -> list[Appended]:
        """File messages, all or none, in order; UIDs ascend strictly and are never reused.

        Concurrent appends to one account share a commit. Raises NotFound, OverQuota.
        """

    async def replace(
        self, source: MailboxId, uid: int, target: MailboxId, message: NewMessage
    ) -> Appended:
        """Remove an entry and file a message in its place, perhaps in another mailbox: both or
        neither. Against the quota counts only what is more.

        Raises NotFound (also if the entry is gone), OverQuota.
        """

    async def store_flags(
        self,
        mailbox: MailboxId,
        uids: Sequence[int],
        mode: FlagMode,
        flags: str,
        *,
        unchanged_since: int | None = None,
        rights: str = FLAG_RIGHTS,
    ) -> FlagsStored:
        """Change flags; all changed entries get one new mod-sequence (RFC 7162 3.1.3).

        Flags that need a right which is not among `rights` stay as they are (RFC 4314 4).
        """

    async def copy(self, source: MailboxId, uids: Sequence[int], target: MailboxId) -> list[Copied]:
        """Make entries in the target for the same messages, flags and dates kept, all or none.

        UIDs that are gone are left out. Raises NotFound for the target.
        """

    async def move(self, source: MailboxId, uids: Sequence[int], target: MailboxId) -> list[Copied]:
        """As copy, and the source entries vanish in the same transaction (RFC 6851 3.3)."""

    async def expunge(
        self, mailbox: MailboxId, uids: Sequence[int] | None, *, only_deleted: bool = True
    ) -> list[int]:
        """Remove entries (those of `uids`, or all) that carry \\Deleted; with only_deleted=False
        whether they carry it or not (POP3 update phase). Returns the UIDs gone, ascending."""

    # annotations (RFC 5464)

    async def annotations(self, mailbox: MailboxId | None) -> dict[str, bytes]:
        """What was noted of a mailbox, or of the account (None): by entry, sorted.

        Raises NotFound: the mailbox is gone."""

    async def annotate(self, mailbox: MailboxId | None, notes: Mapping[str, bytes | None]) -> None:
        """Note values, None to forget one; all or none.

        Whoever watches the account is told as if the list of mailboxes had changed. Raises
        NotFound, TooManyAnnotations.
        """

    # access control lists (RFC 4314); the owner is in none of them

    async def acl(self, mailbox: MailboxId) -> dict[str, str]:
        """Rights (`store.rights`) by identifier, sorted, of those who have any. Raises NotFound."""

    async def acls(self) -> dict[MailboxId, dict[str, str]]:
        """Those of all mailboxes where anybody but the owner has rights."""

    async def change_acl(
        self, mailbox: MailboxId, identifier: str, mode: RightsMode, rights: str
    ) -> None:
        """Change what one identifier may do; without rights it is in the list no longer.

        Whoever watches the account is told that the list of mailboxes has changed. Raises
        NotFound, TooManyIdentifiers.
        """

    # access keys of mailboxes (RFC 4467 2.2)

    async def access_key(self, mailbox: MailboxId) -> bytes | None:
        """The secret that this account's URLs into a mailbox are authorized with; None if there is
        none yet. Raises NotFound."""

    async def set_access_key(self, mailbox: MailboxId, key: bytes, *, replace: bool) -> bytes:
        """Take a key: in place of the one there is, or (replace=False) only if there is none.
        Returns the key that holds now; a mailbox's goes with it. Raises NotFound."""

    async def forget_access_keys(self) -> None:
        """Forget the keys of all mailboxes."""

    # full-text index: made of what `mailbox.indexing` hands in, always allowed to lag behind

    async def unindexed(self) -> Unindexed:
        """The next messages for the index, in the order of their numbers: some, or none."""

    async def index_texts(self, after: int, batch: Sequence[MessageRuns]) -> None:
        """Add what `unindexed` gave, with its `after`; begin the index if there is none.

        Nothing is added if somebody else has added these meanwhile, or dropped the index.
        """

    async def holding(self, mailbox: MailboxId, needle: Needle, where: Where) -> Holding:
        """The entries with all runs of the needle (at least one), as far as the index goes."""

    async def drop_text_index(self) -> None:
        """Throw the index away. Searches go on without it."""

    # whole account

    async def usage(self) -> tuple[int, int]:
        """Octets and messages that count against the quota."""

    async def quota(self) -> Quota:
        """What the account may hold."""

    async def set_quota(self, quota: Quota) -> None:
        """Let the account hold this much. What is there already stays."""

    def watch(self, woken: Callable[[MailboxId | None], None]) -> Watch:
        """Call `woken` in this event loop after each commit, ours or another process's, that
        changed a mailbox (its id) or the list of mailboxes (None; also when it is not known
        what has changed, so look at everything then). Never called at once; bursts may be
        folded into one call. Ask changes_since for what happened."""


class BlobWriter(Protocol):
    """Takes a large body while it arrives."""

    def write(self, octets: bytes) -> None:
        """Append; to the page cache, so that it does not wait for the disk."""

    @property
    def size(self) -> int: ...

    async def commit(self) -> StoredBlob:
        """Sync the octets and give them their name; then they are durable."""

    def abort(self) -> None:
        """Forget everything; may be called at any time, also twice."""


class BlobStore(Protocol):
    """Content-addressed octets, shared by all accounts and the queue."""

    def writer(self) -> BlobWriter: ...

    async def put(self, octets: bytes) -> StoredBlob:
        """writer, write, commit in one."""

    def open(self, name: StoredBlob) -> Blob: ...

    def keep(self, name: StoredBlob) -> None:
        """Promise to name this blob durably within the hour; call it before the commit that does.
        Raises DamagedStore if it is missing."""

    async def read_all(self, name: StoredBlob) -> bytes:
        """The whole blob. Raises DamagedStore if it is missing."""


class Store(Protocol):
    """All accounts of this node, and their blobs."""

    @property
    def blobs(self) -> BlobStore: ...

    async def create(self, account: AccountId) -> AccountStore:
        """Make an empty account with INBOX and the usual special-use mailboxes (Sent, Drafts,
        Trash, Junk, Archive). Returns the existing one if it is there."""

    async def open(self, account: AccountId) -> AccountStore:
        """Raises NotFound, DamagedStore (one clear sentence, with the file's name)."""

    async def remove(self, account: AccountId) -> None:
        """Delete the account's mail for good."""

    async def close(self) -> None:
        """Finish what is being written and let go of every file."""
