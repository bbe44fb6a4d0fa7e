"""What every `DirectoryStore` must do; a backend's tests subclass this and say how to make one."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from correo.base.errors import AlreadyExists, NotFound
from correo.store.directory import (
    ANYONE,
    Account,
    AddressKey,
    AliasEntry,
    Credentials,
    DirectoryStore,
    Domain,
    LocalPartCase,
    NewAccount,
    ScramVerifier,
)
from correo.store.model import AccountId

__all__ = ["DirectoryContract", "new_account"]

Scenario = Callable[[DirectoryStore], Awaitable[None]]

EXAMPLE = Domain("correo.example")
VERIFIER = ScramVerifier(b"salt\x00\xff", 10_000, b"\x01" * 20, b"\x02" * 20)
SECRETS = Credentials("$argon2id$one", VERIFIER, None, b"sealed")


def new_account(
    address: str, *, number: int = 1, credentials: Credentials | None = None
) -> NewAccount:
    """An account in the domain its address names, with an id made from the number."""
    account = Account(AccountId(f"id-{number}"), address, created=1_700_000_000)
    return NewAccount(
        account,
        AddressKey(address.lower()),
        address.rpartition("@")[2],
        credentials or Credentials(),
    )


class DirectoryContract:
    """Subclass it, with `run` that makes an empty directory and gives it to the scenario."""

    def run(self, scenario: Scenario) -> None:
        raise NotImplementedError

    def run_with_domain(self, scenario: Scenario) -> None:
        async def prepared(store: DirectoryStore) -> None:
            await store.add_domain(EXAMPLE)
            await scenario(store)

        self.run(prepared)

    # domains

    def test_an_empty_directory_knows_nobody(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            assert await store.domains() == []
            assert await store.domain("correo.example") is None
            assert await store.entry(AddressKey("ana@correo.example")) is None
            assert await store.credentials(AddressKey("ana@correo.example")) is None
            assert await store.version(AccountId("id-1")) == 0
            assert await store.first_account("correo.example") is None

        self.run(scenario)

    def test_domains_come_back_as_given_in_the_order_they_were_added(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            given = [
                Domain("z.example", LocalPartCase.EXACT, "-", "ana@z.example"),
                Domain("a.example", separator=""),
            ]
            for domain in given:
                await store.add_domain(domain)
            assert await store.domains() == given
            assert await store.domain("z.example") == given[0]

        self.run(scenario)

    def test_a_domain_is_added_once(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            with pytest.raises(AlreadyExists):
                await store.add_domain(EXAMPLE)

        self.run_with_domain(scenario)

    def test_a_domain_is_changed_only_if_it_is_there(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            changed = replace(EXAMPLE, catch_all="ana@correo.example")
            await store.change_domain(changed)
            assert await store.domain(EXAMPLE.name) == changed
            with pytest.raises(NotFound):
                await store.change_domain(Domain("other.example"))

        self.run_with_domain(scenario)

    def test_a_domain_goes_with_its_aliases_but_not_with_its_accounts(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            key = AddressKey("info@correo.example")
            await store.set_alias(key, EXAMPLE.name, AliasEntry(key, ("x@y.example",)))
            await store.add_accounts([new_account("ana@correo.example")])
            with pytest.raises(AlreadyExists):
                await store.remove_domain(EXAMPLE.name)
            await store.remove_account(AccountId("id-1"))
            await store.remove_domain(EXAMPLE.name)
            assert await store.domain(EXAMPLE.name) is None
            assert await store.entry(key) is None
            with pytest.raises(NotFound):
                await store.remove_domain(EXAMPLE.name)

        self.run_with_domain(scenario)

    # accounts

    def test_an_account_and_its_credentials_come_back_as_given(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            new = new_account("Ana@correo.example", credentials=SECRETS)
            assert not await store.has_apop()
            await store.add_accounts([new])
            assert await store.has_apop()
            expected = replace(new.account, apop=True)
            assert await store.credentials(new.key) == (expected, SECRETS)
            assert await store.account(new.account.id) == expected
            assert await store.entry(new.key) == expected
            assert await store.version(new.account.id) == new.account.version

        self.run_with_domain(scenario)

    def test_a_batch_of_accounts_is_added_all_or_none(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            await store.add_accounts([new_account("ana@correo.example", number=1)])
            batch = [
                new_account("bob@correo.example", number=2),
                new_account("ana@correo.example", number=3),
            ]
            with pytest.raises(AlreadyExists, match=r"ana@correo\.example"):
                await store.add_accounts(batch)
            assert await store.entry(AddressKey("bob@correo.example")) is None
            stranger = new_account("eva@other.example", number=4)
            with pytest.raises(NotFound, match=r"other\.example"):
                await store.add_accounts([batch[0], stranger])
            assert await store.entry(AddressKey("bob@correo.example")) is None

        self.run_with_domain(scenario)

    def test_accounts_are_listed_in_the_order_they_were_added(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            await store.add_domain(Domain("other.example"))
            names = ["zoe@correo.example", "ana@correo.example", "eva@other.example"]
            await store.add_accounts([new_account(a, number=n) for n, a in enumerate(names)])
            assert [each.address for each in await store.accounts()] == names
            assert [each.address for each in await store.accounts("other.example")] == names[2:]

        self.run_with_domain(scenario)

    def test_the_first_account_is_the_oldest_that_is_enabled(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            names = ["zoe@correo.example", "ana@correo.example"]
            await store.add_accounts([new_account(a, number=n) for n, a in enumerate(names)])
            await store.set_enabled(AccountId("id-0"), enabled=False)
            found = await store.first_account(EXAMPLE.name)
            assert found is not None
            assert found.address == "ana@correo.example"

        self.run_with_domain(scenario)

    def test_every_change_of_an_account_raises_its_version(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            new = new_account("ana@correo.example")
            identifier = new.account.id
            await store.add_accounts([new])
            seen = [await store.version(identifier)]
            await store.set_quota(identifier, 5)
            seen.append(await store.version(identifier))
            await store.set_enabled(identifier, enabled=False)
            seen.append(await store.version(identifier))
            await store.set_credentials(identifier, SECRETS)
            seen.append(await store.version(identifier))
            assert seen == sorted(set(seen))
            account = await store.account(identifier)
            assert account is not None
            assert (account.quota, account.enabled, account.apop) == (5, False, True)
            assert account.version == seen[-1]

        self.run_with_domain(scenario)

    def test_a_removed_account_is_gone_and_its_address_is_free(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            await store.add_accounts([new_account("ana@correo.example")])
            await store.remove_account(AccountId("id-1"))
            assert await store.account(AccountId("id-1")) is None
            await store.add_accounts([new_account("ana@correo.example", number=2)])

        self.run_with_domain(scenario)

    def test_changing_an_account_that_is_not_there_is_not_found(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            nobody = AccountId("nobody")
            with pytest.raises(NotFound):
                await store.set_quota(nobody, 1)
            with pytest.raises(NotFound):
                await store.set_enabled(nobody, enabled=True)
            with pytest.raises(NotFound):
                await store.set_credentials(nobody, Credentials())
            with pytest.raises(NotFound):
                await store.remove_account(nobody)

        self.run_with_domain(scenario)

    # who shares with whom

    def test_sharers_are_those_who_let_an_account_or_anyone_do_something(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            names = [f"{name}@correo.example" for name in ("zoe", "ana", "bob")]
            await store.add_accounts([new_account(a, number=n) for n, a in enumerate(names)])
            zoe, ana, bob = (AccountId(f"id-{number}") for number in range(3))
            assert await store.sharers(bob) == []
            for _ in range(2):
                await store.add_grantee(zoe, bob)
                await store.add_grantee(ana, ANYONE)
                await store.add_grantee(AccountId("nobody"), bob)
            assert [each.address for each in await store.sharers(bob)] == [names[1], names[0]]
            assert [each.address for each in await store.sharers(zoe)] == [names[1]]
            assert await store.sharers(ana) == []
            assert await store.grantees(zoe) == {bob}
            await store.set_grantees(zoe, [ana, ANYONE])
            assert await store.grantees(zoe) == {ana, ANYONE}
            assert [each.address for each in await store.sharers(ana)] == [names[0]]
            await store.set_grantees(zoe, [])
            assert await store.sharers(ana) == []

        self.run_with_domain(scenario)

    def test_a_removed_account_shares_nothing_and_has_no_share(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            names = [f"{name}@correo.example" for name in ("ana", "bob")]
            await store.add_accounts([new_account(a, number=n) for n, a in enumerate(names)])
            ana, bob = AccountId("id-0"), AccountId("id-1")
            await store.add_grantee(ana, bob)
            await store.add_grantee(bob, ana)
            await store.remove_account(bob)
            assert await store.grantees(ana) == await store.grantees(bob) == set()
            assert await store.sharers(ana) == []

        self.run_with_domain(scenario)

    # aliases

    def test_an_alias_comes_back_as_given_and_can_be_replaced(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            key = AddressKey("info@correo.example")
            for targets in (("b@x.example", "a@x.example"), ("josé@x.example",)):
                alias = AliasEntry("Info@correo.example", targets)
                await store.set_alias(key, EXAMPLE.name, alias)
                assert await store.entry(key) == alias
                assert await store.aliases() == [alias]
                assert await store.aliases("other.example") == []
            await store.remove_alias(key)
            assert await store.entry(key) is None
            with pytest.raises(NotFound):
                await store.remove_alias(key)

        self.run_with_domain(scenario)

    def test_an_address_is_an_account_or_an_alias_but_not_both(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            ana, info = AddressKey("ana@correo.example"), AddressKey("info@correo.example")
            await store.add_accounts([new_account(ana)])
            await store.set_alias(info, EXAMPLE.name, AliasEntry(info, (ana,)))
            with pytest.raises(AlreadyExists):
                await store.set_alias(ana, EXAMPLE.name, AliasEntry(ana, (info,)))
            with pytest.raises(AlreadyExists):
                await store.add_accounts([new_account(info, number=2)])
            with pytest.raises(NotFound):
                await store.remove_alias(ana)
            with pytest.raises(NotFound):
                await store.set_alias(
                    AddressKey("a@b.example"), "b.example", AliasEntry("a@b.example", (ana,))
                )

        self.run_with_domain(scenario)

    def test_the_node_key_is_32_octets_and_stays_the_same(self) -> None:
        async def scenario(store: DirectoryStore) -> None:
            assert len(store.node_key()) == 32
            assert store.node_key() == store.node_key()

        self.run(scenario)
