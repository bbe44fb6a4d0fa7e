"""Who is let in, who is not, and how late they hear it."""

import asyncio
import hashlib

import pytest
from tests.accounts.conftest import Office

from correo.accounts.sasl import LoggedIn, SaslLogin
from correo.base.errors import AuthenticationFailed, CorreoError, Refusal
from correo.store.directory import Account, AddressKey
from correo.wire.sasl import client_mechanism, server_mechanism

PEER = "192.0.2.7"


def login(office: Office, name: str, password: str, peer: str = PEER) -> Account:
    return asyncio.run(office.authenticator.check_password(name, password, peer))


GOOD_NAMES = ["ana@correo.example", "ANA@correo.example", "ana", '"ana"@correo.example']


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_the_right_password_lets_its_account_in(peopled: Office, name: str) -> None:
    assert login(peopled, name, "correct horse").address == "ana@correo.example"


WRONG = [
    ("wrong password", "ana@correo.example", "Correct horse"),
    ("empty password", "ana@correo.example", ""),
    ("somebody else's password", "ana@correo.example", "battery staple"),
    ("unknown user", "eva@correo.example", "correct horse"),
    ("unknown domain", "ana@other.example", "correct horse"),
    ("no name", "", "correct horse"),
    ("subaddress", "ana+x@correo.example", "correct horse"),
    ("control characters", "ana\0@correo.example", "correct horse\r\n"),
    ("endless", "a" * 100_000, "b" * 100_000),
]


@pytest.mark.parametrize(("name", "password"), [pytest.param(*c[1:], id=c[0]) for c in WRONG])
def test_anything_else_fails_in_the_same_words(peopled: Office, name: str, password: str) -> None:
    with pytest.raises(AuthenticationFailed, match=r"^5\.7\.8 authentication credentials invalid$"):
        login(peopled, name, password)


def test_a_password_with_other_letters_is_compared_as_people_read_it(peopled: Office) -> None:
    asyncio.run(peopled.administration.set_password("ana@correo.example", "contrase\u00f1a \u2168"))
    login(peopled, "ana", "contrasen\u0303a IX")  # NFKC, RFC 4013 2.2


def test_a_disabled_account_is_not_let_in_even_if_it_just_was(peopled: Office) -> None:
    login(peopled, "ana", "correct horse")
    asyncio.run(peopled.administration.set_enabled("ana@correo.example", enabled=False))
    with pytest.raises(AuthenticationFailed):
        login(peopled, "ana", "correct horse")


def count_hashing(office: Office, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    checked: list[str] = []
    real = office.passwords.matches

    async def matches(password_hash: str, password: str) -> bool:
        checked.append(password)
        return await real(password_hash, password)

    monkeypatch.setattr(office.passwords, "matches", matches)
    return checked


def test_a_login_that_was_good_a_moment_ago_is_not_hashed_again(
    peopled: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = count_hashing(peopled, monkeypatch)
    for _ in range(3):
        login(peopled, "ana", "correct horse")
    assert len(checked) == 1
    peopled.clock.time += 301
    login(peopled, "ana", "correct horse")
    assert len(checked) == 2


def test_nobody_is_found_out_by_less_work(peopled: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = count_hashing(peopled, monkeypatch)
    for name in ("ana", "nobody", "nobody@other.example"):
        with pytest.raises(AuthenticationFailed):
            login(peopled, name, "wrong")
    assert len(checked) == 3


def test_a_changed_password_counts_at_once(peopled: Office) -> None:
    login(peopled, "ana", "correct horse")
    asyncio.run(peopled.administration.set_password("ana@correo.example", "new"))
    with pytest.raises(AuthenticationFailed):
        login(peopled, "ana", "correct horse")
    login(peopled, "ana", "new")


def test_an_account_made_anew_does_not_know_the_old_ones_password(peopled: Office) -> None:
    login(peopled, "ana", "correct horse")

    async def remake() -> None:
        await peopled.administration.remove_account("ana@correo.example")
        await peopled.administration.add_account("ana@correo.example", "other")

    asyncio.run(remake())
    with pytest.raises(AuthenticationFailed):
        login(peopled, "ana", "correct horse")


# slowing down


def fail(office: Office, name: str, times: int, peer: str = PEER) -> None:
    for _ in range(times):
        with pytest.raises(CorreoError):
            login(office, name, "wrong", peer)


def test_failures_are_answered_later_and_later(peopled: Office) -> None:
    fail(peopled, "ana", 8)
    assert peopled.clock.slept == sorted(peopled.clock.slept)
    assert peopled.clock.slept[0] == pytest.approx(0.5, rel=0.1)
    assert max(peopled.clock.slept) <= 8.0
    assert len(peopled.clock.slept) == 5  # the first three cost nothing


def test_an_address_that_fails_at_many_accounts_is_turned_away(peopled: Office) -> None:
    peopled.clock.stands_still = True  # as if all came at once
    for number in range(40):
        fail(peopled, f"user{number}", 1)
    with pytest.raises(Refusal, match=r"^4\.7\.0"):
        login(peopled, "ana", "correct horse")
    login(peopled, "ana", "correct horse", "192.0.2.8")


def test_ipv6_addresses_of_one_site_count_together(peopled: Office) -> None:
    fail(peopled, "a", 3, "2001:db8:1:2::1")
    fail(peopled, "b", 1, "2001:db8:1:2:ffff::9")
    assert len(peopled.clock.slept) == 1
    fail(peopled, "c", 1, "2001:db8:1:3::1")
    assert len(peopled.clock.slept) == 1


def test_an_account_under_attack_still_lets_its_owner_in(peopled: Office) -> None:
    login(peopled, "ana", "correct horse", "198.51.100.1")
    peopled.clock.time += 400  # no longer remembered
    peopled.clock.stands_still = True
    for number in range(100):
        fail(peopled, "ana", 1, f"203.0.113.{number}")
    with pytest.raises(Refusal, match=r"^4\.7\.0"):
        login(peopled, "ana", "correct horse", "203.0.113.250")
    login(peopled, "ana", "correct horse", "198.51.100.1")


def test_failures_fade(peopled: Office) -> None:
    fail(peopled, "ana", 6)
    slept = len(peopled.clock.slept)
    peopled.clock.time += 3600
    fail(peopled, "ana", 1)
    assert len(peopled.clock.slept) == slept


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "unix", ""])
def test_this_machine_is_slowed_by_account_only(peopled: Office, peer: str) -> None:
    for number in range(60):
        fail(peopled, f"user{number}", 1, peer)
    assert peopled.clock.slept == []
    fail(peopled, "ana", 4, peer)
    assert len(peopled.clock.slept) == 1


# SASL


def exchange(
    office: Office, mechanism: str, name: str, password: str, *, authzid: str = ""
) -> LoggedIn:
    async def talk() -> LoggedIn:
        ours = server_mechanism(mechanism)
        assert ours is not None
        theirs = client_mechanism(
            mechanism, username=name, password=password, authzid=authzid, nonce="clientnonce"
        )
        session = SaslLogin(office.authenticator, ours, PEER)
        answer = await session.step(theirs.start())
        while isinstance(answer, bytes):
            answer = await session.step(theirs.step(answer))
        if answer.final:
            theirs.step(answer.final)
        assert theirs.is_complete
        return answer

    return asyncio.run(talk())


MECHANISMS = ["PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256"]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_lets_the_right_password_in(peopled: Office, mechanism: str) -> None:
    done = exchange(peopled, mechanism, "ana@correo.example", "correct horse")
    assert done.account.address == "ana@correo.example"


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("name", ["ana@correo.example", "nobody@correo.example"])
def test_no_mechanism_lets_another_password_in(peopled: Office, mechanism: str, name: str) -> None:
    with pytest.raises(AuthenticationFailed):
        exchange(peopled, mechanism, name, "battery staple")


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_an_account_acts_only_as_itself(peopled: Office, mechanism: str) -> None:
    ana, bob = "ana@correo.example", "bob@correo.example"
    exchange(peopled, mechanism, ana, "correct horse", authzid="ANA@correo.example")
    with pytest.raises(Refusal, match=r"^5\.7\.8"):
        exchange(peopled, mechanism, ana, "correct horse", authzid=bob)


def test_an_unknown_users_scram_salt_stays_the_same_and_differs_from_others(
    peopled: Office,
) -> None:
    async def salts() -> list[bytes]:
        names = ["no@correo.example", "NO@correo.example", "other@correo.example"]
        begun = [await peopled.authenticator.begin_scram(n, "sha256", PEER) for n in names]
        return [each.keys.salt for each in begun]

    first, again, other = asyncio.run(salts())
    assert first == again != other
    assert len(first) == 16


@pytest.mark.parametrize("name", ["ana@correo.example", "nobody@correo.example"])
def test_the_two_scram_mechanisms_have_salts_of_their_own(peopled: Office, name: str) -> None:
    async def salts() -> list[bytes]:
        hashes = ["sha1", "sha256"]
        begun = [await peopled.authenticator.begin_scram(name, each, PEER) for each in hashes]
        return [each.keys.salt for each in begun]

    one, other = asyncio.run(salts())
    assert one != other


def test_an_account_that_came_with_a_hash_has_scram_after_its_first_login(
    peopled: Office,
) -> None:
    async def copy_hash() -> str:
        found = await peopled.store.credentials(await key_of_bob(peopled))
        assert found is not None
        await peopled.administration.remove_account("bob@correo.example")
        await peopled.administration.add_account("bob@correo.example", found[1].password_hash)
        return found[1].password_hash

    asyncio.run(copy_hash())
    with pytest.raises(AuthenticationFailed):
        exchange(peopled, "SCRAM-SHA-256", "bob", "battery staple")
    login(peopled, "bob", "battery staple")
    exchange(peopled, "SCRAM-SHA-256", "bob", "battery staple")


async def key_of_bob(office: Office) -> AddressKey:
    key = await office.directory.login_key("bob")
    assert key is not None
    return key


# APOP

TIMESTAMP = "<1896.697170952@dbc.mtview.ca.us>"


def apop(office: Office, name: str, secret: str) -> Account:
    digest = hashlib.md5(f"{TIMESTAMP}{secret}".encode()).hexdigest()
    return asyncio.run(office.authenticator.check_apop(name, TIMESTAMP, digest, PEER))


def test_apop_works_only_for_accounts_that_have_opted_in(peopled: Office) -> None:
    with pytest.raises(AuthenticationFailed):
        apop(peopled, "ana@correo.example", "tanstaaf")
    with pytest.raises(AuthenticationFailed):
        apop(peopled, "ana@correo.example", "")
    asyncio.run(peopled.administration.set_apop("ana@correo.example", "tanstaaf"))
    assert apop(peopled, "ana@correo.example", "tanstaaf").apop
    with pytest.raises(AuthenticationFailed):
        apop(peopled, "ana@correo.example", "tanstaaff")
    asyncio.run(peopled.administration.set_apop("ana@correo.example", None))
    with pytest.raises(AuthenticationFailed):
        apop(peopled, "ana@correo.example", "tanstaaf")


def test_an_apop_secret_outlives_a_new_password_and_is_not_kept_in_clear(peopled: Office) -> None:
    asyncio.run(peopled.administration.set_apop("ana@correo.example", "tanstaaf"))
    asyncio.run(peopled.administration.set_password("ana@correo.example", "other"))
    apop(peopled, "ana@correo.example", "tanstaaf")
    assert "tanstaaf" not in repr(peopled.store.__dict__)
