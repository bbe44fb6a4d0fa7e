"""Keep domains, accounts and aliases in dictionaries, for tests and for a server without a disk.

It fills `store.directory.DirectoryStore` and passes the same contract suite as the SQLite one.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from correo.base.errors import AlreadyExists, NotFound
from correo.store.directory import (
    ANYONE,
    Account,
    AddressKey,
    AliasEntry,
    Credentials,
    Domain,
    NewAccount,
)
from correo.store.model import AccountId

__all__ = ["MemoryDirectory"]


@dataclass(slots=True)
class Row:
    """An account as it is kept."""

    account: Account
    key: AddressKey
    domain: str
    credentials: Credentials


class MemoryDirectory:
    """Gone when the process is.

    Args:
        node_key: 32 octets, for tests that need the same one twice.
    """

    def __init__(self, *, node_key: bytes | None = None) -> None:
        self._node_key = node_key or secrets.token_bytes(32)
        self._domains: dict[str, Domain] = {}
        self._rows: dict[AccountId, Row] = {}
        self._ids: dict[AddressKey, AccountId] = {}
        self._aliases: dict[AddressKey, tuple[str, AliasEntry]] = {}
        self._grantees: dict[AccountId, set[str]] = {}

    async def domain(self, name: str) -> Domain | None:
        return self._domains.get(name)

    async def domains(self) -> list[Domain]:
        return list(self._domains.values())

    async def entry(self, key: AddressKey) -> Account | AliasEntry | None:
        if key in self._aliases:
            return self._aliases[key][1]
        return self._rows[self._ids[key]].account if key in self._ids else None

    async def account(self, account: AccountId) -> Account | None:
        return self._rows[account].account if account in self._rows else None

    async def accounts(self, domain: str | None = None) -> list[Account]:
        return [row.account for row in self._rows.values() if domain in (None, row.domain)]

    async def first_account(self, domain: str) -> Account | None:
        return next((each for each in await self.accounts(domain) if each.enabled), None)

    async def aliases(self, domain: str | None = None) -> list[AliasEntry]:
        found = [entry for name, entry in self._aliases.values() if domain in (None, name)]
        return sorted(found, key=lambda entry: entry.address)

    async def credentials(self, key: AddressKey) -> tuple[Account, Credentials] | None:
        if key not in self._ids:
            return None
        row = self._rows[self._ids[key]]
        return row.account, row.credentials

    async def has_apop(self) -> bool:
        return any(row.account.apop for row in self._rows.values())

    async def version(self, account: AccountId) -> int:
        return self._rows[account].account.version if account in self._rows else 0

    async def sharers(self, account: AccountId) -> list[Account]:
        wanted = {account, ANYONE}
        found = [
            self._rows[owner].account
            for owner, grantees in self._grantees.items()
            if owner != account and owner in self._rows and grantees & wanted
        ]
        return sorted(found, key=lambda each: each.address)

    async def grantees(self, owner: AccountId) -> set[str]:
        return set(self._grantees.get(owner, ()))

    async def add_domain(self, domain: Domain) -> None:
        if domain.name in self._domains:
            raise AlreadyExists(f"{domain.name} is a domain here already")
        self._domains[domain.name] = domain

    async def change_domain(self, domain: Domain) -> None:
        self._require_domain(domain.name)
        self._domains[domain.name] = domain

    async def remove_domain(self, name: str) -> None:
        self._require_domain(name)
        if any(row.domain == name for row in self._rows.values()):
            raise AlreadyExists(f"{name} still has accounts")
        del self._domains[name]
        self._aliases = {key: each for key, each in self._aliases.items() if each[0] != name}

    async def add_accounts(self, batch: Sequence[NewAccount]) -> None:
        taken = {*self._ids, *self._aliases}
        for new in batch:
            self._require_domain(new.domain)
            if new.key in taken:
                raise AlreadyExists(f"{new.account.address} is taken")
            taken.add(new.key)
        for new in batch:
            account = replace(new.account, apop=bool(new.credentials.apop_secret))
            self._rows[account.id] = Row(account, new.key, new.domain, new.credentials)
            self._ids[new.key] = account.id

    async def set_credentials(self, account: AccountId, credentials: Credentials) -> None:
        row = self._row(account)
        row.credentials = credentials
        row.account = replace(
            row.account, apop=bool(credentials.apop_secret), version=row.account.version + 1
        )

    async def set_quota(self, account: AccountId, quota: int) -> None:
        row = self._row(account)
        row.account = replace(row.account, quota=quota, version=row.account.version + 1)

    async def set_enabled(self, account: AccountId, *, enabled: bool) -> None:
        row = self._row(account)
        row.account = replace(row.account, enabled=enabled, version=row.account.version + 1)

    async def remove_account(self, account: AccountId) -> None:
        del self._ids[self._row(account).key]
        del self._rows[account]
        self._grantees.pop(account, None)
        for grantees in self._grantees.values():
            grantees.discard(account)

    async def add_grantee(self, owner: AccountId, grantee: str) -> None:
        self._grantees.setdefault(owner, set()).add(grantee)

    async def set_grantees(self, owner: AccountId, grantees: Collection[str]) -> None:
        self._grantees[owner] = set(grantees)

    async def set_alias(self, key: AddressKey, domain: str, alias: AliasEntry) -> None:
        self._require_domain(domain)
        if key in self._ids:
            raise AlreadyExists(f"{alias.address} is an account's address")
        self._aliases[key] = (domain, alias)

    async def remove_alias(self, key: AddressKey) -> None:
        if self._aliases.pop(key, None) is None:
            raise NotFound(f"there is no alias {key}")

    def node_key(self) -> bytes:
        return self._node_key

    async def close(self) -> None:
        """Nothing to let go of."""

    def _require_domain(self, name: str) -> None:
        if name not in self._domains:
            raise NotFound(f"{name} is not a domain here")

    def _row(self, account: AccountId) -> Row:
        if account not in self._rows:
            raise NotFound("the account is gone")
        return self._rows[account]
