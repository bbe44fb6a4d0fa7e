"""Say whose mailbox an address is: an account's, several people's, another server's, nobody's.

`intake` asks at RCPT, `delivery` when it expands, submission before it lets an account use an
address. Aliases are expanded whole, each recipient once; loops in them end.

RFC 5321    3.9.1    aliases
            4.5.1    postmaster is always there
RFC 5233             subaddresses

Departures: postmaster of a local domain that names nobody as such, and has no catch-all, is the
domain's first account; a server without a postmaster is against the RFC, one without an account
has nobody to be it.

Cost: two look-ups, about 12 microseconds, for an account's own address.
"""

from dataclasses import dataclass

from correo.accounts import address as addresses
from correo.base.errors import Refusal
from correo.store.directory import Account, AddressKey, AliasEntry, DirectoryStore, Domain

__all__ = [
    "Alias",
    "Directory",
    "Disabled",
    "LocalAccount",
    "NotLocal",
    "Resolution",
    "Unknown",
]

ALIAS_DEPTH = 20  # levels of aliases within aliases; ours
ALIAS_RECIPIENTS = 10_000  # addresses an alias may stand for in the end; ours


@dataclass(frozen=True, slots=True)
class LocalAccount:
    """One account's mailbox. detail: the subaddress, "" if none (RFC 5233)."""

    account: Account
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias, expanded to the end: each account and each remote address once.

    Both may be empty, when all the alias named is gone.
    """

    address: str
    accounts: tuple[LocalAccount, ...]
    remote: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotLocal:
    """An address in somebody else's domain."""

    address: str
    domain: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Our domain, and nobody has this address (5.1.1)."""

    address: str


@dataclass(frozen=True, slots=True)
class Disabled(Unknown):
    """As Unknown, because the account is switched off (5.2.1)."""


Resolution = LocalAccount | Alias | NotLocal | Unknown


class Directory:
    """Looks addresses up; keeps nothing, so every answer is current."""

    def __init__(self, store: DirectoryStore) -> None:
        self.store = store

    async def resolve(self, address: str) -> Resolution:
        """Whose mailbox an address is.

        Args:
            address: without angle brackets, in any spelling; "postmaster" alone is ours.

        Raises:
            Refusal: there is no domain in it, or not one that could exist (5.1.3, 5.1.2).
        """
        local, domain_name = addresses.split_address(address)
        if not domain_name:
            return await self._bare(local)
        domain = await self.store.domain(addresses.normal_domain(domain_name))
        if domain is None:
            return NotLocal(address, addresses.normal_domain(domain_name))
        return await self._local(address, local, domain)

    async def may_send_as(self, account: Account, address: str) -> bool:
        """Whether an account may use an address as its sender.

        Its own with any subaddress, an alias that leads to it, and whatever its catch-all takes.
        """
        try:
            resolution = await self.resolve(address)
        except Refusal:
            return False
        if isinstance(resolution, LocalAccount):
            return resolution.account.id == account.id
        if isinstance(resolution, Alias):
            return any(each.account.id == account.id for each in resolution.accounts)
        return False

    async def account_for_login(self, login: str) -> Account | None:
        """The account of a login name: a full address, or a local part if there is one domain."""
        found = await self.login_key(login)
        entry = await self.store.entry(found) if found is not None else None
        return entry if isinstance(entry, Account) else None

    async def login_key(self, login: str) -> AddressKey | None:
        """The key under which a login name's account would be; None if it cannot have one."""
        local, domain_name = addresses.split_address(login)
        try:
            if domain_name:
                domain = await self.store.domain(addresses.normal_domain(domain_name))
            else:
                domains = await self.store.domains()
                domain = domains[0] if len(domains) == 1 else None
        except Refusal:
            return None
        return None if domain is None else addresses.key_of(local, domain)

    # inside

    async def _bare(self, local: str) -> Resolution:
        if local.lower() == "postmaster":
            for domain in await self.store.domains():
                found = await self._local(local, local, domain)
                if not isinstance(found, Unknown):
                    return found
            return Unknown(local)
        raise Refusal("5.1.3", f"{addresses.printable(local)} is no address: it has no domain")

    async def _local(self, address: str, local: str, domain: Domain) -> Resolution:
        entry, detail = await self._entry(local, domain)
        if entry is None:
            entry, detail = await self._fallback(local, domain), ""
        found = await self._found(address, entry, detail)
        if type(found) is Unknown:  # a catch-all that leads nowhere takes nothing from postmaster
            return await self._found(address, await self._postmaster(local, domain), "")
        return found

    async def _found(
        self, address: str, entry: Account | AliasEntry | None, detail: str
    ) -> Resolution:
        if entry is None:
            return Unknown(address)
        if isinstance(entry, AliasEntry):
            return await self._expand(address, entry, detail)
        return LocalAccount(entry, detail) if entry.enabled else Disabled(address)

    async def _entry(self, local: str, domain: Domain) -> tuple[Account | AliasEntry | None, str]:
        """Who has this local part, as written first, then without its subaddress."""
        entry = await self.store.entry(addresses.key_of(local, domain))
        if entry is not None:
            return entry, ""
        base, detail = addresses.without_subaddress(local, domain)
        if base == local:
            return None, ""
        return await self.store.entry(addresses.key_of(base, domain)), detail

    async def _fallback(self, local: str, domain: Domain) -> Account | AliasEntry | None:
        if domain.catch_all:
            return AliasEntry(f"@{domain.name}", (domain.catch_all,))
        return await self._postmaster(local, domain)

    async def _postmaster(self, local: str, domain: Domain) -> Account | None:
        """Who reads a postmaster's mail where nobody is named: RFC 5321 4.5.1 wants somebody."""
        if addresses.without_subaddress(local, domain)[0].lower() != "postmaster":
            return None
        for each in (domain, *await self.store.domains()):
            account = await self.store.first_account(each.name)
            if account is not None:
                return account
        return None

    async def _expand(self, address: str, entry: AliasEntry, detail: str) -> Resolution:
        found = _Expansion(self)
        await found.follow(entry, detail)
        if entry.address.startswith("@"):  # a catch-all: the mailbox it names takes its place
            return found.as_catch_all(address)
        return Alias(address, tuple(found.accounts.values()), tuple(found.remote.values()))


class _Expansion:
    """Walks aliases breadth first, each address once; so a loop ends where it began."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._seen: set[str] = set()
        self.accounts: dict[str, LocalAccount] = {}
        self.remote: dict[str, str] = {}

    async def follow(self, entry: AliasEntry, detail: str) -> None:
        targets = [*entry.targets]
        for _ in range(ALIAS_DEPTH):
            deeper: list[str] = []
            for target in targets:
                deeper.extend(await self._target(target, detail))
            targets = deeper
            if not targets:
                return

    async def _target(self, target: str, detail: str) -> tuple[str, ...]:
        """Take one address in; what it stands for, if it is an alias itself."""
        store = self._directory.store
        local, domain_name = addresses.split_address(target)
        name = addresses.normal_domain(domain_name)
        domain = await store.domain(name)
        seen = addresses.key_of(local, domain) if domain is not None else f"{local}@{name}"
        if seen in self._seen or len(self._seen) >= ALIAS_RECIPIENTS:
            return ()
        self._seen.add(seen)
        if domain is None:
            self.remote[seen] = target
            return ()
        entry, own_detail = await self._directory._entry(local, domain)
        if entry is None:
            entry = await self._directory._fallback(local, domain)
        if isinstance(entry, AliasEntry):
            return entry.targets
        if entry is not None and entry.enabled:
            self.accounts.setdefault(entry.id, LocalAccount(entry, own_detail or detail))
        return ()

    def as_catch_all(self, address: str) -> Resolution:
        if len(self.accounts) == 1 and not self.remote:
            return next(iter(self.accounts.values()))
        if not self.accounts and not self.remote:
            return Unknown(address)
        return Alias(address, tuple(self.accounts.values()), tuple(self.remote.values()))
