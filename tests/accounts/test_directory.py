"""Whose mailbox an address is."""

import asyncio

import pytest
from tests.accounts.conftest import Office

from correo.accounts.directory import (
    Alias,
    Disabled,
    LocalAccount,
    NotLocal,
    Resolution,
    Unknown,
)
from correo.base.errors import Refusal


def resolve(office: Office, address: str) -> Resolution:
    return asyncio.run(office.directory.resolve(address))


def addresses(resolution: Resolution) -> tuple[set[str], set[str]]:
    """The accounts and the remote addresses mail would go to."""
    if isinstance(resolution, LocalAccount):
        return {resolution.account.address}, set()
    assert isinstance(resolution, Alias)
    return {each.account.address for each in resolution.accounts}, set(resolution.remote)


OWN = [
    ("as written", "ana@correo.example", ""),
    ("other case", "ANA@Correo.Example", ""),
    ("quoted", '"ana"@correo.example', ""),
    ("subaddress", "Ana+Lists@correo.example", "Lists"),
    ("final dot", "ana@correo.example.", ""),
]


@pytest.mark.parametrize(("address", "detail"), [pytest.param(*c[1:], id=c[0]) for c in OWN])
def test_every_spelling_of_an_address_is_its_account(
    peopled: Office, address: str, detail: str
) -> None:
    found = resolve(peopled, address)
    assert isinstance(found, LocalAccount)
    assert (found.account.address, found.detail) == ("ana@correo.example", detail)


def test_other_domains_are_not_local_and_other_names_unknown(peopled: Office) -> None:
    assert resolve(peopled, "ana@other.example") == NotLocal("ana@other.example", "other.example")
    assert resolve(peopled, "eva@correo.example") == Unknown("eva@correo.example")


@pytest.mark.parametrize("address", ["ana", "ana@", "", "ana@a b"])
def test_an_address_without_a_possible_domain_is_refused(peopled: Office, address: str) -> None:
    with pytest.raises(Refusal, match=r"^5\.1\."):
        resolve(peopled, address)


def test_a_disabled_account_takes_no_mail(peopled: Office) -> None:
    asyncio.run(peopled.administration.set_enabled("ana@correo.example", enabled=False))
    assert resolve(peopled, "ana@correo.example") == Disabled("ana@correo.example")


def test_an_address_that_looks_like_a_subaddress_may_be_an_account(peopled: Office) -> None:
    asyncio.run(peopled.administration.add_account("ana+work@correo.example", "secret"))
    found = resolve(peopled, "ana+work@correo.example")
    assert addresses(found) == ({"ana+work@correo.example"}, set())


def test_an_alias_is_expanded_to_the_end_each_recipient_once(peopled: Office) -> None:
    async def aliases() -> None:
        add = peopled.administration.add_alias
        await add("all@correo.example", ["staff@correo.example", "Ana@correo.example"])
        await add(
            "staff@correo.example", ["ana@correo.example", "bob@correo.example", "x@far.example"]
        )

    asyncio.run(aliases())
    found = resolve(peopled, "all@correo.example")
    assert addresses(found) == ({"ana@correo.example", "bob@correo.example"}, {"x@far.example"})
    assert isinstance(found, Alias)
    assert len(found.accounts) == 2


def test_a_loop_of_aliases_ends_where_it_began(peopled: Office) -> None:
    async def aliases() -> None:
        add = peopled.administration.add_alias
        await add("a@correo.example", ["b@correo.example"])
        await add("b@correo.example", ["a@correo.example", "bob@correo.example"])

    asyncio.run(aliases())
    assert addresses(resolve(peopled, "a@correo.example")) == ({"bob@correo.example"}, set())


def test_an_alias_of_nobody_leads_nowhere(peopled: Office) -> None:
    asyncio.run(peopled.administration.add_alias("x@correo.example", ["gone@correo.example"]))
    assert addresses(resolve(peopled, "x@correo.example")) == (set(), set())


def test_the_detail_of_an_aliased_address_reaches_the_account(peopled: Office) -> None:
    asyncio.run(peopled.administration.add_alias("info@correo.example", ["ana@correo.example"]))
    found = resolve(peopled, "info+ticket@correo.example")
    assert isinstance(found, Alias)
    assert found.accounts[0].detail == "ticket"


def test_a_catch_all_gets_what_nobody_else_has(peopled: Office) -> None:
    asyncio.run(
        peopled.administration.change_domain("correo.example", catch_all="bob@correo.example")
    )
    assert addresses(resolve(peopled, "who@correo.example")) == ({"bob@correo.example"}, set())
    assert addresses(resolve(peopled, "ana@correo.example")) == ({"ana@correo.example"}, set())


def test_a_catch_all_may_be_elsewhere(peopled: Office) -> None:
    asyncio.run(peopled.administration.change_domain("correo.example", catch_all="x@far.example"))
    assert addresses(resolve(peopled, "who@correo.example")) == (set(), {"x@far.example"})


def test_a_catch_all_that_names_nobody_leaves_the_unknown_unknown(peopled: Office) -> None:
    asyncio.run(
        peopled.administration.change_domain("correo.example", catch_all="gone@correo.example")
    )
    assert resolve(peopled, "who@correo.example") == Unknown("who@correo.example")


@pytest.mark.parametrize(
    "address", ["postmaster@correo.example", "Postmaster", "POSTMASTER@correo.example"]
)
def test_postmaster_is_the_first_account_unless_somebody_is_named(
    peopled: Office, address: str
) -> None:
    assert addresses(resolve(peopled, address)) == ({"ana@correo.example"}, set())
    asyncio.run(
        peopled.administration.add_alias("postmaster@correo.example", ["bob@correo.example"])
    )
    assert addresses(resolve(peopled, address)) == ({"bob@correo.example"}, set())


def test_postmaster_is_somebody_where_the_catch_all_is_gone_or_nobody_has_an_account(
    peopled: Office,
) -> None:
    asyncio.run(
        peopled.administration.change_domain("correo.example", catch_all="gone@correo.example")
    )
    asyncio.run(peopled.administration.add_domain("empty.example"))
    for address in ["postmaster", "postmaster@correo.example", "postmaster@empty.example"]:
        assert addresses(resolve(peopled, address)) == ({"ana@correo.example"}, set())


def test_a_domain_may_tell_case_apart(office: Office) -> None:
    from correo.store.directory import LocalPartCase

    async def fill() -> None:
        await office.administration.add_domain("x.example", local_part_case=LocalPartCase.EXACT)
        await office.administration.add_account("Ana@x.example", "one")
        await office.administration.add_account("ana@x.example", "two")

    asyncio.run(fill())
    assert addresses(resolve(office, "Ana@x.example")) == ({"Ana@x.example"}, set())
    assert resolve(office, "ANA@x.example") == Unknown("ANA@x.example")


SENDERS = [
    ("own address", "ana@correo.example", True),
    ("own subaddress", "ana+shop@correo.example", True),
    ("alias that leads there", "info@correo.example", True),
    ("somebody else's", "bob@correo.example", False),
    ("nobody's", "eva@correo.example", False),
    ("another domain's", "ana@other.example", False),
    ("none", "", False),
    ("no domain", "ana", False),
]


@pytest.mark.parametrize(("address", "allowed"), [pytest.param(*c[1:], id=c[0]) for c in SENDERS])
def test_an_account_sends_only_as_itself(peopled: Office, address: str, allowed: bool) -> None:
    async def ask() -> bool:
        await peopled.administration.add_alias("info@correo.example", ["ana@correo.example"])
        ana = await peopled.administration.find("ana@correo.example")
        return await peopled.directory.may_send_as(ana, address)

    assert asyncio.run(ask()) is allowed


def test_a_local_part_alone_logs_in_only_while_there_is_one_domain(peopled: Office) -> None:
    async def ask() -> None:
        found = await peopled.directory.account_for_login("ana")
        assert found is not None
        await peopled.administration.add_domain("other.example")
        assert await peopled.directory.account_for_login("ana") is None
        assert await peopled.directory.account_for_login("ana@correo.example") == found
        assert await peopled.directory.account_for_login("ana@b ad") is None

    asyncio.run(ask())
