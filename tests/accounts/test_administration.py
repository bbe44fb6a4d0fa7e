"""Domains, accounts and aliases as the command line changes them."""

import asyncio

import pytest
from tests.accounts.conftest import Office

from correo.accounts.administration import AccountRequest, read_account_requests
from correo.accounts.passwords import is_password_hash
from correo.base.errors import AlreadyExists, NotFound, Refusal


def test_an_account_needs_its_domain_first(office: Office) -> None:
    with pytest.raises(NotFound, match=r"correo\.example is not a domain here; add it first"):
        asyncio.run(office.administration.add_account("ana@correo.example", "x"))


def test_an_address_is_given_once_in_whatever_spelling(peopled: Office) -> None:
    with pytest.raises(AlreadyExists, match=r"ANA@correo\.example is taken"):
        asyncio.run(peopled.administration.add_account("ANA@correo.example", "x"))


BAD = [
    ("empty password", "eva@correo.example", "", "password is empty"),
    ("control character", "eva@correo.example", "a\nb", "cannot be used"),
    ("endless password", "eva@correo.example", "x" * 1025, "longer than 1024"),
    ("space", "e va@correo.example", "x", "cannot be an account's address"),
    ("two dots", "e..va@correo.example", "x", "cannot be an account's address"),
    ("no local part", "@correo.example", "x", "cannot be an account's address"),
    ("long local part", "e" * 65 + "@correo.example", "x", "cannot be an account's address"),
    ("no domain", "eva", "x", "not a domain name"),
]


@pytest.mark.parametrize(
    ("address", "password", "words"), [pytest.param(*c[1:], id=c[0]) for c in BAD]
)
def test_a_bad_address_or_password_is_refused_in_words(
    peopled: Office, address: str, password: str, words: str
) -> None:
    with pytest.raises(Refusal, match=words):
        asyncio.run(peopled.administration.add_account(address, password))


def test_many_accounts_are_made_all_or_none_and_counted(peopled: Office) -> None:
    done: list[None] = []
    batch = [AccountRequest(f"user{n}@correo.example", f"password {n}") for n in range(20)]

    async def add() -> None:
        with pytest.raises(AlreadyExists):
            await peopled.administration.add_many(
                [*batch, AccountRequest("bob@correo.example", "x")]
            )
        assert len(await peopled.administration.accounts()) == 2
        with pytest.raises(AlreadyExists):
            await peopled.administration.add_many([*batch, batch[0]])
        made = await peopled.administration.add_many(batch, done=lambda: done.append(None))
        assert [each.address for each in made] == [each.address for each in batch]
        await peopled.authenticator.check_password("user7", "password 7", "192.0.2.1")

    asyncio.run(add())
    assert len(done) == 20


def test_a_file_of_accounts_has_one_per_line() -> None:
    hashed = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" + "A" * 43
    lines = ["# people\n", "\n", "ana@correo.example:a:b c\n", f"bob@correo.example:{hashed}\n"]
    assert read_account_requests(lines, quota=5) == [
        AccountRequest("ana@correo.example", "a:b c", 5),
        AccountRequest("bob@correo.example", hashed, 5),
    ]
    assert is_password_hash(hashed)
    assert not is_password_hash("$argon2id$ is my password")


@pytest.mark.parametrize("line", ["ana@correo.example", "ana@correo.example:", "ana:secret"])
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(Refusal, match="line 2 is not ADDRESS:PASSWORD"):
        read_account_requests(["# first", line])


def test_aliases_grow_and_shrink_by_targets(peopled: Office) -> None:
    async def change() -> None:
        office = peopled.administration
        await office.add_alias("info@correo.example", ["ana@correo.example"])
        await office.add_alias("Info@correo.example", ["x@far.example", "ana@correo.example"])
        assert (await office.aliases())[0].targets == ("ana@correo.example", "x@far.example")
        await office.remove_alias("info@correo.example", ["X@far.example"])
        assert (await office.aliases("correo.example"))[0].targets == ("ana@correo.example",)
        with pytest.raises(NotFound):
            await office.remove_alias("info@correo.example", ["nobody@far.example"])
        await office.remove_alias("info@correo.example", ["ana@correo.example"])
        assert await office.aliases() == []
        with pytest.raises(NotFound):
            await office.remove_alias("info@correo.example")

    asyncio.run(change())


@pytest.mark.parametrize("target", ["nowhere", "a@b c", "@x.example"])
def test_an_alias_stands_for_addresses_only(peopled: Office, target: str) -> None:
    with pytest.raises(Refusal):
        asyncio.run(peopled.administration.add_alias("info@correo.example", [target]))


def test_an_alias_cannot_take_an_accounts_address(peopled: Office) -> None:
    with pytest.raises(AlreadyExists):
        asyncio.run(peopled.administration.add_alias("ana@correo.example", ["x@far.example"]))


def test_domains_are_made_once_and_changed_by_what_is_given(office: Office) -> None:
    async def change() -> None:
        administration = office.administration
        made = await administration.ensure_domain("Correo.Example")
        assert await administration.ensure_domain("correo.example") == made
        changed = await administration.change_domain("correo.example", separator="-")
        assert (changed.separator, changed.catch_all) == ("-", "")
        with pytest.raises(Refusal):
            await administration.change_domain("correo.example", separator="ab")
        with pytest.raises(NotFound):
            await administration.change_domain("other.example", separator="-")
        await administration.remove_domain("CORREO.example")
        assert await administration.domains() == []

    asyncio.run(change())


def test_a_removed_account_is_handed_back_so_that_its_mail_can_go_too(peopled: Office) -> None:
    async def remove() -> None:
        found = await peopled.administration.find("ana@correo.example")
        assert await peopled.administration.remove_account("Ana@correo.example") == found
        with pytest.raises(NotFound, match=r"there is no account ana@correo\.example"):
            await peopled.administration.remove_account("ana@correo.example")

    asyncio.run(remove())


def test_quotas_are_kept(peopled: Office) -> None:
    async def change() -> int:
        await peopled.administration.set_quota("ana@correo.example", 10_000)
        return (await peopled.administration.find("ana@correo.example")).quota

    assert asyncio.run(change()) == 10_000
