"""Texts of any script have an order, and some that look different are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.message.collation import collation_key

SAME = [
    ("case", "Hello", "hELLO"),
    ("an accent composed or not", "caf\u00e9", "CAFE\u0301"),
    ("Greek", "\u03b1\u03b2", "\u0391\u0392"),
    ("Cyrillic", "\u043f\u0438\u0441\u044c\u043c\u043e", "\u041f\u0418\u0421\u042c\u041c\u041e"),
    ("full width", "\uff21", "a"),
]


@pytest.mark.parametrize(("left", "right"), [pytest.param(a, b, id=i) for i, a, b in SAME])
def test_texts_that_count_as_the_same_have_one_key(left: str, right: str) -> None:
    assert collation_key(left) == collation_key(right)


def test_the_empty_text_comes_first_and_letters_in_the_order_of_their_code() -> None:
    texts = ["b", "", "\u00e9", "A", "e", "\u0436"]
    assert sorted(texts, key=collation_key) == ["", "A", "b", "e", "\u00e9", "\u0436"]


@given(st.text(max_size=40))
def test_a_key_is_the_same_in_any_case(text: str) -> None:
    """Every character's title case is of its own class (RFC 5051 2)."""
    titled = "".join(c.title() if len(c.title()) == 1 else c for c in text)
    assert collation_key(titled) == collation_key(text)
