"""Make, change and remove domains, accounts and aliases: what the command line asks for.

Each change is durable on return and holds at the next look-up of every process; nothing has to
be restarted. Addresses may be given in any spelling.

RFC 5321    4.5.3.1  sizes of local part and domain
RFC 5322    3.2.3    an account's local part is a dot-atom, so that nobody has to quote it
RFC 6531    3.3      ... of UTF-8, where the account's owner wants that
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from correo.accounts import address as addresses
from correo.accounts.passwords import Passwords, is_password_hash, prepared
from correo.accounts.secrets import seal
from correo.base.clock import Clock
from correo.base.errors import AlreadyExists, NotFound, Refusal
from correo.store.directory import (
    Account,
    AddressKey,
    AliasEntry,
    Credentials,
    DirectoryStore,
    Domain,
    LocalPartCase,
    NewAccount,
)
from correo.store.model import AccountId

__all__ = ["AccountRequest", "Administration", "read_account_requests"]

LONGEST_LOCAL_PART = 64  # octets (RFC 5321 4.5.3.1.1)
ID_SIZE = 10  # octets; with 80 random bits, a million accounts meet once in 10^12 nodes
DOT_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
SEPARATORS = frozenset("+-_.=#")


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """An account to be made: with a password, or with an argon2 hash of one."""

    address: str
    password: str
    quota: int = 0


class Administration:
    """One per command or process.

    Args:
        passwords: where hashing is done; closed by whoever made it.
        make_home: makes the mailboxes of new accounts, before the directory names them, so that
            whoever finds the account finds its mailboxes too.
    """

    def __init__(
        self,
        store: DirectoryStore,
        clock: Clock,
        passwords: Passwords,
        make_home: Callable[[AccountId], Awaitable[object]] | None = None,
    ) -> None:
        self._make_home = make_home
        self._store = store
        self._clock = clock
        self._passwords = passwords

    # domains

    async def add_domain(
        self,
        name: str,
        *,
        local_part_case: LocalPartCase = LocalPartCase.IGNORED,
        separator: str = "+",
        catch_all: str = "",
    ) -> Domain:
        """Raises AlreadyExists; Refusal if it is no domain name."""
        check_separator(separator)
        await self._check_target(catch_all)
        domain = Domain(addresses.normal_domain(name), local_part_case, separator, catch_all)
        await self._store.add_domain(domain)
        return domain

    async def ensure_domain(self, name: str) -> Domain:
        """The domain, added as `add_domain` does by default if it was missing."""
        normal = addresses.normal_domain(name)
        return await self._store.domain(normal) or await self.add_domain(normal)

    async def change_domain(
        self, name: str, *, separator: str | None = None, catch_all: str | None = None
    ) -> Domain:
        """Change what is given; "" takes the separator or the catch-all away. Raises NotFound.

        The case rule is chosen when the domain is added: it is part of every address's key.
        """
        domain = await self._domain(name)
        if separator is not None:
            check_separator(separator)
            domain = replace(domain, separator=separator)
        if catch_all is not None:
            await self._check_target(catch_all)
            domain = replace(domain, catch_all=catch_all)
        await self._store.change_domain(domain)
        return domain

    async def remove_domain(self, name: str) -> None:
        """Raises NotFound; AlreadyExists while it has accounts."""
        await self._store.remove_domain(addresses.normal_domain(name))

    async def domains(self) -> list[Domain]:
        return await self._store.domains()

    # accounts

    async def add_account(self, address: str, password: str, *, quota: int = 0) -> Account:
        """Raises AlreadyExists; NotFound if the domain is not ours; Refusal for a bad address or
        password."""
        return (await self.add_many([AccountRequest(address, password, quota)]))[0]

    async def add_many(
        self, requests: Sequence[AccountRequest], *, done: Callable[[], None] | None = None
    ) -> list[Account]:
        """Make accounts, all or none, in the order given; `done` is called after each hashing.

        Raises as `add_account`, before anything is hashed where that can be known.
        """
        drafts = [await self._draft(request) for request in requests]
        await self._check_free(drafts)
        secrets_of = await self._credentials(requests, done)
        batch = [
            replace(draft, credentials=each) for draft, each in zip(drafts, secrets_of, strict=True)
        ]
        if self._make_home is not None:
            for each in batch:
                await self._make_home(each.account.id)
        await self._store.add_accounts(batch)
        return [new.account for new in batch]

    async def accounts(self, domain: str | None = None) -> list[Account]:
        """Of one domain, or all. Raises NotFound if the domain is not ours."""
        return await self._store.accounts(None if domain is None else await self._name(domain))

    async def find(self, address: str) -> Account:
        """Raises NotFound."""
        domain = await self._domain(addresses.domain_of(address))
        entry = await self._store.entry(
            addresses.key_of(addresses.split_address(address)[0], domain)
        )
        if not isinstance(entry, Account):
            raise NotFound(f"there is no account {addresses.printable(address)}")
        return entry

    async def set_password(self, address: str, password: str) -> None:
        """Logins with the old password fail from now on, in every process. Raises NotFound."""
        account, old = await self._credentials_of(address)
        made = (await self._credentials([AccountRequest(address, password)], None))[0]
        await self._store.set_credentials(account.id, replace(made, apop_secret=old.apop_secret))

    async def set_apop(self, address: str, secret: str | None) -> None:
        """Opt in to APOP with a secret of its own, or out of it with None. Raises NotFound."""
        account, old = await self._credentials_of(address)
        sealed = b""
        if secret is not None:
            sealed = seal(self._store.node_key(), account.id, prepared(secret))
        await self._store.set_credentials(account.id, replace(old, apop_secret=sealed))

    async def set_quota(self, address: str, quota: int) -> None:
        """Octets, 0 for no limit. Raises NotFound."""
        await self._store.set_quota((await self.find(address)).id, quota)

    async def set_enabled(self, address: str, *, enabled: bool) -> None:
        """Raises NotFound."""
        await self._store.set_enabled((await self.find(address)).id, enabled=enabled)

    async def remove_account(self, address: str) -> Account:
        """The account as it was; its mail is removed by the caller. Raises NotFound."""
        account = await self.find(address)
        await self._store.remove_account(account.id)
        return account

    # aliases

    async def add_alias(self, address: str, targets: Sequence[str]) -> AliasEntry:
        """Make an alias, or add to it. Raises AlreadyExists if an account has the address."""
        key, domain, shown = await self._alias_key(address)
        existing = await self._store.entry(key)
        before = existing.targets if isinstance(existing, AliasEntry) else ()
        entry = AliasEntry(shown, tuple(dict.fromkeys((*before, *targets))))
        for target in targets:
            await self._check_target(target)
        if not entry.targets:
            raise Refusal("5.1.3", f"the alias {shown} needs an address to stand for")
        await self._store.set_alias(key, domain.name, entry)
        return entry

    async def remove_alias(self, address: str, targets: Sequence[str] = ()) -> None:
        """Take these targets out of an alias; all of it if none is given or left.

        Raises NotFound.
        """
        key, domain, shown = await self._alias_key(address)
        existing = await self._store.entry(key)
        if not isinstance(existing, AliasEntry):
            raise NotFound(f"there is no alias {addresses.printable(address)}")
        gone = {target.lower() for target in targets}
        missing = gone - {target.lower() for target in existing.targets}
        if missing:
            raise NotFound(f"{shown} does not stand for {', '.join(sorted(missing))}")
        left = tuple(each for each in existing.targets if gone and each.lower() not in gone)
        if left:
            await self._store.set_alias(key, domain.name, AliasEntry(existing.address, left))
        else:
            await self._store.remove_alias(key)

    async def aliases(self, domain: str | None = None) -> list[AliasEntry]:
        """Of one domain, or all. Raises NotFound if the domain is not ours."""
        return await self._store.aliases(None if domain is None else await self._name(domain))

    # inside

    async def _domain(self, name: str) -> Domain:
        normal = addresses.normal_domain(name)
        domain = await self._store.domain(normal)
        if domain is None:
            raise NotFound(f"{normal} is not a domain here; add it first")
        return domain

    async def _name(self, domain: str) -> str:
        return (await self._domain(domain)).name

    async def _draft(self, request: AccountRequest) -> NewAccount:
        local, _ = addresses.split_address(request.address)
        domain = await self._domain(addresses.domain_of(request.address))
        check_local_part(local, request.address)
        if request.quota < 0:
            raise Refusal("5.5.4", f"the quota of {request.address} is below zero")
        account = Account(
            AccountId(secrets.token_hex(ID_SIZE)),
            f"{local}@{domain.name}",
            quota=request.quota,
            created=int(self._clock.now()),
        )
        return NewAccount(account, addresses.key_of(local, domain), domain.name, Credentials())

    async def _check_free(self, drafts: Sequence[NewAccount]) -> None:
        """Find a taken address before time is spent on hashing; `add_accounts` looks again."""
        seen: set[AddressKey] = set()
        for draft in drafts:
            if draft.key in seen or await self._store.entry(draft.key) is not None:
                raise AlreadyExists(f"{draft.account.address} is taken")
            seen.add(draft.key)

    async def _credentials(
        self, requests: Sequence[AccountRequest], done: Callable[[], None] | None
    ) -> list[Credentials]:
        clear = [each.password for each in requests if not is_password_hash(each.password)]
        made = iter(await self._passwords.make_many(clear, done=done))
        return [
            Credentials(each.password) if is_password_hash(each.password) else next(made)
            for each in requests
        ]

    async def _credentials_of(self, address: str) -> tuple[Account, Credentials]:
        account = await self.find(address)
        domain = await self._domain(addresses.domain_of(address))
        found = await self._store.credentials(
            addresses.key_of(addresses.split_address(address)[0], domain)
        )
        if found is None:
            raise NotFound(f"there is no account {account.address}")
        return found

    async def _alias_key(self, address: str) -> tuple[AddressKey, Domain, str]:
        local, _ = addresses.split_address(address)
        domain = await self._domain(addresses.domain_of(address))
        check_local_part(local, address)
        return addresses.key_of(local, domain), domain, f"{local}@{domain.name}"

    async def _check_target(self, target: str) -> None:
        """An alias's target or a catch-all must be an address; it need not exist yet."""
        if not target:
            return
        local, domain = addresses.split_address(target)
        addresses.normal_domain(domain)
        if not local or not local.isprintable():
            raise Refusal("5.1.3", f"{addresses.printable(target)} is not an address")


def read_account_requests(lines: Iterable[str], *, quota: int = 0) -> list[AccountRequest]:
    """Read `address:password` lines; empty ones and those that begin with "#" are left out.

    The password may be an argon2 hash ("$argon2id$..."), as other servers keep it.

    Raises:
        Refusal: a line is neither; the text says which.
    """
    requests = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        address, colon, password = text.partition(":")
        if not colon or not password or "@" not in address:
            raise Refusal("5.5.2", f"line {number} is not ADDRESS:PASSWORD")
        requests.append(AccountRequest(address.strip(), password, quota))
    return requests


def check_local_part(local: str, address: str) -> None:
    if not DOT_ATOM.fullmatch(local) or len(local.encode()) > LONGEST_LOCAL_PART:
        raise Refusal("5.1.3", f"{addresses.printable(address)} cannot be an account's address")


def check_separator(separator: str) -> None:
    if separator and separator not in SEPARATORS:
        raise Refusal("5.5.4", f"the separator must be one of {' '.join(sorted(SEPARATORS))}")
