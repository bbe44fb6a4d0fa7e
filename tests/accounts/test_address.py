"""Two spellings of one mailbox have one key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.accounts.address import (
    key_of,
    normal_domain,
    printable,
    split_address,
    without_subaddress,
)
from correo.base.errors import Refusal
from correo.store.directory import Domain, LocalPartCase

EXAMPLE = Domain("correo.example")
EXACT = Domain("correo.example", LocalPartCase.EXACT)

SPLIT = [
    # id                    address                   local part   domain
    ("plain", "ana@correo.example", "ana", "correo.example"),
    ("no domain", "postmaster", "postmaster", ""),
    ("quoted", '"ana"@correo.example', "ana", "correo.example"),
    ("quoted pair", '"a\\"b"@x.example', 'a"b', "x.example"),
    ("quoted at sign", '"a@b"@x.example', "a@b", "x.example"),
    ("empty", "", "", ""),
    ("one quote", '"@x.example', '"', "x.example"),
]


@pytest.mark.parametrize(
    ("address", "local", "domain"), [pytest.param(*c[1:], id=c[0]) for c in SPLIT]
)
def test_an_address_splits_at_its_last_at_sign_and_loses_its_quotes(
    address: str, local: str, domain: str
) -> None:
    assert split_address(address) == (local, domain)


DOMAINS = [
    ("lower case", "Correo.EXAMPLE", "correo.example"),
    ("final dot", "correo.example.", "correo.example"),
    ("A-labels", "español.example", "xn--espaol-zwa.example"),
    ("full-width", "ＣＯＲＲＥＯ.example", "correo.example"),
    ("literal", "[127.0.0.1]", "[127.0.0.1]"),
    ("IPv6 literal", "[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]"),
    ("one label", "localhost", "localhost"),
]


@pytest.mark.parametrize(("given_name", "normal"), [pytest.param(*c[1:], id=c[0]) for c in DOMAINS])
def test_a_domain_has_one_normal_form(given_name: str, normal: str) -> None:
    assert normal_domain(given_name) == normal


NO_DOMAINS = [
    "",
    ".",
    "a..b",
    "-x.example",
    "x_ y.example",
    "a" * 64 + ".example",
    "x." * 200,
    "é.\0",
]


@pytest.mark.parametrize("name", NO_DOMAINS)
def test_what_cannot_be_a_domain_is_refused(name: str) -> None:
    with pytest.raises(Refusal) as refusal:
        normal_domain(name)
    assert refusal.value.status == "5.1.2"


KEYS = [
    ("case", EXAMPLE, "Ana", "ana@correo.example"),
    ("case matters", EXACT, "Ana", "Ana@correo.example"),
    ("composed", EXAMPLE, "jose\u0301", "jos\u00e9@correo.example"),
    ("composed, exact", EXACT, "Jose\u0301", "Jos\u00e9@correo.example"),
    ("folded", EXAMPLE, "STRASSE\u00df", "strassess@correo.example"),
]


@pytest.mark.parametrize(("domain", "local", "key"), [pytest.param(*c[1:], id=c[0]) for c in KEYS])
def test_the_key_follows_the_domains_case_rule_and_unicode(
    domain: Domain, local: str, key: str
) -> None:
    assert key_of(local, domain) == key


SUBADDRESSES = [
    ("detail", "+", "ana+lists", ("ana", "lists")),
    ("more than one", "+", "ana+a+b", ("ana", "a+b")),
    ("none", "+", "ana", ("ana", "")),
    ("nobody before it", "+", "+lists", ("+lists", "")),
    ("other separator", "-", "ana-lists+x", ("ana", "lists+x")),
    ("switched off", "", "ana+lists", ("ana+lists", "")),
]


@pytest.mark.parametrize(
    ("separator", "local", "parts"), [pytest.param(*c[1:], id=c[0]) for c in SUBADDRESSES]
)
def test_the_subaddress_follows_the_domains_separator(
    separator: str, local: str, parts: tuple[str, str]
) -> None:
    assert without_subaddress(local, Domain("x.example", separator=separator)) == parts


@given(st.text())
def test_any_text_splits_and_any_domain_is_normal_or_refused(text: str) -> None:
    local, domain = split_address(text)
    key_of(local, EXAMPLE)
    assert printable(text).isprintable()
    try:
        normal = normal_domain(domain)
    except Refusal:
        return
    assert normal_domain(normal) == normal
