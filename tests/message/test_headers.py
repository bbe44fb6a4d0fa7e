"""Header fields: found, unfolded, decoded, selected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.message import headers

HEADER = (
    b"From me Mon Nov 23\r\nReceived: one\r\n two\r\nSubject : a\r\n\tb \r\njunk\r\n more junk\r\n"
    b"RECEIVED:three\r\nX-Empty:\r\nTo: a@b\r\n\r\n"
)


def test_fields_come_in_order_with_their_ranges() -> None:
    found = headers.fields(HEADER)
    assert [field.name for field in found] == [
        b"Received",
        b"Subject",
        b"RECEIVED",
        b"X-Empty",
        b"To",
    ]
    assert [HEADER[field.start : field.end] for field in found[:2]] == [
        b"Received: one\r\n two\r\n",
        b"Subject : a\r\n\tb \r\n",
    ]


def test_a_field_is_found_in_any_case() -> None:
    assert headers.first(HEADER, b"rEceived") == b"one two"
    assert headers.every(HEADER, b"received") == [b"one two", b"three"]
    assert headers.first(HEADER, b"x-empty") == b""
    assert headers.first(HEADER, b"cc") is None


def test_the_first_field_does_not_hide_in_another() -> None:
    assert (
        headers.first(b"X: Subject: no\r\n Subject: no\r\nSubject: yes\r\n", b"Subject") == b"yes"
    )


SELECTIONS = [
    # id                names                      exclude  selected
    ("one", [b"to"], False, b"To: a@b\r\n\r\n"),
    ("folded and twice", [b"RECEIVED"], False, b"Received: one\r\n two\r\nRECEIVED:three\r\n\r\n"),
    ("none", [], False, b"\r\n"),
    ("an absent one", [b"cc"], False, b"\r\n"),
    ("all but some", [b"received", b"to", b"x-empty"], True,
     b"From me Mon Nov 23\r\nSubject : a\r\n\tb \r\njunk\r\n more junk\r\n\r\n"),
    ("all but none", [], True, HEADER),
    ("a name with signs", [b"t.", b"[x"], False, b"\r\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "exclude", "selected"), [pytest.param(*row, id=i) for i, *row in SELECTIONS]
)
def test_fields_are_selected_as_they_stand(
    names: list[bytes], selected: bytes, *, exclude: bool
) -> None:
    assert headers.select(HEADER, names, exclude=exclude) == selected


def test_a_header_without_an_empty_line_is_selected_without_one() -> None:
    assert headers.select(b"To: a\r\nCc: b", [b"cc"]) == b"Cc: b"
    assert headers.select(b"To: a\r\nCc: b", [b"cc"], exclude=True) == b"To: a\r\n"
    assert headers.select(b"To: a\r\nCc: b", [b"to"]) == b"To: a\r\n"


def test_line_feeds_alone_end_lines_too() -> None:
    assert headers.select(b"To: a\n b\nCc: c\n\n", [b"to"]) == b"To: a\n b\n\n"
    assert headers.first(b"To: a\n b\nCc: c\n\n", b"to") == b"a b"


UNFOLDED = [
    ("a fold", b" a\r\n b\r\n", b"a b"),
    ("a tab and more", b"a\r\n \t b", b"a b"),
    ("a line of white space", b"a\r\n \r\n b", b"a b"),
    ("a bare CR stays", b"a\rb", b"a\rb"),
    ("a fold first", b"\r\n a", b"a"),
]


@pytest.mark.parametrize(("value", "unfolded"), [pytest.param(v, u, id=i) for i, v, u in UNFOLDED])
def test_a_value_is_unfolded(value: bytes, unfolded: bytes) -> None:
    assert headers.unfold(value) == unfolded


def test_a_value_is_shown_as_text() -> None:
    assert headers.text(b" =?utf-8?q?=C3=A4?=\r\n =?utf-8?q?=C3=B6?= \xc3\xbc") == "äö ü"


@given(st.binary(max_size=200))
def test_any_octets_are_a_header(octets: bytes) -> None:
    for field in headers.fields(octets):
        assert 0 <= field.start < field.end <= len(octets)
        assert octets[field.start : field.end].startswith(field.name)
    kept = headers.select(octets, [b"a", b"to"])
    left = headers.select(octets, [b"a", b"to"], exclude=True)
    assert len(kept) + len(left) >= len(octets)


@given(
    st.lists(st.sampled_from([b"A: 1\r\n", b"a : 2\n", b"To: x\r\n y\r\n", b"junk\n", b"B:\n"])),
    st.sampled_from([b"", b"A: 3", b"B: 3", b"\r\n"]),
)
def test_selected_and_other_fields_are_together_all_fields(lines: list[bytes], last: bytes) -> None:
    header = b"".join(lines) + last
    kept = headers.select(header, [b"a", b"to"])
    left = headers.select(header, [b"a", b"to"], exclude=True)
    empty = b"\r\n" if last == b"\r\n" else b""
    assert sorted(
        kept.removesuffix(empty).split(b"\n") + left.removesuffix(empty).split(b"\n")
    ) == sorted([*header.removesuffix(empty).split(b"\n"), b""])
