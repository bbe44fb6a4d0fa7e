"""What a list lets whom do, and that the directory never knows too little of it."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.accounts.directory import Directory
from correo.base.errors import NotFound
from correo.mailbox.sharing import Sharing, rights_in
from correo.store.api import AccountStore
from correo.store.directory import (
    Account,
    AddressKey,
    Credentials,
    DirectoryStore,
    Domain,
    NewAccount,
)
from correo.store.memory.directory import MemoryDirectory
from correo.store.memory.store import MemoryStore
from correo.store.model import INBOX, AccountId, RightsMode
from correo.store.rights import ALL
from correo.testing.clock import FakeClock

ANA, BOB, EVA = AccountId("ana"), AccountId("bob"), AccountId("eva")

CASES = [
    # id, list, rights of Bob
    ("nobody", {}, ""),
    ("somebody else", {"eva": "lr"}, ""),
    ("himself", {"bob": "lr"}, "lr"),
    ("anyone", {"anyone": "l"}, "l"),
    ("both", {"anyone": "lp", "bob": "lr"}, "lrp"),
    ("less what is taken", {"anyone": "lr", "bob": "sw", "-bob": "rw"}, "ls"),
    ("less what is taken from anyone", {"bob": "lr", "-anyone": "r"}, "l"),
    ("only taken", {"-bob": "l"}, ""),
]


@pytest.mark.parametrize(("acl", "rights"), [pytest.param(a, r, id=i) for i, a, r in CASES])
def test_rights_are_what_is_granted_less_what_is_taken(acl: dict[str, str], rights: str) -> None:
    assert rights_in(acl, BOB) == rights


@given(st.dictionaries(st.sampled_from(["bob", "-bob", "anyone", "-anyone", "eva"]), st.text(ALL)))
def test_what_is_taken_is_never_had(acl: dict[str, str]) -> None:
    rights = rights_in(acl, BOB)
    assert set(rights).isdisjoint(acl.get("-bob", "") + acl.get("-anyone", ""))
    assert set(rights) <= {*acl.get("bob", ""), *acl.get("anyone", "")}


@dataclass
class Scene:
    directory: MemoryDirectory
    store: MemoryStore
    sharing: Sharing
    mail: AccountStore


def run(scenario: Callable[[Scene], Awaitable[None]]) -> None:
    async def main() -> None:
        directory, store = MemoryDirectory(), MemoryStore(FakeClock())
        await directory.add_domain(Domain("correo.test"))
        for name in (ANA, BOB, EVA):
            await add(directory, name, f"{name}@correo.test")
            await store.create(name)
        sharing = Sharing(store, Directory(directory))
        await scenario(Scene(directory, store, sharing, await store.open(ANA)))

    asyncio.run(main())


async def add(directory: MemoryDirectory, identifier: AccountId, address: str) -> None:
    account, key = Account(identifier, address), AddressKey(address.lower())
    await directory.add_accounts([NewAccount(account, key, "correo.test", Credentials())])


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("anyone", "anyone"),
        ("-anyone", "-anyone"),
        ("bob@correo.test", "bob"),
        ("Bob@CORREO.test", "bob"),
        ("bob", "bob"),
        ("-bob@correo.test", "-bob"),
        ("b\u00adob@correo.test", "bob"),  # SASLprep maps a soft hyphen to nothing
    ],
)
def test_an_identifier_is_an_account_or_anyone(text: str, identifier: str) -> None:
    async def scenario(scene: Scene) -> None:
        assert await scene.sharing.identifier(text) == identifier

    run(scenario)


@pytest.mark.parametrize(
    "text", ["nobody@correo.test", "bob@other.example", "bob+x@correo.test", "--bob", "$group", "@"]
)
def test_what_names_no_account_is_no_identifier(text: str) -> None:
    async def scenario(scene: Scene) -> None:
        with pytest.raises(NotFound):
            await scene.sharing.identifier(text)

    run(scenario)


def test_the_directory_knows_who_has_been_granted_anything() -> None:
    async def scenario(scene: Scene) -> None:
        change, owners = scene.sharing.change, scene.sharing.owners
        sent = (await scene.mail.mailbox("Sent")).id
        await change(scene.mail, INBOX, BOB, RightsMode.REPLACE, "lr")
        await change(scene.mail, sent, BOB, RightsMode.REPLACE, "l")
        await change(scene.mail, sent, "-eva", RightsMode.REPLACE, "l")
        assert [each.id for each in await owners(BOB)] == [ANA]
        assert await owners(EVA) == []
        await change(scene.mail, INBOX, BOB, RightsMode.REMOVE, "lr")
        assert [each.id for each in await owners(BOB)] == [ANA]
        await scene.mail.delete_mailbox("Sent")
        await scene.sharing.note(scene.mail)
        assert await owners(BOB) == []

    run(scenario)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([BOB, EVA, "anyone", "-bob"]),
            st.sampled_from(list(RightsMode)),
            st.sampled_from(["", "l", "lr"]),
        ),
        max_size=12,
    )
)
def test_changes_at_once_leave_the_directory_as_the_lists_are(
    changes: list[tuple[str, RightsMode, str]],
) -> None:
    async def scenario(scene: Scene) -> None:
        slow = cast("AccountStore", Interleaved(scene.mail))
        await asyncio.gather(*(scene.sharing.change(slow, INBOX, *each) for each in changes))
        granted = {each for each in await scene.mail.acl(INBOX) if not each.startswith("-")}
        assert await scene.directory.grantees(ANA) == granted

    run(scenario)


@pytest.mark.parametrize("calls", range(8))
@pytest.mark.parametrize("rights", ["lr", ""])
def test_a_crash_at_any_point_leaves_the_directory_with_no_less_than_the_lists(
    rights: str, calls: int
) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.sharing.change(scene.mail, INBOX, EVA, RightsMode.REPLACE, "l")
        if not rights:
            await scene.sharing.change(scene.mail, INBOX, BOB, RightsMode.REPLACE, "lr")
        left = itertools.count(calls, -1)
        mail = cast("AccountStore", Doomed(scene.mail, left))
        directory = cast("DirectoryStore", Doomed(scene.directory, left))
        doomed = Sharing(scene.store, Directory(directory))
        with suppress(PowerCut):
            await doomed.change(mail, INBOX, BOB, RightsMode.REPLACE, rights)
        granted = set(await scene.mail.acl(INBOX))
        assert granted <= await scene.directory.grantees(ANA)
        await scene.sharing.note(scene.mail)
        assert granted == await scene.directory.grantees(ANA)

    run(scenario)


class PowerCut(Exception):
    """From here on nothing is done."""


class Doomed:
    """Does what it is asked for as long as there are calls left."""

    def __init__(self, inside: object, left: Iterator[int]) -> None:
        self._inside = inside
        self._left = left

    def __getattr__(self, name: str) -> object:
        call = getattr(self._inside, name)
        if not callable(call):
            return call

        async def counted(*arguments: object) -> object:
            if next(self._left) <= 0:
                raise PowerCut
            return await call(*arguments)

        return counted


class Interleaved:
    """An account whose lists are read and changed while others get their turn."""

    def __init__(self, mail: AccountStore) -> None:
        self._mail = mail

    def __getattr__(self, name: str) -> object:
        call = getattr(self._mail, name)
        if name not in ("acls", "change_acl"):
            return call

        async def slowly(*arguments: object) -> object:
            await asyncio.sleep(0)
            answer = await call(*arguments)
            await asyncio.sleep(0)
            return answer

        return slowly


def test_an_account_that_is_forgotten_is_in_no_list() -> None:
    async def scenario(scene: Scene) -> None:
        for identifier in (BOB, "-bob", EVA):
            await scene.sharing.change(scene.mail, INBOX, identifier, RightsMode.REPLACE, "lr")
        await scene.sharing.forget(BOB)
        await scene.directory.remove_account(BOB)
        assert await scene.mail.acl(INBOX) == {EVA: "lr"}

    run(scenario)


def test_a_new_account_with_the_address_of_a_removed_one_inherits_nothing() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.sharing.change(scene.mail, INBOX, BOB, RightsMode.REPLACE, "lr")
        await scene.directory.remove_account(BOB)  # by somebody who forgot to tell the lists
        await add(scene.directory, AccountId("other"), "bob@correo.test")
        assert await scene.sharing.owners(AccountId("other")) == []
        assert await scene.sharing.named(await scene.mail.acl(INBOX)) == {}
        with pytest.raises(NotFound):
            await scene.sharing.share_of(AccountId("other"), "ana@correo.test")

    run(scenario)
