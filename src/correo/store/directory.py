"""Who is local: the narrow door to domains, accounts, aliases and credentials.

`accounts` asks it at every RCPT and every login, and gives it what the command line changes. It
keeps rows and folds nothing: keys come normalised (`accounts.address`), passwords hashed.

A look-up answers from what is committed now, by whichever process. On return from a change it is
durable, and every process sees it at its next look-up. One contract suite
(`testing/contracts/directory.py`) runs against every backend.

All methods may raise `DamagedStore` and, when writing, `StorageFull`.

Cost: a look-up is one statement, about 5 microseconds, and does not suspend (SQLite).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NewType, Protocol

from correo.store.model import AccountId

__all__ = [
    "ANYONE",
    "Account",
    "AddressKey",
    "AliasEntry",
    "Credentials",
    "DirectoryStore",
    "Domain",
    "LocalPartCase",
    "NewAccount",
    "ScramVerifier",
]

ANYONE = "anyone"  # in place of an account's id: every account of the node (RFC 4314 2)

AddressKey = NewType("AddressKey", str)
"""An address in the form two spellings of one mailbox share: see `accounts.address.key_of`."""


class LocalPartCase(Enum):
    """Whether Ana@ and ana@ are one mailbox (RFC 5321 2.4 leaves it to the domain)."""

    IGNORED = "ignored"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain we are final for.

    name: A-labels, lower-case, no final dot.
    separator: what divides local part and subaddress, "" for no subaddresses (RFC 5233).
    catch_all: the address that gets the mail of unknown ones, "" for none.
    """

    name: str
    local_part_case: LocalPartCase = LocalPartCase.IGNORED
    separator: str = "+"
    catch_all: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """Someone with a mailbox here.

    address: as it was given, domain in A-labels.
    quota: octets, 0 for no limit.
    enabled: a disabled account cannot log in and takes no mail; what it has stays.
    apop: whether the account has opted in to APOP, and so to a recoverable secret.
    version: grows with every change of the row; caches of it compare this number.
    created: seconds since 1970 UTC.
    """

    id: AccountId
    address: str
    quota: int = 0
    enabled: bool = True
    apop: bool = False
    version: int = 1
    created: int = 0


@dataclass(frozen=True, slots=True)
class ScramVerifier:
    """What SCRAM needs to know of a password (RFC 5802 3); it is not enough to log in with."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes


@dataclass(frozen=True, slots=True)
class Credentials:
    """How an account proves itself.

    password_hash: an encoded argon2 hash, "" for an account that nobody may log in to.
    apop_secret: encrypted; only `accounts.secrets` reads it. b"" unless opted in.
    """

    password_hash: str = ""
    scram_sha_1: ScramVerifier | None = None
    scram_sha_256: ScramVerifier | None = None
    apop_secret: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be made."""

    account: Account
    key: AddressKey
    domain: str
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class AliasEntry:
    """An address that stands for others, local or remote, in the order given."""

    address: str
    targets: tuple[str, ...]


class DirectoryStore(Protocol):
    """Domains, accounts and aliases of this node."""

    # look-ups

    async def domain(self, name: str) -> Domain | None: ...

    async def domains(self) -> list[Domain]:
        """In the order they were added."""

    async def entry(self, key: AddressKey) -> Account | AliasEntry | None:
        """What this address is."""

    async def account(self, account: AccountId) -> Account | None: ...

    async def accounts(self, domain: str | None = None) -> list[Account]:
        """Of one domain or all, in the order they were added."""

    async def first_account(self, domain: str) -> Account | None:
        """The enabled account of this domain that was added first."""

    async def aliases(self, domain: str | None = None) -> list[AliasEntry]:
        """Of one domain or all, by address."""

    async def credentials(self, key: AddressKey) -> tuple[Account, Credentials] | None:
        """An account with how it proves itself."""

    async def has_apop(self) -> bool:
        """Whether any account has opted in to APOP."""

    async def version(self, account: AccountId) -> int:
        """The account's change counter; 0 if it is gone."""

    async def sharers(self, account: AccountId) -> list[Account]:
        """Who lets this account, or ANYONE, do something with a mailbox; never itself; by address."""

    async def grantees(self, owner: AccountId) -> set[str]:
        """Account ids, and ANYONE, to whom an account is said to let something."""

    # changes

    async def add_domain(self, domain: Domain) -> None:
        """Raises AlreadyExists."""

    async def change_domain(self, domain: Domain) -> None:
        """Replace the row of this name. Raises NotFound."""

    async def remove_domain(self, name: str) -> None:
        """With its aliases. Raises NotFound; AlreadyExists while it has accounts."""

    async def add_accounts(self, batch: Sequence[NewAccount]) -> None:
        """All or none, in one transaction. Raises AlreadyExists naming the first address taken,
        NotFound naming the first domain that is not ours."""

    async def set_credentials(self, account: AccountId, credentials: Credentials) -> None:
        """Replace them whole; `apop` follows from the secret. Raises NotFound."""

    async def set_quota(self, account: AccountId, quota: int) -> None:
        """Raises NotFound."""

    async def set_enabled(self, account: AccountId, *, enabled: bool) -> None:
        """Raises NotFound."""

    async def remove_account(self, account: AccountId) -> None:
        """With what is said of its sharing. Raises NotFound. Its mail is the account store's
        affair."""

    async def add_grantee(self, owner: AccountId, grantee: str) -> None:
        """Note that an account lets another, or ANYONE, do something with its mail.

        This is an index of the access control lists, which lie with the mailboxes; who keeps the
        two in step is `mailbox.sharing`."""

    async def set_grantees(self, owner: AccountId, grantees: Collection[str]) -> None:
        """In place of all that were noted."""

    async def set_alias(self, key: AddressKey, domain: str, alias: AliasEntry) -> None:
        """Make or replace an alias. Raises AlreadyExists if the address is an account's,
        NotFound if the domain is not ours."""

    async def remove_alias(self, key: AddressKey) -> None:
        """Raises NotFound."""

    # the rest

    def node_key(self) -> bytes:
        """32 secret octets, the same for all processes and for ever, kept apart from the rows."""

    async def close(self) -> None: ...
