"""Which mailbox names can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.base.errors import Refusal
from correo.mailbox import names

VALID = [
    ("plain", "Sent", "Sent"),
    ("inbox in capitals", "iNbOx", "INBOX"),
    ("below inbox", "inbox/lists", "INBOX/lists"),
    ("not inbox", "inboxes", "inboxes"),
    ("trailing delimiter", "a/b/", "a/b"),
    ("composed", "Cafe\u0301", "Caf\u00e9"),
    ("wildcards", "100%*", "100%*"),
    ("quotes", 'a"b\\c', 'a"b\\c'),
]
IMPOSSIBLE = [
    ("empty", ""),
    ("only delimiters", "//"),
    ("empty level", "a//b"),
    ("leading delimiter", "/a"),
    ("NUL", "a\0b"),
    ("line end", "a\r\nb"),
    ("C1 control", "a\x85b"),
    ("line separator", "a\u2028b"),
    ("surrogate", "a\ud800b"),
    ("other namespace", "#news"),
    ("too long", "x" * 1001),
    ("too long in UTF-8", "\u20ac" * 334),
    ("too deep", "/".join("x" * 51)),
]


@pytest.mark.parametrize(("name", "form"), [pytest.param(n, f, id=i) for i, n, f in VALID])
def test_a_possible_name_comes_to_its_form(name: str, form: str) -> None:
    assert names.valid(name) == form
    assert names.valid(form) == form


@pytest.mark.parametrize("name", [pytest.param(n, id=i) for i, n in IMPOSSIBLE])
def test_an_impossible_name_is_refused(name: str) -> None:
    with pytest.raises(Refusal):
        names.valid(name)


@given(st.text())
def test_any_text_is_refused_or_stays_valid(text: str) -> None:
    try:
        form = names.valid(text)
    except Refusal:
        return
    assert names.valid(form) == form == names.canonical(form)
