"""Mailbox names, strings and sets: each written and read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.wire.imap.arguments import BadCommand, parse_set
from correo.wire.imap.names import decode_name, decode_utf7, encode_name, encode_utf7
from correo.wire.imap.sequence import SequenceSet, compress, format_set
from correo.wire.imap.strings import astring, mailbox, nstring, string

NAMES = [
    ("plain", "Archive/2024", b"Archive/2024"),
    ("ampersand", "R&D", b"R&-D"),
    ("umlaut", "Entwürfe", b"Entw&APw-rfe"),
    ("RFC 3501 5.1.3", "~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
    ("beyond the BMP", "📬", b"&2D3c7A-"),
    ("control", "a\tb", b"a&AAk-b"),
    ("only ampersands", "&&", b"&-&-"),
]


@pytest.mark.parametrize(("name", "octets"), [pytest.param(n, o, id=i) for i, n, o in NAMES])
def test_names_in_modified_utf7_go_both_ways(name: str, octets: bytes) -> None:
    assert encode_utf7(name) == octets
    assert decode_utf7(octets) == name


@given(name=st.text(st.characters(exclude_categories=["Cs"])), utf8=st.booleans())
def test_any_name_comes_back(name: str, utf8: bool) -> None:
    expected = "INBOX" if name.upper() == "INBOX" and len(name) == 5 else name
    assert decode_name(encode_name(name, utf8=utf8), utf8=utf8) == expected


@pytest.mark.parametrize("octets", [b"&", b"a&b", b"&AG", b"&A-", b"&2D0-", b"&3ADYPQ-", b"&A$-"])
def test_what_is_no_modified_utf7_is_an_error(octets: bytes) -> None:
    with pytest.raises(ValueError):
        decode_name(octets, utf8=False)


@given(octets=st.binary(max_size=30), utf8=st.booleans())
def test_any_octets_are_a_name_or_a_value_error(octets: bytes, utf8: bool) -> None:
    try:
        name = decode_name(octets, utf8=utf8)
    except ValueError:
        return
    name.encode("utf-8")


@pytest.mark.parametrize("octets", [b"inbox", b"INBOX", b"InBox"])
def test_every_spelling_of_inbox_is_inbox(octets: bytes) -> None:
    assert decode_name(octets, utf8=False) == "INBOX"


STRINGS = [
    (b"", b'""', b'""'),
    (b"atom", b"atom", b'"atom"'),
    (b"a b", b'"a b"', b'"a b"'),
    (b'a"\\', b'"a\\"\\\\"', b'"a\\"\\\\"'),
    (b"nil", b'"nil"', b'"nil"'),
    (b"[x]", b"[x]", b'"[x]"'),
    (b"%*", b'"%*"', b'"%*"'),
    (b"a\r\nb", b"{4}\r\na\r\nb", b"{4}\r\na\r\nb"),
    (b"\xc3\xb1", b"{2}\r\n\xc3\xb1", b"{2}\r\n\xc3\xb1"),
    (b"a\0", b"~{2}\r\na\0", b"~{2}\r\na\0"),
]


@pytest.mark.parametrize(("octets", "as_astring", "as_string"), STRINGS)
def test_strings_are_quoted_only_as_far_as_needed(
    octets: bytes, as_astring: bytes, as_string: bytes
) -> None:
    assert astring(octets) == as_astring
    assert string(octets) == as_string


def test_utf8_is_quoted_only_where_enabled_and_only_if_it_is_utf8() -> None:
    assert string("ñ".encode(), utf8=True) == '"ñ"'.encode()
    assert string(b"\xff", utf8=True) == b"{1}\r\n\xff"
    assert mailbox("Año", utf8=True) == '"Año"'.encode()
    assert mailbox("Año", utf8=False) == b"A&APE-o"
    assert nstring(None) == b"NIL"


SETS = [
    (b"1", ((1, 1),), [(1, 1)]),
    (b"2:4,3:6,9", ((2, 4), (3, 6), (9, 9)), [(2, 6), (9, 9)]),
    (b"4:2", ((4, 2),), [(2, 4)]),
    (b"*", ((0, 0),), [(10, 10)]),
    (b"8:*,1:2,3", ((8, 0), (1, 2), (3, 3)), [(1, 3), (8, 10)]),
    (b"12:*", ((12, 0),), [(10, 12)]),
    (b"*:9", ((0, 9),), [(9, 10)]),
]


@pytest.mark.parametrize(("octets", "ranges", "spans"), SETS)
def test_sets_are_read_and_joined(
    octets: bytes, ranges: tuple[tuple[int, int], ...], spans: list[tuple[int, int]]
) -> None:
    found = parse_set(octets)
    assert found == SequenceSet(ranges)
    assert found.spans(10) == spans
    assert parse_set(found.encode()) == found


def test_star_names_nothing_in_an_empty_mailbox() -> None:
    assert parse_set(b"1:*").spans(0) == []
    assert list(parse_set(b"1:4294967295").numbers(3)) == [1, 2, 3]


def test_the_saved_result_may_stand_among_others() -> None:
    assert parse_set(b"$") == SequenceSet((), saved=True)
    assert parse_set(b"1,$,3:4") == SequenceSet(((1, 1), (3, 4)), saved=True)


@pytest.mark.parametrize("octets", [b"0", b"01", b"", b"1:", b":1", b"1,,2", b"$$", b"1:$", b"a"])
def test_a_malformed_set_is_bad(octets: bytes) -> None:
    with pytest.raises(BadCommand):
        parse_set(octets or b",")


@given(numbers=st.sets(st.integers(1, 300)))
def test_any_numbers_come_back_from_a_set(numbers: set[int]) -> None:
    octets = format_set(sorted(numbers))
    found = list(parse_set(octets).numbers(300)) if octets else []
    assert found == sorted(numbers)
    assert len(compress(sorted(numbers))) == (octets.count(b",") + 1 if octets else 0)
