"""Addresses: read from any field, written so that they come back."""

from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.message.address import (
    Address,
    format_addresses,
    join_address,
    parse_addresses,
    split_address,
)
from correo.message.address_list import read_flat


def mailbox(name: str, local: str, domain: str, group: str | None = None) -> Address:
    return Address(name, local, domain, group)


LISTS = [
    # id                   field value                              mailboxes
    ("bare", b"a@b", [mailbox("", "a", "b")]),
    ("angles", b"<a@b>", [mailbox("", "a", "b")]),
    ("a name", b"Ana Example <a@b>", [mailbox("Ana Example", "a", "b")]),
    ("a quoted name", b'"Example, Ana" <a@b>', [mailbox("Example, Ana", "a", "b")]),
    ("quotes in quotes", b'"a \\"b\\"" <a@b>', [mailbox('a "b"', "a", "b")]),
    ("words and quotes", b'J. R. "Bob" Dobbs <a@b>', [mailbox("J. R. Bob Dobbs", "a", "b")]),
    ("encoded", b"=?utf-8?q?=C3=84na?= <a@b>", [mailbox("Äna", "a", "b")]),
    ("encoded in quotes", b'"=?utf-8?q?=C3=84?=" <a@b>', [mailbox("Ä", "a", "b")]),
    ("raw UTF-8", "Äna <ä@ö.example>".encode(), [mailbox("Äna", "ä", "ö.example")]),
    ("several", b"a@b, C <c@d>,e@f", [mailbox("", "a", "b"), mailbox("C", "c", "d"), mailbox("", "e", "f")]),
    ("empty ones between", b", a@b,, ,c@d,", [mailbox("", "a", "b"), mailbox("", "c", "d")]),
    ("nothing", b"", []),
    ("only commas", b" ,, ", []),
    ("a comment as a name", b"a@b (Ana (really))", [mailbox("Ana (really)", "a", "b")]),
    ("comments anywhere", b"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
     [mailbox("Pete", "pete", "silly.test")]),
    ("a quoted local part", b'"a b"@c', [mailbox("", "a b", "c")]),
    ("a literal", b"a@[192.0.2.1]", [mailbox("", "a", "[192.0.2.1]")]),
    ("space around", b"a @ b , jdoe@test  . example", [mailbox("", "a", "b"), mailbox("", "jdoe", "test.example")]),
    ("a route", b"Mary <@x,@y:m@z>", [mailbox("Mary", "m", "z")]),
    ("a group", b"G H: a@b, C <c@d>;", [mailbox("", "a", "b", "G H"), mailbox("C", "c", "d", "G H")]),
    ("an empty group and one more", b"g:;, a@b", [mailbox("", "a", "b")]),
    ("an open group", b"g: a@b", [mailbox("", "a", "b", "g")]),
    ("no domain", b"root", [mailbox("", "root", "")]),
    ("no address", b"Ana Example", [mailbox("Ana Example", "", "")]),
    ("null", b"<>", []),
    ("a name of null", b"Mailer <>", [mailbox("Mailer", "", "")]),
    ("@ in a name", b"x@y <a@b>", [mailbox("x@y", "a", "b")]),
    ("a missing comma", b"a@b c@d", [mailbox("", "a", "b"), mailbox("", "c", "d")]),
    ("a missing comma between angles", b"A <a@b> C <c@d>", [mailbox("A", "a", "b"), mailbox("C", "c", "d")]),
    ("words before", b"Ana a@b", [mailbox("Ana", "a", "b")]),
    ("words after", b"<a@b> of course", [mailbox("", "a", "b")]),
    ("an open quote", b'"Ana <a@b>', [mailbox("Ana", "a", "b")]),
    ("an open angle", b"Ana <a@b", [mailbox("Ana", "a", "b")]),
    ("an open comment", b"A (na <a@b>, c@d", [mailbox("A na", "a", "b"), mailbox("", "c", "d")]),
    ("brackets", b"[list] Ana <a@b>", [mailbox("[list] Ana", "a", "b")]),
    ("dots at will", b".a..b@c.", [mailbox("", ".a..b", "c.")]),
    ("two ats", b"<a@b@c>", [mailbox("", "a@b", "c")]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "mailboxes"), [pytest.param(v, m, id=i) for i, v, m in LISTS])
def test_addresses_are_read(value: bytes, mailboxes: list[Address]) -> None:
    assert parse_addresses(value) == mailboxes


NAME = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=30
)
LOCAL = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
DOMAIN = st.from_regex(r"[a-z0-9]{1,9}(\.[a-z]{1,9}){0,3}", fullmatch=True)
ADDRESS = st.builds(Address, NAME | st.just(""), LOCAL, DOMAIN)


@given(st.lists(ADDRESS, max_size=5))
def test_addresses_come_back(addresses: list[Address]) -> None:
    written = format_addresses(addresses)
    assert parse_addresses(written.replace(b"\r\n", b"")) == addresses


def test_groups_come_back() -> None:
    addresses = [
        mailbox("", "a", "b"),
        mailbox("C", "c", "d", "g h"),
        mailbox("", "e", "f", "g h"),
        mailbox("", "x", "y"),
    ]
    assert format_addresses(addresses) == b"a@b,\r\n g h: C <c@d>,\r\n e@f;,\r\n x@y"
    assert parse_addresses(format_addresses(addresses).replace(b"\r\n", b"")) == addresses


SIMPLE = st.from_regex(r"[A-Za-z]{1,8}( [A-Za-z]{1,8}){0,2}", fullmatch=True)


@given(
    st.lists(
        st.tuples(SIMPLE, st.from_regex(r"[a-z]{1,9}@[a-z]{1,9}", fullmatch=True)),
        min_size=1,  # of nothing, Pythons differ
        max_size=4,
    )
)
def test_ordinary_addresses_are_read_as_python_does(pairs: list[tuple[str, str]]) -> None:
    value = ", ".join(f"{name} <{spec}>" for name, spec in pairs)
    assert [(a.display_name, a.addr_spec) for a in parse_addresses(value)] == getaddresses([value])


@given(st.binary(max_size=80) | st.text('ab@<>,;:"\\()[]. \t', max_size=80).map(str.encode))
def test_any_octets_are_addresses(octets: bytes) -> None:
    depth = 0
    for address in read_flat(octets):
        if address.domain is None:
            depth += 1 if address.local is not None else -1
        assert depth in (0, 1)
    assert depth == 0
    parse_addresses(octets)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_an_odd_address_does_not_spoil_those_before_it(before: bytes, odd: bytes) -> None:
    assert parse_addresses(b"a@b, " + odd)[:1] == [mailbox("", "a", "b")]


SPLIT = [
    ("plain", "a@b", ("a", "b")),
    ("a detail", "a+x@b", ("a+x", "b")),
    ("two ats", "a@b@c", ("a@b", "c")),
    ("quoted", '"a b"@c', ("a b", "c")),
    ("quoted quotes", '"a\\"b"@c', ('a"b', "c")),
    ("no domain", "a", ("a", "")),
    ("nothing", "", ("", "")),
]


@pytest.mark.parametrize(("address", "parts"), [pytest.param(a, p, id=i) for i, a, p in SPLIT])
def test_an_address_is_split(address: str, parts: tuple[str, str]) -> None:
    assert split_address(address) == parts


@given(LOCAL, DOMAIN)
def test_a_joined_address_is_split_again(local: str, domain: str) -> None:
    assert split_address(join_address(local, domain)) == (local, domain)
